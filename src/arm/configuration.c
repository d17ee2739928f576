#include "arm/configuration.h"

#include "base/buf.h"
#include "base/io.h"

#include <errno.h>
#include <string.h>

static u64 line_of(const char *text, size_t offset)
{
	u64 line = 1;

	for (size_t i = 0; i < offset; i++)
		if (text[i] == '\n')
			line++;
	return line;
}

/* The text of a file below @root, NULL if it is not there. */
static struct err *read_text(const char *root, const char *path, char **ret)
{
	cleanup(buf_deinit) struct buf full = BUF_INIT;
	cleanup(freep) char *text = NULL;
	struct err *err;
	size_t len;

	buf_printf(&full, "%s%s", root, path);
	err = buf_check(&full);
	if (err)
		return err;
	err = io_read_file(full.data, CONFIG_TEXT_MAX, &text, &len);
	if (err && err_errno(err) == ENOENT) {
		err_free(err);
		*ret = NULL;
		return NULL;
	}
	if (err)
		return err;
	if (strlen(text) != len)
		return err_new(ERR_BAD_DATA,
			       "%s has a zero byte in line %llu; it is to be text", path,
			       (unsigned long long)line_of(text, strlen(text)));
	*ret = steal(text);
	return NULL;
}

/* The files of each dialect in the order in which they are read. */
static const struct file {
	enum config_dialect dialect;
	const char *path;
	/* NULL: cannot be read by this version. */
	struct err *(*parse)(const char *text, const char *file, struct capture_config *c);
} files[] = {
	{CONFIG_INQUEST, "/etc/inquest.conf", NULL},
	{CONFIG_KDUMP, "/etc/kdump.conf", NULL},
	{CONFIG_KDUMP, "/etc/sysconfig/kdump", NULL},
	{CONFIG_KDUMP_TOOLS, "/etc/default/kdump-tools", NULL},
	{CONFIG_KDUMP_TOOLS, "/etc/default/kexec", NULL},
};

static struct err *read_file(const char *root, const struct file *f,
			     struct capture_config *c)
{
	cleanup(freep) char *text = NULL;
	struct err *err = read_text(root, f->path, &text);

	if (err || !text)
		return err;
	if (!f->parse)
		return err_new(ERR_UNSUPPORTED, "%s cannot be read by this version",
			       f->path);
	return f->parse(text, f->path, c);
}

struct err *configuration_read_dialect(const char *root, enum config_dialect dialect,
				       struct capture_config *ret)
{
	struct capture_config c;
	struct err *err = capture_config_init(&c, dialect);

	for (size_t i = 0; !err && i < ARRAY_SIZE(files); i++)
		if (files[i].dialect == dialect)
			err = read_file(root, &files[i], &c);
	if (err) {
		capture_config_deinit(&c);
		return err;
	}
	*ret = c;
	return NULL;
}

static struct err *is_there(const char *root, const char *path, bool *ret)
{
	cleanup(buf_deinit) struct buf full = BUF_INIT;
	struct err *err;

	buf_printf(&full, "%s%s", root, path);
	err = buf_check(&full);
	if (!err)
		*ret = access(full.data, F_OK) == 0;
	return err;
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

	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		bool there = false;
		struct err *err = is_there(root, choices[i].path, &there);

		if (err)
			return err;
		if (there)
			return configuration_read_dialect(root, choices[i].dialect, ret);
	}
	return configuration_read_dialect(root, CONFIG_INQUEST, ret);
}
