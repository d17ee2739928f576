/* What was loaded last: ARM_STATE_DIR/armed.json. */
#include "arm/arm_priv.h"

#include "arm/root.h"
#include "base/io.h"
#include "base/new_file.h"
#include "base/str.h"
#include "kexec/identity.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#define RECORD_PATH	 ARM_STATE_DIR "/armed.json"
#define RECORD_SCHEMA	 "inquest.armed"
#define RECORD_BYTES_MAX 65536

static const char *text_of(const json_t *tree, const char *key)
{
	const char *text = json_string_value(json_object_get(tree, key));

	return text ? text : "";
}

static u64 number_of(const json_t *tree, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(tree, key));

	return number > 0 ? (u64)number : 0;
}

static void fill(struct arm_record *r, json_t *tree)
{
	*r = (struct arm_record){
		.kernel = text_of(tree, "kernel"),
		.initrd = text_of(tree, "initrd"),
		.command_line = text_of(tree, "command_line"),
		.release = text_of(tree, "release"),
		.target = text_of(tree, "target"),
		.boot_id = text_of(tree, "boot_id"),
		.outdated = text_of(tree, "outdated"),
		.when = number_of(tree, "when"),
		.image_bytes = number_of(tree, "image_bytes"),
		.unpacked_bytes = number_of(tree, "unpacked_bytes"),
		.needed_bytes = number_of(tree, "needed_bytes"),
		.json = tree,
	};
}

struct err *arm_record_read(const char *root, struct arm_record *ret)
{
	cleanup(freep) char *text = root_read_or_null(root, RECORD_PATH, RECORD_BYTES_MAX);
	json_t *tree = text ? json_loads(text, 0, NULL) : NULL;

	if (!str_eq(text_of(tree, "schema"), RECORD_SCHEMA)) {
		json_decref(tree);
		tree = NULL;
	}
	fill(ret, tree);
	return NULL;
}

void arm_record_deinit(struct arm_record *r)
{
	json_decref(r->json);
	fill(r, NULL);
}

struct err *arm_record_write(const char *root, const struct arm_record *r)
{
	cleanup(freep) char *path = NULL;
	cleanup(freep) char *text = NULL;
	struct new_file file = {.fd = -1};
	json_t *tree = json_pack(
		"{s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}",
		"schema", RECORD_SCHEMA, "version", 1, "kernel", r->kernel, "initrd",
		r->initrd, "command_line", r->command_line, "release", r->release, "target",
		r->target, "boot_id", r->boot_id, "outdated", r->outdated, "when",
		(json_int_t)r->when, "image_bytes", (json_int_t)r->image_bytes,
		"unpacked_bytes", (json_int_t)r->unpacked_bytes, "needed_bytes",
		(json_int_t)r->needed_bytes);
	struct err *err = root_join(root, RECORD_PATH, &path);

	text = tree ? json_dumps(tree, JSON_INDENT(2)) : NULL;
	json_decref(tree);
	if (!err && !text)
		err = err_nomem();
	if (!err)
		err = new_file_open(&file, path, true);
	if (!err)
		err = io_write_all(file.fd, text, strlen(text), path);
	/* Everybody may ask for the status. */
	if (!err && fchmod(file.fd, 0644) < 0)
		err = err_os(errno, "cannot set the mode of %s", path);
	if (!err)
		err = new_file_keep(&file);
	new_file_deinit(&file);
	return err;
}

struct err *arm_record_remove(const char *root)
{
	cleanup(freep) char *path = NULL;
	struct err *err = root_join(root, RECORD_PATH, &path);

	if (!err && unlink(path) < 0 && errno != ENOENT)
		err = err_os(errno, "cannot remove %s", path);
	return err;
}
