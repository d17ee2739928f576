#include "arm/configuration.h"

#include "arm/root.h"
#include "base/buf.h"
#include "format/inquest_conf.h"
#include "format/kdump_conf.h"
#include "format/kdump_tools_conf.h"
#include "format/sysconfig_kdump.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The files of each dialect in the order in which they are read. */
static const struct file {
	enum config_dialect dialect;
	const char *path;
	struct err *(*parse)(const char *text, const char *file, struct capture_config *c);
} files[] = {
	{CONFIG_INQUEST, "/etc/inquest.conf", inquest_conf_parse},
	{CONFIG_KDUMP, "/etc/kdump.conf", kdump_conf_parse},
	{CONFIG_KDUMP, "/etc/sysconfig/kdump", sysconfig_kdump_parse},
	{CONFIG_KDUMP_TOOLS, "/etc/default/kdump-tools", kdump_tools_conf_parse},
	{CONFIG_KDUMP_TOOLS, "/etc/default/kexec", kexec_conf_parse},
};

static struct err *read_file(const char *root, const struct file *f,
			     struct capture_config *c)
{
	cleanup(freep) char *text = NULL;
	struct err *err = root_read_text(root, f->path, CONFIG_TEXT_MAX, &text);

	if (err || !text)
		return err;
	if (!f->parse)
		return err_new(ERR_UNSUPPORTED, "%s cannot be read by this version",
			       f->path);
	return f->parse(text, f->path, c);
}

/* The names that run-parts(8) takes. */
static int is_snippet(const struct dirent *entry)
{
	const char *p = entry->d_name;

	while (isalnum((unsigned char)*p) || *p == '_' || *p == '-')
		p++;
	return !*p;
}

#define SNIPPETS_MAX 64

/* The files of /etc/default/kexec.d, by name, behind /etc/default/kexec. */
static struct err *read_snippets(const char *root, struct capture_config *c)
{
	static const char dir[] = "/etc/default/kexec.d";
	cleanup(buf_deinit) struct buf full = BUF_INIT;
	struct dirent **entries;
	struct err *err;
	int count;

	buf_printf(&full, "%s%s", root, dir);
	err = buf_check(&full);
	if (err)
		return err;
	count = scandir(full.data, &entries, is_snippet, alphasort);
	if (count < 0)
		return errno == ENOENT ? NULL : err_os(errno, "cannot list %s", dir);
	if (count > SNIPPETS_MAX)
		err = err_new(ERR_UNSUPPORTED, "%s has %d files, which is more than %d",
			      dir, count, SNIPPETS_MAX);
	for (int i = 0; i < count; i++) {
		struct file f = {.parse = kexec_conf_parse};
		char path[sizeof(dir) + sizeof(entries[i]->d_name)];

		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		f.path = path;
		if (!err)
			err = read_file(root, &f, c);
		free(entries[i]);
	}
	free(entries);
	return err;
}

struct err *configuration_read_dialect(const char *root, enum config_dialect dialect,
				       struct capture_config *ret)
{
	struct capture_config c;
	struct err *err = capture_config_init(&c, dialect);

	for (size_t i = 0; !err && i < ARRAY_SIZE(files); i++)
		if (files[i].dialect == dialect)
			err = read_file(root, &files[i], &c);
	if (!err && dialect == CONFIG_KDUMP_TOOLS)
		err = read_snippets(root, &c);
	if (err) {
		capture_config_deinit(&c);
		return err;
	}
	*ret = c;
	return NULL;
}

struct err *configuration_read(const char *root, struct capture_config *ret)
{
	static const struct {
		const char *path; /* that decides for the dialect */
		enum config_dialect dialect;
	} choices[] = {
		{"/etc/inquest.conf", CONFIG_INQUEST},
		{"/etc/kdump.conf", CONFIG_KDUMP},
		{"/etc/default/kdump-tools", CONFIG_KDUMP_TOOLS},
	};

	for (size_t i = 0; i < ARRAY_SIZE(choices); i++)
		if (root_has(root, choices[i].path))
			return configuration_read_dialect(root, choices[i].dialect, ret);
	return configuration_read_dialect(root, CONFIG_INQUEST, ret);
}
