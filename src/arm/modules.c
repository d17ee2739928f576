#include "arm/modules.h"

#include "arm/module_index_priv.h"
#include "base/str.h"

#include <errno.h>
#include <libkmod.h>
#include <string.h>

/* Chains of real modules are less than ten long; a list of an image has tens of them. */
#define DEPTH_MAX   32
#define MODULES_MAX 512

const char *const modules_of_virtio_ext4[] = {"virtio_pci", "virtio_blk", "ext4", NULL};

struct resolver {
	struct kmod_ctx *kmod;
	struct module_index *index;
	struct module_list list;
};

static void resolver_deinit(struct resolver *r)
{
	kmod_unref(r->kmod);
	module_index_free(r->index);
	module_list_deinit(&r->list);
}

/* What one module says of itself in .modinfo. */
struct modinfo {
	struct kmod_module *module;
	struct kmod_list *rows;
};

static void modinfo_deinit(struct modinfo *info)
{
	kmod_module_info_free_list(info->rows);
	kmod_module_unref(info->module);
}

static struct err *modinfo_read(struct resolver *r, const char *path, struct modinfo *ret)
{
	struct modinfo info = {0};
	int result = kmod_module_new_from_path(r->kmod, path, &info.module);

	if (result == 0)
		result = kmod_module_get_info(info.module, &info.rows);
	if (result < 0) {
		modinfo_deinit(&info);
		return err_os(-result, "cannot read what %s says of itself", path);
	}
	*ret = info;
	return NULL;
}

static bool modinfo_has(const struct modinfo *info, const char *key, const char *value)
{
	struct kmod_list *row;

	kmod_list_foreach(row, info->rows)
	{
		if (str_eq(kmod_module_info_get_key(row), key) &&
		    str_eq(kmod_module_info_get_value(row), value))
			return true;
	}
	return false;
}

static struct module_file *find_in_list(struct resolver *r, const char *name)
{
	for (size_t i = 0; i < r->list.count; i++)
		if (module_name_eq(r->list.files[i].name, name))
			return &r->list.files[i];
	return NULL;
}

static struct err *add_to_list(struct resolver *r, const struct module_index_row *row,
			       bool optional)
{
	struct module_file *files, *file;

	if (r->list.count >= MODULES_MAX)
		return err_new(ERR_USAGE, "more than %d modules are needed", MODULES_MAX);
	files = reallocarray(r->list.files, r->list.count + 1, sizeof(*files));
	if (!files)
		return err_nomem();
	r->list.files = files;
	file = &files[r->list.count];
	*file = (struct module_file){
		.name = strdup(row->name), .path = strdup(row->path), .optional = optional};
	r->list.count++;
	return file->name && file->path ? NULL : err_nomem();
}

/* How one name is asked for, and by whom: a chain back to modules_resolve()'s caller. */
struct request {
	const struct request *parent;
	const char *needed_by; /* NULL: the caller */
	bool optional;
	unsigned depth;
};

static bool is_being_resolved(const struct request *request, const char *name)
{
	for (; request; request = request->parent)
		if (request->needed_by && module_name_eq(request->needed_by, name))
			return true;
	return false;
}

static struct err *resolve(struct resolver *r, const char *name,
			   const struct request *request);

/* Resolve each word of @words, split at any of @separators. */
static struct err *resolve_words(struct resolver *r, const char *words,
				 const char *separators, const struct request *request)
{
	cleanup(freep) char *copy = strdup(words);
	char *pos = copy, *word;

	if (!copy)
		return err_nomem();
	while ((word = strsep(&pos, separators))) {
		struct err *err = *word ? resolve(r, word, request) : NULL;

		if (err)
			return err;
	}
	return NULL;
}

/* "pre: a b post: c": what stands behind "pre:" must be loaded first. What is "post:" works
 * without: no storage driver of today's kernels needs its own. */
static struct err *resolve_softdep(struct resolver *r, const char *text,
				   const struct request *request)
{
	struct request soft = *request;
	const char *pre = strstr(text, "pre:");
	cleanup(freep) char *words = NULL;

	if (!pre)
		return NULL;
	pre += strlen("pre:");
	words = strndup(pre, strcspn(pre, ":"));
	if (!words)
		return err_nomem();
	/* The last word belongs to a following "post:". */
	if (strstr(pre, "post:"))
		words[strlen(words) - strlen("post")] = '\0';
	soft.optional = true;
	return resolve_words(r, words, " \t", &soft);
}

static struct err *resolve_dependencies(struct resolver *r,
					const struct module_index_row *module,
					const struct request *parent)
{
	struct request request = {.parent = parent,
				  .needed_by = module->name,
				  .optional = parent->optional,
				  .depth = parent->depth + 1};
	cleanup(modinfo_deinit) struct modinfo info = {0};
	struct err *err = modinfo_read(r, module->path, &info);
	struct kmod_list *row;

	if (!err && request.depth > DEPTH_MAX)
		err = err_new(ERR_BAD_DATA, "%s: dependencies go more than %d levels deep",
			      module->path, DEPTH_MAX);
	if (err)
		return err;
	kmod_list_foreach(row, info.rows)
	{
		const char *key = kmod_module_info_get_key(row);
		const char *value = kmod_module_info_get_value(row);

		if (str_eq(key, "depends"))
			err = resolve_words(r, value, ",", &request);
		else if (str_eq(key, "softdep"))
			err = resolve_softdep(r, value, &request);
		if (err)
			return err;
	}
	return NULL;
}

/* A soft dependency is mostly an alias: ext4 asks for "crypto-crc32c", which crc32c_generic
 * and crc32c-intel offer. depmod's alias table would tell, but an unpacked package has
 * none, and reading 4,000 modules takes minutes: look only at modules whose name begins
 * like the alias. The generic one runs on every CPU. */
static struct err *find_by_alias(struct resolver *r, const char *alias,
				 const struct module_index_row **ret)
{
	const char *stem =
		str_has_prefix(alias, "crypto-") ? alias + strlen("crypto-") : alias;
	const struct module_index_row *row = module_index_find_prefix(r->index, stem);

	for (; row; row = module_index_next_prefix(r->index, row, stem)) {
		cleanup(modinfo_deinit) struct modinfo info = {0};
		struct err *err = modinfo_read(r, row->path, &info);

		if (err)
			return err;
		if (!modinfo_has(&info, "alias", alias))
			continue;
		if (!*ret || strstr(row->name, "generic"))
			*ret = row;
	}
	return NULL;
}

static struct err *resolve(struct resolver *r, const char *name,
			   const struct request *request)
{
	const struct module_index_row *row;
	struct module_file *listed;
	struct err *err = NULL;

	if (module_index_is_builtin(r->index, name))
		return NULL;
	row = module_index_find(r->index, name);
	if (!row && request->optional)
		err = find_by_alias(r, name, &row);
	if (err || (!row && request->optional))
		return err;
	if (!row)
		return err_new(ERR_ABSENT,
			       "module %s, needed by %s, is neither below %s nor built in",
			       name, request->needed_by ? request->needed_by : "this image",
			       module_index_directory(r->index));
	/* Soft dependencies may go in a circle. */
	if (is_being_resolved(request, row->name))
		return NULL;
	listed = find_in_list(r, row->name);
	if (listed && (request->optional || !listed->optional))
		return NULL;
	err = resolve_dependencies(r, row, request);
	if (err)
		return err;
	/* Dependencies may have grown the array. */
	listed = find_in_list(r, row->name);
	if (!listed)
		return add_to_list(r, row, request->optional);
	listed->optional = listed->optional && request->optional;
	return NULL;
}

struct err *modules_resolve(const char *modules_dir, const char *const *names,
			    struct module_list *ret)
{
	static const char *const no_config[] = {NULL};
	cleanup(resolver_deinit) struct resolver r = {0};
	struct err *err = module_index_new(modules_dir, &r.index);

	if (err)
		return err;
	r.kmod = kmod_new(modules_dir, no_config);
	if (!r.kmod)
		return err_nomem();
	for (; *names; names++) {
		bool may_be_missing = **names == '?';

		err = resolve(&r, *names + may_be_missing,
			      &(struct request){.optional = may_be_missing});
		if (err)
			return err;
	}
	*ret = r.list;
	r.list = (struct module_list){0};
	return NULL;
}

void module_list_deinit(struct module_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->files[i].name);
		free(list->files[i].path);
	}
	free(list->files);
	*list = (struct module_list){0};
}
