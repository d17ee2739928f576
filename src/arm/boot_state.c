#include "arm/boot_state_priv.h"

#include "arm/bootloader.h"
#include "base/io.h"
#include "base/new_file.h"
#include "base/str.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#define STATE_VERSION	1
#define STATE_BYTES_MAX (16u << 20)

static const char *const kind_names[] = {
	[BOOT_TEXT_WORDS] = "words",
	[BOOT_TEXT_ENTRY] = "entry",
	[BOOT_TEXT_GRUB] = "grub",
};

static json_t *text_to_json(const char *text)
{
	return text ? json_string(text) : json_null();
}

static struct err *format_state(const struct boot_places *p, char **ret)
{
	json_t *root = json_pack("{s:s, s:i, s:[]}", "schema", "inquest.bootloader",
				 "version", STATE_VERSION, "files");
	json_t *files = json_object_get(root, "files");
	char *text = NULL;

	for (size_t i = 0; i < p->count; i++) {
		const struct boot_place *place = &p->places[i];

		if (json_array_append_new(
			    files, json_pack("{s:s, s:s, s:o, s:o}", "path", place->path,
					     "kind", kind_names[place->kind], "before",
					     text_to_json(place->before), "after",
					     text_to_json(place->after))) < 0) {
			json_decref(root);
			return err_new(ERR_UNSUPPORTED,
				       "%s cannot be remembered, and is not changed: it "
				       "is not UTF-8, or there is no memory",
				       place->path);
		}
	}
	if (root)
		text = json_dumps(root, JSON_INDENT(1));
	json_decref(root);
	if (!text)
		return err_nomem();
	*ret = text;
	return NULL;
}

static struct err *parse_file(const json_t *file, struct boot_places *p)
{
	const char *path = json_string_value(json_object_get(file, "path"));
	const char *kind = json_string_value(json_object_get(file, "kind"));
	const char *before = json_string_value(json_object_get(file, "before"));
	const char *after = json_string_value(json_object_get(file, "after"));

	/* What is written back goes where a configuration can be. */
	if (!path || *path != '/' || strstr(path, "/../") || !kind)
		return err_new(ERR_BAD_DATA, "a file has no proper path and kind");
	for (size_t i = 0; i < ARRAY_SIZE(kind_names); i++)
		if (str_eq(kind, kind_names[i]))
			return boot_places_add(p, path, (enum boot_text)i, before, after);
	return err_new(ERR_BAD_DATA, "%s is of no kind known here", path);
}

static struct err *parse_state(const char *text, size_t len, struct boot_places *p)
{
	json_error_t json_error;
	json_t *root = json_loadb(text, len, 0, &json_error);
	const json_t *files = json_object_get(root, "files");
	struct err *err = NULL;

	if (!root)
		err = err_new(ERR_BAD_DATA, "no JSON at line %d: %s", json_error.line,
			      json_error.text);
	else if (json_integer_value(json_object_get(root, "version")) != STATE_VERSION)
		err = err_new(ERR_UNSUPPORTED, "it is not of version %d", STATE_VERSION);
	for (size_t i = 0; !err && i < json_array_size(files); i++)
		err = parse_file(json_array_get(files, i), p);
	json_decref(root);
	return err;
}

struct err *boot_state_read(const char *root, struct boot_places *ret)
{
	cleanup(buf_deinit) struct buf full = BUF_INIT;
	cleanup(freep) char *text = NULL;
	struct boot_places p = {0};
	struct err *err = boot_path(root, BOOTLOADER_STATE, &full);
	size_t len;

	if (err)
		return err;
	err = io_read_file(full.data, STATE_BYTES_MAX, &text, &len);
	if (err && err_errno(err) == ENOENT) {
		err_free(err);
		*ret = p;
		return NULL;
	}
	if (!err)
		err = err_wrap(parse_state(text, len, &p), "%s", BOOTLOADER_STATE);
	if (err) {
		boot_places_deinit(&p);
		return err;
	}
	*ret = p;
	return NULL;
}

static const struct boot_place *find(const struct boot_places *p, const char *path)
{
	for (size_t i = 0; i < p->count; i++)
		if (str_eq(p->places[i].path, path))
			return &p->places[i];
	return NULL;
}

/* What a file goes back to: what it was, or if others have changed it since, what they made
 * of it with the words it had. */
static struct err *add_merged(const struct boot_place *was, const struct boot_place *now,
			      struct boot_places *ret)
{
	cleanup(buf_deinit) struct buf words = BUF_INIT, b = BUF_INIT;
	bool is_ours = !now || !now->before || !was->before || !was->after ||
		       str_eq(now->before, was->after);
	struct err *err = NULL;

	if (!is_ours)
		err = boot_text_words(was->kind, was->before, &words);
	if (!err && !is_ours)
		err = boot_text_replace(was->kind, now->before, buf_text(&words), &b);
	if (err)
		return err_wrap(err, "%s", was->path);
	return boot_places_add(ret, was->path, was->kind,
			       is_ours ? was->before : buf_text(&b),
			       now ? now->after : was->after);
}

/* The places of @old, with what @p makes of them, and those that are new. */
static struct err *merge(const struct boot_places *old, const struct boot_places *p,
			 struct boot_places *ret)
{
	struct err *err = NULL;

	for (size_t i = 0; !err && i < old->count; i++) {
		const struct boot_place *was = &old->places[i];

		err = add_merged(was, find(p, was->path), ret);
	}
	for (size_t i = 0; !err && i < p->count; i++) {
		const struct boot_place *now = &p->places[i];

		if (!find(old, now->path))
			err = boot_places_add(ret, now->path, now->kind, now->before,
					      now->after);
	}
	return err;
}

/* Each directory of @path, which is changed and put back. */
static struct err *make_directories(char *path, size_t root_len)
{
	for (char *slash = path + root_len + 1; (slash = strchr(slash, '/')); slash++) {
		int failed;

		*slash = '\0';
		failed = mkdir(path, 0755) < 0 && errno != EEXIST ? errno : 0;
		if (failed)
			return err_os(failed, "cannot make the directory %s", path);
		*slash = '/';
	}
	return NULL;
}

static struct err *write_state(const char *root, const struct boot_places *p)
{
	cleanup(buf_deinit) struct buf full = BUF_INIT;
	cleanup(new_file_deinit) struct new_file f = {.fd = -1};
	cleanup(freep) char *text = NULL;
	struct err *err = boot_path(root, BOOTLOADER_STATE, &full);

	if (!err)
		err = format_state(p, &text);
	if (!err)
		err = make_directories(full.data, strlen(root));
	if (!err)
		err = new_file_open(&f, full.data, true);
	if (!err)
		err = io_write_all(f.fd, text, strlen(text), BOOTLOADER_STATE);
	return err ? err : new_file_keep(&f);
}

struct err *boot_state_remember(const char *root, const struct boot_places *p)
{
	cleanup(boot_places_deinit) struct boot_places old = {0}, merged = {0};
	struct err *err = boot_state_read(root, &old);

	if (!err)
		err = merge(&old, p, &merged);
	return err ? err : write_state(root, &merged);
}
