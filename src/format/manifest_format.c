#include "format/manifest_fields_priv.h"

#include <jansson.h>

static json_t *field_to_json(const struct manifest_field *f, const void *row)
{
	const void *member = (const char *)row + f->offset;

	switch (f->type) {
	case FIELD_STRING:
		return json_string(*(const char *const *)member);
	case FIELD_COUNT:
		return json_integer((json_int_t) * (const u64 *)member);
	case FIELD_FLAG:
		return json_boolean(*(const bool *)member);
	}
	return NULL;
}

/* NULL if a string is not UTF-8, or without memory. */
static json_t *array_to_json(const struct manifest_array *a, const struct manifest *m)
{
	json_t *json = json_array();
	int failed = !json;

	for (size_t i = 0; !failed && i < manifest_array_count(a, m); i++) {
		const char *row = (const char *)manifest_array_rows(a, m) + i * a->row_size;
		json_t *object = json_object();

		for (size_t k = 0; !failed && k < a->num_fields; k++)
			failed = json_object_set_new(object, a->fields[k].key,
						     field_to_json(&a->fields[k], row)) < 0;
		failed |= json_array_append_new(json, object) < 0;
	}
	if (!failed)
		return json;
	json_decref(json);
	return NULL;
}

static json_t *crashed_to_json(const struct manifest *m)
{
	const struct manifest_crashed *c = &m->crashed;

	return json_pack("{ss ss ss so}", "kernel", c->kernel, "initrd", c->initrd,
			 "command_line", c->command_line, "sysctls",
			 array_to_json(&manifest_sysctl_array, m));
}

static json_t *scalars_to_json(const struct manifest *m)
{
	return json_pack(
		"{ss sI ss ss ss ss ss sI sb sb s{ss ss} s{sI ss sI} s{sI sI sI sI sI sI}}",
		"schema", "inquest.manifest", "version", (json_int_t)MANIFEST_VERSION,
		"time_zone", m->time_zone, "host_name", m->host_name, "naming", m->naming,
		"final", m->final, "failure_action", m->failure_action, "keep_dumps",
		(json_int_t)m->keep_dumps, "watchdog", (int)m->watchdog, "save_dmesg",
		(int)m->save_dmesg, "collector", "kind", m->collector.kind, "words",
		m->collector.words, "dump", "level", (json_int_t)m->dump.level,
		"compression", m->dump.compression, "compression_level",
		(json_int_t)m->dump.compression_level, "deadlines", "device_ms",
		(json_int_t)m->deadlines.device_ms, "stall_ms",
		(json_int_t)m->deadlines.stall_ms, "overall_ms",
		(json_int_t)m->deadlines.overall_ms, "end_ms",
		(json_int_t)m->deadlines.end_ms, "network_ms",
		(json_int_t)m->deadlines.network_ms, "hook_ms",
		(json_int_t)m->deadlines.hook_ms);
}

struct err *manifest_format(const struct manifest *m, struct buf *b)
{
	json_t *root = scalars_to_json(m);
	cleanup(freep) char *text = NULL;
	int failed = !root;

	for (size_t i = 0; !failed && i < MANIFEST_NUM_ARRAYS; i++)
		failed = json_object_set_new(root, manifest_arrays[i].key,
					     array_to_json(&manifest_arrays[i], m)) < 0;
	if (!failed && m->crashed.kernel)
		failed = json_object_set_new(root, "crashed", crashed_to_json(m)) < 0;
	text = failed ? NULL : json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	if (!text)
		return err_new(
			ERR_USAGE,
			"the manifest cannot be written as JSON: one of its strings is not UTF-8");
	buf_add_str(b, text);
	buf_add_char(b, '\n');
	return buf_check(b);
}
