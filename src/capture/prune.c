#include "capture/prune.h"

#include "capture/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Past that somebody else keeps order there, or nobody does. */
#define DUMPS_MAX 4096

struct list {
	char **names;
	size_t count;
};

static void list_deinit(struct list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->names[i]);
	free(l->names);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct err *list_dumps(int fd, const char *naming, const char *host, struct list *l)
{
	DIR *dir = fdopendir(dup(fd));
	struct dirent *entry;
	struct err *err = NULL;

	if (!dir)
		return err_os(errno, "cannot list the old dumps");
	l->names = calloc(DUMPS_MAX, sizeof(*l->names));
	if (!l->names)
		err = err_nomem();
	while (!err && l->count < DUMPS_MAX && (entry = readdir(dir))) {
		if (!names_is_directory(naming, host, entry->d_name))
			continue;
		l->names[l->count] = strdup(entry->d_name);
		if (!l->names[l->count])
			err = err_nomem();
		else
			l->count++;
	}
	closedir(dir);
	/* Dates as they are written there are in order. */
	if (!err)
		qsort(l->names, l->count, sizeof(*l->names), compare);
	return err;
}

/* Remove the files of one dump, and it. */
static struct err *remove_dump(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	int failed = 0;

	if (!dir) {
		closep(&fd);
		return err_os(errno, "cannot open the dump directory %s", name);
	}
	while (!failed && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			failed = unlinkat(fd, entry->d_name, 0);
	closedir(dir);
	if (failed || unlinkat(parent, name, AT_REMOVEDIR) < 0)
		return err_os(errno, "cannot remove the dump directory %s", name);
	return NULL;
}

struct err *prune_dumps(const char *parent, const char *naming, const char *host, u64 keep)
{
	cleanup(closep) int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup(list_deinit) struct list l = {.names = NULL};
	struct err *err;

	if (fd < 0)
		return err_os(errno, "cannot open directory %s", parent);
	err = list_dumps(fd, naming, host, &l);
	for (size_t i = 0; !err && i + keep < l.count; i++)
		err = remove_dump(fd, l.names[i]);
	return err;
}

struct err *prune_dump(const char *path)
{
	return remove_dump(AT_FDCWD, path);
}
