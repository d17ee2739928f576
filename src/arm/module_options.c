/* What a module is loaded with: nobody runs modprobe in a capture kernel. */
#include "arm/modules.h"

#include "arm/module_index_priv.h"
#include "arm/root.h"
#include "base/buf.h"
#include "base/str.h"
#include "format/kernel_cmdline.h"

#include <libkmod.h>
#include <string.h>

static const char *const config_dirs[] = {"/etc/modprobe.d", "/run/modprobe.d",
					  "/usr/local/lib/modprobe.d", "/lib/modprobe.d"};

#define DIRS ARRAY_SIZE(config_dirs)

/* What modprobe.d says, appended to @b. */
static struct err *add_configured(const char *root, const char *modules_dir,
				  const char *name, struct buf *b)
{
	char *dirs[DIRS + 1] = {NULL};
	struct kmod_module *module = NULL;
	struct kmod_ctx *kmod = NULL;
	const char *options;
	struct err *err = NULL;

	for (size_t i = 0; !err && i < DIRS; i++)
		err = root_join(root, config_dirs[i], &dirs[i]);
	if (!err)
		kmod = kmod_new(modules_dir, (const char *const *)dirs);
	if (!err && (!kmod || kmod_module_new_from_name(kmod, name, &module) < 0))
		err = err_nomem();
	options = err ? NULL : kmod_module_get_options(module);
	if (options)
		buf_add_str(b, options);
	kmod_module_unref(module);
	kmod_unref(kmod);
	for (size_t i = 0; i < DIRS; i++)
		free(dirs[i]);
	return err;
}

/* Is @word "NAME.PARAMETER…" for the module @name? Where the parameter begins, 0 if not. */
static size_t parameter_at(const char *word, size_t len, const char *name)
{
	const char *dot = memchr(word, '.', len);
	char module[64];
	size_t name_len = dot ? (size_t)(dot - word) : 0;

	if (!name_len || name_len >= sizeof(module) || name_len + 1 >= len)
		return 0;
	memcpy(module, word, name_len);
	module[name_len] = '\0';
	return module_name_eq(module, name) ? name_len + 1 : 0;
}

struct err *module_options(const char *root, const char *modules_dir, const char *name,
			   const char *more, char **ret)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct err *err = add_configured(root, modules_dir, name, &b);
	const char *word;
	size_t len;

	while ((word = kernel_cmdline_next(&more, &len))) {
		size_t at = parameter_at(word, len, name);

		if (at && b.len)
			buf_add_char(&b, ' ');
		if (at)
			buf_add(&b, word + at, len - at);
	}
	if (!err)
		err = buf_check(&b);
	if (err)
		return err;
	*ret = b.len ? steal(b.data) : strdup("");
	return *ret ? NULL : err_nomem();
}
