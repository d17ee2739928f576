#include "arm/image_inputs.h"

#include "arm/modules.h"
#include "base/io.h"
#include "base/str.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_BYTES_MAX (512u << 20)

void sha256_text(const void *data, size_t len, char text[SHA256_TEXT])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_len = 0;

	text[0] = '\0';
	if (!EVP_Digest(data, len, digest, &digest_len, EVP_sha256(), NULL))
		return;
	for (unsigned i = 0; i < digest_len && i < 32; i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", digest[i]);
}

void image_inputs_deinit(struct image_inputs *in)
{
	for (size_t i = 0; i < in->count; i++) {
		free(in->rows[i].name);
		free(in->rows[i].value);
		free(in->rows[i].place);
	}
	free(in->rows);
	*in = (struct image_inputs){0};
}

/* A new row; strings are copied, @value and @place may be NULL. */
static struct err *add(struct image_inputs *in, const char *name, const char *value,
		       const char *place, struct image_input **ret)
{
	struct image_input *rows, *row;

	if (in->count == IMAGE_INPUTS_MAX)
		return err_new(ERR_BAD_DATA, "an image is made from more than %d things",
			       IMAGE_INPUTS_MAX);
	rows = reallocarray(in->rows, in->count + 1, sizeof(*rows));
	if (!rows)
		return err_nomem();
	in->rows = rows;
	row = &rows[in->count++];
	*row = (struct image_input){.name = strdup(name),
				    .value = value ? strdup(value) : NULL,
				    .place = place ? strdup(place) : NULL};
	if (!row->name || (value && !row->value) || (place && !row->place))
		return err_nomem();
	*ret = row;
	return NULL;
}

static struct err *add_value(struct image_inputs *in, const char *name, const char *value)
{
	struct image_input *row;

	return add(in, name, value, NULL, &row);
}

static struct err *add_file(struct image_inputs *in, const char *name, const char *place)
{
	struct image_input *row;
	struct stat st;
	struct err *err;

	if (stat(place, &st) < 0)
		return err_os(errno, "cannot find %s", place);
	err = add(in, name, NULL, place, &row);
	if (err)
		return err;
	row->size_bytes = (u64)st.st_size;
	row->mtime_ns = (u64)st.st_mtim.tv_sec * 1000000000 + (u64)st.st_mtim.tv_nsec;
	return NULL;
}

/* Each member of the manifest by itself, so that what changed can be named. */
static struct err *add_manifest(struct image_inputs *in, const struct plan *plan)
{
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	struct err *err = manifest_format(&plan->manifest, &text);
	json_t *tree, *value;
	const char *key;

	if (err)
		return err;
	tree = json_loads(text.data, 0, NULL);
	if (!tree)
		return err_nomem();
	json_object_foreach(tree, key, value)
	{
		cleanup(freep) char *dumped =
			json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		cleanup(freep) char *name = NULL;

		if (!dumped || asprintf(&name, "manifest: %s", key) < 0) {
			name = NULL;
			err = err_nomem();
			break;
		}
		err = add_value(in, name, dumped);
		if (err)
			break;
	}
	json_decref(tree);
	return err;
}

static struct err *add_module_options(struct image_inputs *in, const char *root,
				      const char *dir, const char *module,
				      const struct plan *plan)
{
	cleanup(freep) char *options = NULL;
	cleanup(freep) char *name = NULL;
	struct err *err = module_options(root, dir, module, plan->command_line, &options);

	if (err)
		return err;
	if (asprintf(&name, "options of module %s", module) < 0) {
		name = NULL;
		return err_nomem();
	}
	return add_value(in, name, options);
}

static struct err *add_modules(struct image_inputs *in, const char *root,
			       const struct plan *plan)
{
	struct module_list list = {0};
	cleanup(freep) char *dir = NULL;
	struct err *err;

	if (asprintf(&dir, "%s%s", root, plan->kernel.modules_dir) < 0) {
		dir = NULL;
		return err_nomem();
	}
	err = modules_resolve(dir, plan->modules, &list);
	for (size_t i = 0; !err && i < list.count; i++) {
		const struct module_file *m = &list.files[i];

		err = add_file(in, m->path + strlen(root), m->path);
		if (!err)
			err = add_module_options(in, root, dir, m->name, plan);
	}
	module_list_deinit(&list);
	return err;
}

struct err *image_inputs_gather(const char *root, const struct plan *plan, const char *init,
				struct image_inputs *ret)
{
	cleanup(image_inputs_deinit) struct image_inputs in = {0};
	cleanup(freep) char *kernel = NULL;
	struct err *err = add_value(&in, "inquest", INQUEST_VERSION);

	if (asprintf(&kernel, "%s%s", root, plan->kernel.image) < 0) {
		kernel = NULL;
		err_ignore(err);
		return err_nomem();
	}
	if (!err)
		err = add_file(&in, init, init);
	if (!err)
		err = add_file(&in, plan->kernel.image, kernel);
	if (!err)
		err = add_manifest(&in, plan);
	if (!err)
		err = add_modules(&in, root, plan);
	for (size_t i = 0; !err && i < plan->files.count; i++) {
		const struct initramfs_file *f = &plan->files.files[i];
		char sum[SHA256_TEXT];

		if (f->host_path) {
			err = add_file(&in, f->host_path + strlen(root), f->host_path);
		} else {
			sha256_text(f->data, f->len, sum);
			err = add_value(&in, f->path, sum);
		}
	}
	if (err)
		return err;
	*ret = in;
	in = (struct image_inputs){0};
	return NULL;
}

static struct err *sum_up(struct image_input *row)
{
	cleanup(freep) char *data = NULL;
	struct err *err;
	size_t len;

	if (row->value || row->sha256[0] || !row->place)
		return NULL;
	err = io_read_file(row->place, FILE_BYTES_MAX, &data, &len);
	if (!err)
		sha256_text(data, len, row->sha256);
	return err;
}

static struct image_input *find(const struct image_inputs *in, const char *name)
{
	for (size_t i = 0; i < in->count; i++)
		if (str_eq(in->rows[i].name, name))
			return &in->rows[i];
	return NULL;
}

static struct err *is_same(const struct image_input *old, struct image_input *now,
			   bool *ret)
{
	struct err *err = NULL;

	*ret = false;
	if (old->value && now->value)
		*ret = str_eq(old->value, now->value);
	else if (old->value || now->value || old->size_bytes != now->size_bytes)
		*ret = false;
	else if (old->mtime_ns == now->mtime_ns)
		*ret = true;
	else if (!(err = sum_up(now)))
		*ret = old->sha256[0] && str_eq(old->sha256, now->sha256);
	return err;
}

struct err *image_inputs_compare(const struct image_inputs *recorded,
				 struct image_inputs *now, struct buf *reason)
{
	for (size_t i = 0; i < now->count; i++) {
		const struct image_input *old = find(recorded, now->rows[i].name);
		bool same = false;
		struct err *err = old ? is_same(old, &now->rows[i], &same) : NULL;

		if (err)
			return err;
		if (!same) {
			buf_printf(reason, "%s %s", now->rows[i].name,
				   old ? "changed" : "was added");
			return buf_check(reason);
		}
	}
	for (size_t i = 0; i < recorded->count; i++) {
		if (!find(now, recorded->rows[i].name)) {
			buf_printf(reason, "%s is no longer needed",
				   recorded->rows[i].name);
			break;
		}
	}
	return buf_check(reason);
}

struct err *image_inputs_to_json(struct image_inputs *in, json_t **ret)
{
	json_t *array = json_array();
	struct err *err = array ? NULL : err_nomem();

	for (size_t i = 0; !err && i < in->count; i++) {
		struct image_input *row = &in->rows[i];
		json_t *object;

		err = sum_up(row);
		if (err)
			break;
		object = row->value ? json_pack("{s:s, s:s}", "name", row->name, "value",
						row->value)
				    : json_pack("{s:s, s:I, s:I, s:s}", "name", row->name,
						"bytes", (json_int_t)row->size_bytes,
						"mtime_ns", (json_int_t)row->mtime_ns,
						"sha256", row->sha256);
		if (!object || json_array_append_new(array, object) < 0)
			err = err_nomem();
	}
	if (err)
		json_decref(array);
	else
		*ret = array;
	return err;
}

struct err *image_inputs_from_json(const json_t *array, struct image_inputs *ret)
{
	cleanup(image_inputs_deinit) struct image_inputs in = {0};

	for (size_t i = 0; i < json_array_size(array) && i < IMAGE_INPUTS_MAX; i++) {
		const json_t *object = json_array_get(array, i);
		const char *name = json_string_value(json_object_get(object, "name"));
		const char *sum = json_string_value(json_object_get(object, "sha256"));
		struct image_input *row;
		struct err *err;

		if (!name)
			continue;
		err = add(&in, name, json_string_value(json_object_get(object, "value")),
			  NULL, &row);
		if (err)
			return err;
		row->size_bytes = (u64)json_integer_value(json_object_get(object, "bytes"));
		row->mtime_ns =
			(u64)json_integer_value(json_object_get(object, "mtime_ns"));
		if (sum && strlen(sum) < SHA256_TEXT)
			memcpy(row->sha256, sum, strlen(sum) + 1);
	}
	*ret = in;
	in = (struct image_inputs){0};
	return NULL;
}
