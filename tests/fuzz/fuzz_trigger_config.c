/* The files of a configuration, with a NUL behind each: inquestd.json, a policy, one of
 * principals, one of instances. */
#include "fuzz.h"

#include "trigger/config_priv.h"

#define FILES 4

/* The next file of *@data, as if it had been read from @name. False where it is no JSON. */
static int take(const uint8_t **data, size_t *size, const char *name,
		struct config_file *ret)
{
	const uint8_t *end = *size ? memchr(*data, 0, *size) : NULL;
	size_t len = end ? (size_t)(end - *data) : *size;
	struct err *err;

	*ret = (struct config_file){
		.name = strdup(name), .text = calloc(1, len + 1), .is_private = true};
	if (!ret->name || !ret->text)
		abort();
	if (len)
		memcpy(ret->text, *data, len);
	*data += len + (end != NULL);
	*size -= len + (end != NULL);
	ret->document = (struct json_document){ret->name, ret->text, len};
	err = json_document_parse(&ret->document, &ret->root);
	if (!err)
		return 1;
	err_free(err);
	return 0;
}

/* Look at all of it. */
static void touch(const struct config *c)
{
	for (size_t i = 0; i < c->num_instances; i++) {
		if (config_find_instance(c, c->instances[i].id) != &c->instances[i])
			abort();
		fuzz_touch(c->instances[i].arn, strlen(c->instances[i].arn));
		fuzz_touch(c->instances[i].backend.uri,
			   strlen(c->instances[i].backend.uri));
	}
	for (size_t i = 0; i < c->num_warnings; i++)
		fuzz_touch(c->warnings[i], strlen(c->warnings[i]));
}

static void make(const struct config_file files[FILES])
{
	struct config_file one = files[1], two = files[2], three = files[3];
	const struct config_sources from = {
		.server = files[0],
		.policies = {&one, one.root != NULL},
		.principals = {&two, two.root != NULL},
		.instances = {&three, three.root != NULL},
	};
	const struct config *c = NULL;
	struct err *err = config_make(&from, &c);

	if (err) {
		fuzz_touch(err_message(err), strlen(err_message(err)));
		err_free(err);
		return;
	}
	touch(c);
	config_unref(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[FILES] = {
		"d/inquestd.json", "d/policies/oncall.json", "d/principals/a.json",
		"d/instances/a.json"};
	struct config_file files[FILES];
	int is_whole = 1;

	for (size_t i = 0; i < FILES; i++)
		is_whole &= take(&data, &size, names[i], &files[i]) | (i > 0);
	if (is_whole)
		make(files);
	for (size_t i = 0; i < FILES; i++)
		config_file_deinit(&files[i]);
	return 0;
}
