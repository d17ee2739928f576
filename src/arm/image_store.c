#include "arm/image_store.h"

#include "arm/arm.h"
#include "arm/image_inputs.h"
#include "arm/initramfs_check.h"
#include "arm/root.h"
#include "base/io.h"
#include "base/new_file.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define IMAGE_BYTES_MAX	 (512u << 20)
#define RECORD_BYTES_MAX (4u << 20)
#define RECORD_SCHEMA	 "inquest.image"
#define RECORD_VERSION	 1

void stored_image_deinit(struct stored_image *image)
{
	free(image->path);
	free(image->reason);
	*image = (struct stored_image){0};
}

/* All that is known while an image is looked for or made. Paths are of this host. */
struct store {
	const char *root;
	const struct plan *plan;
	char *dir, *image, *record, *old_image, *old_record;
	const char *init;
	struct image_inputs inputs;
};

static void store_deinit(struct store *s)
{
	free(s->dir);
	free(s->image);
	free(s->record);
	free(s->old_image);
	free(s->old_record);
	image_inputs_deinit(&s->inputs);
}

static struct err *store_init(struct store *s, const char *root, const char *release)
{
	struct err *err;

	s->root = root;
	err = root_join(root, ARM_STATE_DIR, &s->dir);
	if (err)
		return err;
	if (asprintf(&s->image, "%s/initrd-%s", s->dir, release) < 0)
		s->image = NULL;
	if (asprintf(&s->record, "%s/initrd-%s.json", s->dir, release) < 0)
		s->record = NULL;
	if (asprintf(&s->old_image, "%s/initrd-%s.old", s->dir, release) < 0)
		s->old_image = NULL;
	if (asprintf(&s->old_record, "%s/initrd-%s.old.json", s->dir, release) < 0)
		s->old_record = NULL;
	return s->image && s->record && s->old_image && s->old_record ? NULL : err_nomem();
}

/* Read the record, with the inputs in it. False, and why in @reason, if there is none that
 * makes sense. */
static struct err *read_record(const char *path, json_t **ret, struct buf *reason)
{
	cleanup(freep) char *text = NULL;
	struct err *err = io_read_file(path, RECORD_BYTES_MAX, &text, NULL);
	json_t *tree;

	*ret = NULL;
	if (err) {
		buf_add_str(reason, err_errno(err) == ENOENT
					    ? "there was none for this kernel"
					    : err_message(err));
		err_ignore(err);
		return buf_check(reason);
	}
	tree = json_loads(text, 0, NULL);
	if (!tree || !str_eq(RECORD_SCHEMA,
			     json_string_value(json_object_get(tree, "schema"))
				     ? json_string_value(json_object_get(tree, "schema"))
				     : "")) {
		json_decref(tree);
		buf_printf(reason, "%s is damaged", path);
		return buf_check(reason);
	}
	*ret = tree;
	return NULL;
}

/* Is the image on disk the one of the record? */
static struct err *check_image(const char *path, const json_t *record, struct buf *reason)
{
	const char *sum = json_string_value(json_object_get(record, "image_sha256"));
	cleanup(freep) char *data = NULL;
	char now[SHA256_TEXT];
	size_t len;
	struct err *err = io_read_file(path, IMAGE_BYTES_MAX, &data, &len);

	if (err) {
		buf_add_str(reason, err_message(err));
		err_ignore(err);
		return buf_check(reason);
	}
	sha256_text(data, len, now);
	if (!sum || !str_eq(sum, now))
		buf_printf(reason, "%s is damaged", path);
	return buf_check(reason);
}

static void read_sizes(const json_t *record, struct stored_image *ret)
{
	ret->image_bytes = (u64)json_integer_value(json_object_get(record, "image_bytes"));
	ret->unpacked_bytes =
		(u64)json_integer_value(json_object_get(record, "unpacked_bytes"));
}

/* Why the image on disk does not do; @reason stays empty if it does. */
static struct err *find_reason(struct store *s, struct stored_image *ret,
			       struct buf *reason)
{
	struct image_inputs recorded = {0};
	json_t *record;
	struct err *err = read_record(s->record, &record, reason);

	if (err || !record)
		return err;
	err = image_inputs_from_json(json_object_get(record, "inputs"), &recorded);
	if (!err)
		err = image_inputs_compare(&recorded, &s->inputs, reason);
	if (!err && !reason->len)
		err = check_image(s->image, record, reason);
	read_sizes(record, ret);
	image_inputs_deinit(&recorded);
	json_decref(record);
	return err;
}

/* Write @len bytes to @path; with @check they are read back before they get that name. */
static struct err *write_checked(const char *path, const void *data, size_t len, bool check)
{
	struct new_file file;
	cleanup(freep) char *back = NULL;
	struct err *err = new_file_open(&file, path, true);
	size_t got = 0;

	if (!err)
		err = io_write_all(file.fd, data, len, path);
	if (!err && check) {
		back = malloc(len + 1);
		err = back ? io_pread_some(file.fd, back, len + 1, 0, path, &got)
			   : err_nomem();
		if (!err && got != len)
			err = err_new(ERR_BAD_DATA, "%s: %zu bytes of %zu came back", path,
				      got, len);
		if (!err)
			err = err_wrap(initramfs_check(back, got), "%s", path);
	}
	if (!err)
		err = new_file_keep(&file);
	new_file_deinit(&file);
	return err;
}

/* Is the image at @path whole, by its record? False with no error if not. */
static struct err *is_good(const char *path, const char *record_path, bool *ret,
			   struct stored_image *image)
{
	cleanup(buf_deinit) struct buf reason = BUF_INIT;
	json_t *record;
	struct err *err = read_record(record_path, &record, &reason);
	const char *why = "";

	*ret = false;
	if (err || !record)
		return err;
	err = check_image(path, record, &reason);
	if (json_is_string(json_object_get(record, "reason")))
		why = json_string_value(json_object_get(record, "reason"));
	if (!err && !reason.len) {
		*ret = true;
		read_sizes(record, image);
		image->reason = strdup(why);
		if (!image->reason)
			err = err_nomem();
	}
	json_decref(record);
	return err;
}

/* Keep what was there; a missing one is fine. */
static struct err *keep_file(const char *path, const char *old)
{
	if (unlink(old) < 0 && errno != ENOENT)
		return err_os(errno, "cannot remove %s", old);
	if (link(path, old) < 0 && errno != ENOENT && rename(path, old) < 0)
		return err_os(errno, "cannot keep %s as %s", path, old);
	return NULL;
}

/* Keep the pair that was there, if it is good: nothing else is worth the place of the one
 * before it. */
static struct err *keep_old(struct store *s)
{
	cleanup(stored_image_deinit) struct stored_image image = {0};
	bool is_kept = false;
	struct err *err = is_good(s->image, s->record, &is_kept, &image);

	if (!err && is_kept)
		err = keep_file(s->image, s->old_image);
	if (!err && is_kept)
		err = keep_file(s->record, s->old_record);
	return err;
}

static struct err *write_record(struct store *s, const struct initramfs *image,
				const char *reason)
{
	cleanup(freep) char *text = NULL;
	char sum[SHA256_TEXT];
	json_t *inputs, *tree;
	struct err *err = image_inputs_to_json(&s->inputs, &inputs);

	if (err)
		return err;
	sha256_text(image->data, image->len, sum);
	tree = json_pack("{s:s, s:i, s:s, s:s, s:s, s:I, s:s, s:I, s:o}", "schema",
			 RECORD_SCHEMA, "version", RECORD_VERSION, "made_by",
			 "inquest " INQUEST_VERSION, "release", s->plan->kernel.release,
			 "reason", reason, "image_bytes", (json_int_t)image->len,
			 "image_sha256", sum, "unpacked_bytes",
			 (json_int_t)image->unpacked_bytes, "inputs", inputs);
	text = tree ? json_dumps(tree, JSON_INDENT(2)) : NULL;
	json_decref(tree);
	return text ? write_checked(s->record, text, strlen(text), false) : err_nomem();
}

static struct err *make_directory(const char *path)
{
	cleanup(freep) char *copy = strdup(path);

	if (!copy)
		return err_nomem();
	for (char *slash = copy; (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		mkdir(copy, 0755);
		*slash = '/';
	}
	if (mkdir(copy, 0755) < 0 && errno != EEXIST)
		return err_os(errno, "cannot make the directory %s", path);
	return NULL;
}

static struct err *build(struct store *s, const char *reason, struct stored_image *ret)
{
	cleanup(initramfs_deinit) struct initramfs image = {0};
	cleanup(freep) char *modules_dir = NULL;
	struct initramfs_options options = {
		.init = s->init,
		.modules = s->plan->modules,
		.manifest = &s->plan->manifest,
		.files = s->plan->files.files,
		.num_files = s->plan->files.count,
		/* Every kernel that has an initrd unpacks it. */
		.compression = INITRAMFS_GZIP};
	struct err *err = root_join(s->root, s->plan->kernel.modules_dir, &modules_dir);

	options.modules_dir = modules_dir;
	if (!err)
		err = initramfs_build(&options, &image);
	if (!err)
		err = make_directory(s->dir);
	if (!err)
		err = keep_old(s);
	if (!err)
		err = write_checked(s->image, image.data, image.len, true);
	if (!err)
		err = write_record(s, &image, reason);
	if (err)
		return err;
	ret->image_bytes = image.len;
	ret->unpacked_bytes = image.unpacked_bytes;
	ret->is_new = true;
	return NULL;
}

/* Decide and, if need be, build. */
static struct err *get(struct store *s, enum config_rebuild rebuild,
		       struct stored_image *ret)
{
	cleanup(buf_deinit) struct buf reason = BUF_INIT;
	struct err *err = find_reason(s, ret, &reason);

	if (err)
		return err;
	if (!reason.len && rebuild == CONFIG_REBUILD_ALWAYS)
		buf_add_str(&reason, "it was asked for");
	if (rebuild == CONFIG_REBUILD_NEVER && access(s->image, R_OK) == 0) {
		buf_deinit(&reason);
		reason = BUF_INIT;
	}
	if (reason.len)
		err = build(s, buf_text(&reason), ret);
	ret->reason = err ? NULL : strdup(buf_text(&reason));
	if (!err && !ret->reason)
		err = err_nomem();
	return err;
}

struct err *image_store_get(const char *root, const struct plan *plan, const char *init,
			    enum config_rebuild rebuild, struct stored_image *ret)
{
	cleanup(store_deinit) struct store s = {.plan = plan, .init = init};
	cleanup(stored_image_deinit) struct stored_image image = {0};
	struct err *err = store_init(&s, root, plan->kernel.release);

	if (!err)
		err = image_inputs_gather(root, plan, s.init, &s.inputs);
	if (!err)
		err = get(&s, rebuild, &image);
	if (err)
		return err;
	image.path = strdup(s.image + strlen(root));
	if (!image.path)
		return err_nomem();
	*ret = image;
	image = (struct stored_image){0};
	return NULL;
}

/* Put the pair before back in its place. */
static struct err *restore(struct store *s)
{
	if (rename(s->old_image, s->image) < 0)
		return err_os(errno, "cannot rename %s", s->old_image);
	if (rename(s->old_record, s->record) < 0)
		return err_os(errno, "cannot rename %s", s->old_record);
	return io_fsync_dir(s->dir);
}

struct err *image_store_last_good(const char *root, const char *release,
				  struct stored_image *ret)
{
	cleanup(store_deinit) struct store s = {0};
	cleanup(stored_image_deinit) struct stored_image image = {0};
	bool is_there = false;
	struct err *err = store_init(&s, root, release);

	if (!err)
		err = is_good(s.image, s.record, &is_there, &image);
	if (!err && !is_there) {
		err = is_good(s.old_image, s.old_record, &is_there, &image);
		if (!err && is_there)
			err = restore(&s);
	}
	if (err)
		return err;
	if (!is_there)
		return err_new(ERR_ABSENT, "there is no image from before to go back to");
	image.path = strdup(s.image + strlen(root));
	if (!image.path)
		return err_nomem();
	*ret = image;
	image = (struct stored_image){0};
	return NULL;
}

struct err *image_store_purge(const char *root)
{
	cleanup(freep) char *full = NULL;
	struct err *err = root_join(root, ARM_STATE_DIR, &full);
	struct dirent *entry;
	DIR *dir;

	if (err)
		return err;
	dir = opendir(full);
	while (dir && (entry = readdir(dir)))
		if (str_has_prefix(entry->d_name, "initrd-") &&
		    unlinkat(dirfd(dir), entry->d_name, 0) < 0 && !err)
			err = err_os(errno, "cannot remove %s/%s", full, entry->d_name);
	if (dir)
		closedir(dir);
	if (!err && dir && rmdir(full) < 0 && errno != ENOENT && errno != ENOTEMPTY)
		err = err_os(errno, "cannot remove %s", full);
	return err;
}
