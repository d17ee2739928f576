#include "format/qmp.h"

#include "base/str.h"

#include <string.h>

static const char *string_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static struct err *parse_greeting(const json_t *greeting, struct qmp_message *m)
{
	const json_t *version =
		json_object_get(json_object_get(greeting, "version"), "qemu");
	const json_t *major = json_object_get(version, "major");
	const json_t *minor = json_object_get(version, "minor");

	if (!json_is_integer(major) || !json_is_integer(minor))
		return err_new(ERR_BAD_DATA, "QMP greeting without a version");
	m->kind = QMP_GREETING;
	m->data = greeting;
	m->major = (u32)json_integer_value(major);
	m->minor = (u32)json_integer_value(minor);
	return NULL;
}

static struct err *parse_error(const json_t *error, struct qmp_message *m)
{
	m->kind = QMP_ERROR;
	m->name = string_of(error, "class");
	m->text = string_of(error, "desc");
	if (!m->name || !m->text)
		return err_new(ERR_BAD_DATA, "QMP error without class and desc");
	return NULL;
}

static struct err *classify(struct qmp_message *m)
{
	const json_t *value;

	if ((value = json_object_get(m->root, "QMP")))
		return parse_greeting(value, m);
	if ((value = json_object_get(m->root, "error")))
		return parse_error(value, m);
	if ((value = json_object_get(m->root, "return"))) {
		m->kind = QMP_RETURN;
		m->data = value;
		return NULL;
	}
	m->name = string_of(m->root, "event");
	if (m->name) {
		m->kind = QMP_EVENT;
		m->data = json_object_get(m->root, "data");
		return NULL;
	}
	return err_new(
		ERR_BAD_DATA,
		"QMP message is neither a greeting, a return, an error nor an event");
}

struct err *qmp_message_parse(const char *line, size_t len, struct qmp_message *ret)
{
	struct qmp_message m = {0};
	const json_t *id;
	json_error_t why;
	struct err *err;

	if (len > QMP_LINE_MAX)
		return err_new(ERR_BAD_DATA, "QMP line of %zu bytes is longer than %u", len,
			       QMP_LINE_MAX);
	m.root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &why);
	if (!m.root) {
		struct buf text = BUF_INIT;

		str_escape(&text, why.text, strlen(why.text), false);
		err = err_new(ERR_BAD_DATA, "QMP line is not JSON at byte %d: %s",
			      why.position, buf_text(&text));
		buf_deinit(&text);
		return err;
	}
	/* json_object_get() of anything but an object gives NULL, which classify() refuses.
	 */
	err = classify(&m);
	if (err) {
		qmp_message_deinit(&m);
		return err;
	}
	id = json_object_get(m.root, "id");
	if (json_is_integer(id) && json_integer_value(id) > 0)
		m.id = (u64)json_integer_value(id);
	*ret = m;
	return NULL;
}

void qmp_message_deinit(struct qmp_message *m)
{
	json_decref(m->root);
	m->root = NULL;
}

void qmp_command_format(struct buf *b, const char *execute, const json_t *arguments, u64 id)
{
	json_t *command = json_pack("{s:s, s:I}", "execute", execute, "id", (json_int_t)id);
	char *text = NULL;

	if (command && arguments)
		json_object_set(command, "arguments", (json_t *)arguments);
	if (command)
		text = json_dumps(command, JSON_COMPACT);
	json_decref(command);
	if (!text) {
		b->failed = true;
		return;
	}
	buf_add_str(b, text);
	buf_add_char(b, '\n');
	free(text);
}
