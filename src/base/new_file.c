#include "base/new_file.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NEW_FILE_MODE 0600

void new_file_deinit(struct new_file *f)
{
	if (f->has_name)
		unlink(f->temporary);
	closep(&f->fd);
	free(f->path);
	free(f->dir);
	free(f->temporary);
	*f = (struct new_file){.fd = -1};
}

static struct err *exists_err(const char *path)
{
	return err_new(ERR_REFUSED, "%s exists and is left alone", path);
}

static struct err *open_somewhere(struct new_file *f)
{
	f->fd = open(f->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, NEW_FILE_MODE);
	if (f->fd >= 0)
		return NULL;
	if (errno != EOPNOTSUPP && errno != EISDIR)
		return err_os(errno, "cannot create a file in %s", f->dir);
	f->fd = open(f->temporary, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, NEW_FILE_MODE);
	if (f->fd < 0)
		return err_os(errno, "cannot create %s", f->temporary);
	f->has_name = true;
	return NULL;
}

struct err *new_file_open(struct new_file *f, const char *path, bool overwrite)
{
	const char *slash = strrchr(path, '/');
	struct stat st;

	*f = (struct new_file){.fd = -1, .overwrites = overwrite};
	f->path = strdup(path);
	f->dir = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path))
		       : strdup(".");
	if (!f->path || !f->dir)
		return err_nomem();
	if (asprintf(&f->temporary, "%s.%ld", path, (long)getpid()) < 0) {
		f->temporary = NULL;
		return err_nomem();
	}
	/* Asked again when the file gets its name; now, to be told before the work. */
	if (!overwrite && lstat(path, &st) == 0)
		return exists_err(path);
	return open_somewhere(f);
}

/* Give the file the name @path. Fails with EEXIST if there is one, unless @overwrite. */
static int name_file(struct new_file *f, const char *path, bool overwrite)
{
	char link_path[64];

	snprintf(link_path, sizeof(link_path), "/proc/self/fd/%d", f->fd);
	if (!overwrite)
		return linkat(AT_FDCWD, f->has_name ? f->temporary : link_path, AT_FDCWD,
			      path, f->has_name ? 0 : AT_SYMLINK_FOLLOW);
	if (!f->has_name) {
		unlink(f->temporary);
		if (linkat(AT_FDCWD, link_path, AT_FDCWD, f->temporary, AT_SYMLINK_FOLLOW) <
		    0)
			return -1;
		f->has_name = true;
	}
	if (rename(f->temporary, path) < 0)
		return -1;
	f->has_name = false;
	return 0;
}

static struct err *keep_as(struct new_file *f, const char *path, bool overwrite)
{
	if (fsync(f->fd) < 0)
		return err_os(errno, "cannot fsync %s", path);
	if (name_file(f, path, overwrite) < 0)
		return errno == EEXIST ? exists_err(path)
				       : err_os(errno, "cannot create %s", path);
	return io_fsync_dir(f->dir);
}

struct err *new_file_keep(struct new_file *f)
{
	return keep_as(f, f->path, f->overwrites);
}

struct err *new_file_keep_incomplete(struct new_file *f, struct err *err)
{
	cleanup(freep) char *path = NULL;
	struct err *failure;

	if (asprintf(&path, "%s" NEW_FILE_INCOMPLETE_SUFFIX, f->path) < 0) {
		path = NULL;
		return err;
	}
	failure = keep_as(f, path, true);
	if (!failure)
		return err_wrap(err, "kept as %s", path);
	err_ignore(failure);
	return err;
}
