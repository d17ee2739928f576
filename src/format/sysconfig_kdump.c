#include "format/sysconfig_kdump.h"

#include "format/config_vars_priv.h"

#include "base/str.h"

#include <string.h>

/* A release is part of file names. */
static struct err *set_release(const struct config_var_at *v, const char *value)
{
	if (strchr(value, '/') || value[strcspn(value, " \t")])
		return config_expect(&v->place, v->row->name, value,
				     "a kernel release as uname -r prints it");
	return config_var_set_string(v, value);
}

static struct err *set_directory(const struct config_var_at *v, const char *value)
{
	if (!*value)
		return NULL;
	if (*value != '/')
		return config_expect(&v->place, v->row->name, value,
				     "an absolute path, such as /boot");
	return config_set_path(v->c, &v->place, v->row->name, value, config_var_string(v));
}

static struct err *set_image_name(const struct config_var_at *v, const char *value)
{
	/* What kdumpctl installs: "find out". */
	if (!*value)
		return NULL;
	if (strchr(value, '/'))
		return config_expect(&v->place, v->row->name, value,
				     "the first part of a file name, such as vmlinuz; the "
				     "directory goes to KDUMP_BOOTDIR");
	return config_var_set_string(v, value);
}

static const struct config_var vars[] = {
	{"KDUMP_KERNELVER", set_release, CONFIG_MEMBER(kernel_release), NULL},
	{"KDUMP_COMMANDLINE", config_var_set_string, CONFIG_MEMBER(cmdline.replace), NULL},
	{"KDUMP_COMMANDLINE_REMOVE", config_var_set_remove, 0, NULL},
	{"KDUMP_COMMANDLINE_APPEND", config_var_set_append, 0, NULL},
	{"KEXEC_ARGS", config_var_set_words, CONFIG_MEMBER(kexec_args), NULL},
	{"KDUMP_BOOTDIR", set_directory, CONFIG_MEMBER(boot_dir), NULL},
	{"KDUMP_IMG", set_image_name, CONFIG_MEMBER(kernel_image), NULL},
	{"KDUMP_IMG_EXT", config_var_ignore, 0,
	 "the kernel's file is found by its release; name it with KDUMP_IMG if it is "
	 "called otherwise"},
	{"FADUMP_COMMANDLINE_APPEND", config_var_ignore, 0,
	 "firmware-assisted dumps (ppc64le) are not supported"},
};

struct err *sysconfig_kdump_parse(const char *text, const char *file,
				  struct capture_config *c)
{
	/* KDUMP_STDLOGLVL and its like change what a tool prints, and nothing here. */
	return config_vars_apply(text, file, vars, ARRAY_SIZE(vars), false, c);
}
