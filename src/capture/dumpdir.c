#include "capture/dumpdir.h"

#include "capture/names.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Make @path and what is missing above it. */
static struct err *make_parents(const char *path)
{
	cleanup(freep) char *copy = strdup(path);
	char *slash = copy;

	if (!copy)
		return err_nomem();
	do {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		if (*copy && mkdir(copy, 0700) < 0 && errno != EEXIST)
			return err_os(errno, "cannot make directory %s", copy);
		if (slash)
			*slash = '/';
	} while (slash);
	return NULL;
}

/* Make it; a file system that cannot have ':' in names (vfat) has '-' there. */
static int make_directory(char *path)
{
	int result = mkdir(path, 0700);
	char *name = strrchr(path, '/') + 1;

	if (result == 0 || errno != EINVAL || !strchr(name, ':'))
		return result;
	for (char *c = name; *c; c++)
		if (*c == ':')
			*c = '-';
	return mkdir(path, 0700);
}

/* Open what was just made, once its name is on disk too. */
static struct err *open_new(const char *path, struct dumpdir *ret)
{
	cleanup(closep) int parent = -1;
	struct err *err = dumpdir_open(path, ret);

	if (err)
		return err;
	parent = openat(ret->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent >= 0 && fsync(parent) == 0)
		return NULL;
	err = err_os(errno, "cannot fsync the directory of %s", path);
	dumpdir_close(ret);
	return err;
}

struct err *dumpdir_create(const char *parent, const char *naming, const char *host,
			   time_t when, struct dumpdir *ret)
{
	struct err *err = make_parents(parent);

	for (unsigned try = 1; !err && try <= NAMES_TRIES; try++) {
		cleanup(buf_deinit) struct buf path = BUF_INIT;

		buf_printf(&path, "%s/", parent);
		err = names_add_directory(naming, host, when, try, &path);
		if (!err && make_directory(path.data) == 0) {
			err = open_new(path.data, ret);
			if (err)
				rmdir(path.data);
			return err;
		}
		if (!err && (errno != EEXIST || try == NAMES_TRIES))
			err = err_os(errno, "cannot make directory %s", path.data);
	}
	return err;
}

struct err *dumpdir_open(const char *path, struct dumpdir *ret)
{
	struct dumpdir d = {.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};

	if (d.fd < 0)
		return err_os(errno, "cannot open directory %s", path);
	d.path = strdup(path);
	if (!d.path) {
		close(d.fd);
		return err_nomem();
	}
	*ret = d;
	return NULL;
}

void dumpdir_close(struct dumpdir *d)
{
	if (d->path) {
		close(d->fd);
		free(d->path);
	}
	*d = (struct dumpdir){.fd = -1};
}

/* Write the file and bring it to disk. Nobody looks at what close() says before fsync()
 * did.
 */
static struct err *write_to_disk(struct dumpdir *d, const char *incomplete,
				 dumpdir_writer *write, void *ctx, u64 *ret_bytes)
{
	cleanup(closep) int fd =
		openat(d->fd, incomplete, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	cleanup(freep) char *path = NULL;
	struct err *err;
	struct stat st;

	if (fd < 0)
		return err_os(errno, "cannot create %s/%s", d->path, incomplete);
	if (asprintf(&path, "%s/%s", d->path, incomplete) < 0) {
		path = NULL;
		return err_nomem();
	}
	err = write(ctx, fd, path);
	if (err) {
		/* What there is of it may still help. */
		fdatasync(fd);
		return err;
	}
	if (fsync(fd) < 0)
		return err_os(errno, "cannot fsync %s", path);
	if (fstat(fd, &st) < 0)
		return err_os(errno, "cannot stat %s", path);
	*ret_bytes = (u64)st.st_size;
	return NULL;
}

struct err *dumpdir_save(struct dumpdir *d, const char *incomplete, const char *name,
			 dumpdir_writer *write, void *ctx, u64 *ret_bytes)
{
	u64 bytes = 0;
	struct err *err = write_to_disk(d, incomplete, write, ctx, &bytes);

	if (err)
		return err;
	if (renameat(d->fd, incomplete, d->fd, name) < 0)
		return err_os(errno, "cannot rename %s/%s to %s", d->path, incomplete,
			      name);
	if (fsync(d->fd) < 0)
		return err_os(errno, "cannot fsync directory %s", d->path);
	*ret_bytes = bytes;
	return NULL;
}
