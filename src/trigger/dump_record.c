#include "trigger/dump_record.h"

#include <jansson.h>
#include <string.h>

#include "base/str.h"

static void decrefp(json_t **j)
{
	json_decref(*j);
}

void dump_record_deinit(struct dump_record *r)
{
	free(steal(r->machine_id));
	free(steal(r->boot_id));
	free(steal(r->dmi_uuid));
	free(steal(r->outcome));
	free(steal(r->reason));
	for (size_t i = 0; i < r->num_files; i++)
		free(r->files[i].name);
	r->num_files = 0;
}

/* What is null, or not there, is NULL. */
static must_check struct err *copy_text(const json_t *object, const char *key, char **ret)
{
	const json_t *value = json_object_get(object, key);

	if (!value || json_is_null(value))
		return NULL;
	if (!json_is_string(value))
		return err_new(ERR_BAD_DATA, "\"%s\" is no string", key);
	*ret = strdup(json_string_value(value));
	return *ret ? NULL : err_nomem();
}

static bool is_plain_name(const char *name)
{
	return name && name[0] && name[0] != '.' && !strchr(name, '/') &&
	       strlen(name) <= 255;
}

static must_check struct err *parse_files(const json_t *files, struct dump_record *r)
{
	if (!json_is_array(files) || json_array_size(files) > DUMP_RECORD_FILES_MAX)
		return err_new(ERR_BAD_DATA, "\"files\" is no array of at most %u files",
			       DUMP_RECORD_FILES_MAX);
	for (size_t i = 0; i < json_array_size(files); i++) {
		const json_t *file = json_array_get(files, i);
		const char *name = json_string_value(json_object_get(file, "name"));
		const json_t *bytes = json_object_get(file, "bytes");

		if (!is_plain_name(name) || !json_is_integer(bytes) ||
		    json_integer_value(bytes) < 0)
			return err_new(ERR_BAD_DATA,
				       "\"files\"[%zu] has no plain name or no bytes", i);
		r->files[i].name = strdup(name);
		if (!r->files[i].name)
			return err_nomem();
		r->files[i].bytes = (u64)json_integer_value(bytes);
		r->files[i].is_complete = json_is_true(json_object_get(file, "complete"));
		r->num_files++;
	}
	return NULL;
}

must_check struct err *dump_record_parse(const char *text, size_t len,
					 struct dump_record *ret)
{
	cleanup(decrefp) json_t *root = NULL;
	const json_t *crashed;
	const char *schema;
	struct err *err;

	*ret = (struct dump_record){0};
	if (len > DUMP_RECORD_BYTES_MAX)
		return err_new(ERR_BAD_DATA, "longer than %u bytes", DUMP_RECORD_BYTES_MAX);
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	schema = json_string_value(json_object_get(root, "schema"));
	if (!schema || !str_eq(schema, "inquest.capture"))
		return err_new(ERR_BAD_DATA, "no record of a capture");
	if (json_integer_value(json_object_get(root, "version")) != 1)
		return err_new(ERR_UNSUPPORTED, "a record of a version that is not known");
	crashed = json_object_get(root, "crashed");
	err = copy_text(crashed, "machine_id", &ret->machine_id);
	if (!err)
		err = copy_text(crashed, "boot_id", &ret->boot_id);
	if (!err)
		err = copy_text(crashed, "product_uuid", &ret->dmi_uuid);
	if (!err)
		err = copy_text(root, "outcome", &ret->outcome);
	if (!err)
		err = copy_text(root, "reason", &ret->reason);
	if (!err && !ret->outcome)
		err = err_new(ERR_BAD_DATA, "without an outcome");
	return err ? err : parse_files(json_object_get(root, "files"), ret);
}
