/* A dump that appears under its name only when it is whole: written to a file without a
 * name, synced, then linked. Nothing is left behind if this program is killed. */
#include "collect/collection_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TARGET_MODE 0600 /* a dump holds everybody's secrets */

struct target {
	int fd;
	char *path;
	char *dir;
	char *temporary; /* a name beside `path`; where the file is if it has one at all */
	bool has_name;	 /* the filesystem cannot do without */
};

static void target_deinit(struct target *t)
{
	if (t->has_name)
		unlink(t->temporary);
	closep(&t->fd);
	free(t->path);
	free(t->dir);
	free(t->temporary);
}

static struct err *target_open(struct target *t, const char *path)
{
	const char *slash = strrchr(path, '/');

	*t = (struct target){.fd = -1};
	t->path = strdup(path);
	t->dir = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path))
		       : strdup(".");
	if (!t->path || !t->dir)
		return err_nomem();
	if (asprintf(&t->temporary, "%s.%ld", path, (long)getpid()) < 0) {
		t->temporary = NULL;
		return err_nomem();
	}
	t->fd = open(t->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, TARGET_MODE);
	if (t->fd >= 0)
		return NULL;
	if (errno != EOPNOTSUPP && errno != EISDIR)
		return err_os(errno, "cannot create a file in %s", t->dir);
	t->fd = open(t->temporary, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, TARGET_MODE);
	if (t->fd < 0)
		return err_os(errno, "cannot create %s", t->temporary);
	t->has_name = true;
	return NULL;
}

/* Give the file the name @path. Fails with EEXIST if there is one, unless @overwrite. */
static int name_file(struct target *t, const char *path, bool overwrite)
{
	char link_path[64];

	snprintf(link_path, sizeof(link_path), "/proc/self/fd/%d", t->fd);
	if (!overwrite)
		return linkat(AT_FDCWD, t->has_name ? t->temporary : link_path, AT_FDCWD,
			      path, t->has_name ? 0 : AT_SYMLINK_FOLLOW);
	if (!t->has_name) {
		unlink(t->temporary);
		if (linkat(AT_FDCWD, link_path, AT_FDCWD, t->temporary, AT_SYMLINK_FOLLOW) <
		    0)
			return -1;
		t->has_name = true;
	}
	if (rename(t->temporary, path) < 0)
		return -1;
	t->has_name = false;
	return 0;
}

static struct err *target_keep(struct target *t, const char *path, bool overwrite)
{
	if (fsync(t->fd) < 0)
		return err_os(errno, "cannot fsync %s", path);
	if (name_file(t, path, overwrite) < 0)
		return errno == EEXIST
			       ? err_new(ERR_REFUSED, "%s exists and is left alone", path)
			       : err_os(errno, "cannot create %s", path);
	return io_fsync_dir(t->dir);
}

/* Keep what there is under another name. */
static struct err *target_keep_incomplete(struct target *t, struct err *err)
{
	cleanup(freep) char *path = NULL;
	struct err *failure;

	if (asprintf(&path, "%s-incomplete", t->path) < 0) {
		path = NULL;
		return err;
	}
	failure = target_keep(t, path, true);
	if (!failure)
		return err_wrap(err, "kept as %s", path);
	err_ignore(failure);
	return err;
}

static struct err *check_absent(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0
		       ? err_new(ERR_REFUSED, "%s exists and is left alone", path)
		       : NULL;
}

static bool is_device(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISBLK(st.st_mode);
}

static struct err *collect_to_device(struct dump *d, const char *path,
				     const struct collect_options *options,
				     struct collect_stats *ret)
{
	/* EBUSY if it is mounted. */
	cleanup(closep) int fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
	struct err *err, *incomplete;

	if (fd < 0)
		return err_os(errno, "cannot open %s", path);
	err = collect_to_fd(d, fd, path, options, ret);
	if (fsync(fd) == 0 || err)
		return err;
	err = err_os(errno, "cannot fsync %s", path);
	incomplete = err_new(ERR_INCOMPLETE, "%s", err_message(err));
	err_free(err);
	return incomplete;
}

struct err *collect_to_path(struct dump *d, const char *path, bool overwrite,
			    const struct collect_options *options,
			    struct collect_stats *ret)
{
	*ret = (struct collect_stats){0};
	if (is_device(path))
		return collect_to_device(d, path, options, ret);
	return collect_to_parts(d, &path, 1, overwrite, options, ret);
}

/* Open files, and collect to them. */
struct targets {
	size_t num;
	struct target list[COLLECT_MAX_PARTS];
};

static void targets_freep(struct targets **p)
{
	for (size_t i = 0; *p && i < (*p)->num; i++)
		target_deinit(&(*p)->list[i]);
	free(*p);
}

static struct err *targets_open(struct targets *t, const char *const *paths, size_t num,
				bool overwrite)
{
	for (size_t i = 0; i < num; i++) {
		struct err *err = target_open(&t->list[i], paths[i]);

		t->num++;
		/* Asked again when the file gets its name; now, to be told before the
		 * work. */
		if (!err && !overwrite)
			err = check_absent(paths[i]);
		if (err)
			return err;
	}
	return NULL;
}

static struct err *targets_keep(struct targets *t, struct err *err, bool overwrite)
{
	bool is_incomplete = err && err_code(err) == ERR_INCOMPLETE;

	for (size_t i = 0; i < t->num; i++) {
		if (is_incomplete)
			err = target_keep_incomplete(&t->list[i], err);
		else if (!err)
			err = target_keep(&t->list[i], t->list[i].path, overwrite);
	}
	return err;
}

struct err *collect_to_parts(struct dump *d, const char *const *paths, size_t num,
			     bool overwrite, const struct collect_options *options,
			     struct collect_stats *ret)
{
	cleanup(targets_freep) struct targets *t = calloc(1, sizeof(*t));
	int fds[COLLECT_MAX_PARTS];
	const struct collect_outputs to = {.fds = fds, .names = paths, .num = num};
	struct err *err;

	*ret = (struct collect_stats){0};
	if (!num || num > COLLECT_MAX_PARTS)
		return err_new(ERR_USAGE, "a dump in %zu parts: 1 to %d are possible", num,
			       COLLECT_MAX_PARTS);
	if (!t)
		return err_nomem();
	err = targets_open(t, paths, num, overwrite);
	if (err)
		return err;
	for (size_t i = 0; i < num; i++)
		fds[i] = t->list[i].fd;
	err = collect_to_outputs(d, &to, options, ret);
	return targets_keep(t, err, overwrite);
}
