#include "trigger/config_priv.h"

#include "base/io.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* The texts of a tree that is going to be freed; as deep as the parser let it be. */
static void wipe(json_t *j)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_string(j))
		explicit_bzero((char *)(uintptr_t)json_string_value(j),
			       json_string_length(j));
	json_array_foreach(j, i, value) wipe(value);
	json_object_foreach(j, key, value) wipe(value);
}

void config_file_deinit(struct config_file *f)
{
	/* There may be secrets in it. */
	wipe(f->root);
	json_decref(f->root);
	if (f->text)
		explicit_bzero(f->text, f->document.len);
	free(f->text);
	free(f->name);
	*f = (struct config_file){0};
}

static struct err *read_text(int fd, struct config_file *f)
{
	struct stat st;
	struct err *err;

	if (fstat(fd, &st) < 0)
		return err_os(errno, "%s", f->name);
	if (!S_ISREG(st.st_mode))
		return err_new(ERR_BAD_DATA, "%s: not a file", f->name);
	if (st.st_size > CONFIG_FILE_MAX)
		return err_new(ERR_BAD_DATA, "%s: larger than %u MiB", f->name,
			       CONFIG_FILE_MAX >> 20);
	f->is_private = (st.st_mode & 077) == 0;
	f->text = calloc(1, (size_t)st.st_size + 1);
	if (!f->text)
		return err_nomem();
	err = io_pread_some(fd, f->text, (size_t)st.st_size, 0, f->name, &f->document.len);
	f->document.text = f->text;
	return err;
}

static char *join(const char *directory, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

struct err *config_file_read(const char *path, const char *name, struct config_file *ret)
{
	cleanup(config_file_deinit) struct config_file f = {.name = join(path, name)};
	cleanup(closep) int fd = -1;
	struct err *err;

	if (!f.name)
		return err_nomem();
	f.document.name = f.name;
	fd = open(f.name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return err_os(errno, "%s", f.name);
	err = read_text(fd, &f);
	if (!err)
		err = json_document_parse(&f.document, &f.root);
	if (err)
		return err;
	*ret = f;
	f = (struct config_file){0};
	return NULL;
}

void config_files_deinit(struct config_files *f)
{
	for (size_t i = 0; i < f->num; i++)
		config_file_deinit(&f->rows[i]);
	free(f->rows);
	*f = (struct config_files){0};
}

/* What an editor or a package manager leaves behind does not end so. */
static int is_json(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && str_has_suffix(entry->d_name, ".json");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static struct err *read_all(const char *path, const char *directory,
			    struct dirent **entries, size_t num, struct config_files *ret)
{
	if (num > CONFIG_FILES_MAX)
		return err_new(ERR_BAD_DATA, "%s/%s: %zu files; %u are the most", path,
			       directory, num, CONFIG_FILES_MAX);
	ret->rows = calloc(num ? num : 1, sizeof(*ret->rows));
	if (!ret->rows)
		return err_nomem();
	for (size_t i = 0; i < num; i++) {
		cleanup(freep) char *name = join(directory, entries[i]->d_name);
		struct err *err;

		if (!name)
			return err_nomem();
		err = config_file_read(path, name, &ret->rows[i]);
		if (err)
			return err;
		ret->num++;
	}
	return NULL;
}

struct err *config_files_read(const char *path, const char *directory,
			      struct config_files *ret)
{
	cleanup(freep) char *whole = join(path, directory);
	struct dirent **entries = NULL;
	struct err *err;
	int num;

	if (!whole)
		return err_nomem();
	num = scandir(whole, &entries, is_json, by_name);
	if (num < 0)
		return errno == ENOENT ? NULL : err_os(errno, "%s", whole);
	err = read_all(path, directory, entries, (size_t)num, ret);
	for (int i = 0; i < num; i++)
		free(entries[i]);
	free(entries);
	return err;
}
