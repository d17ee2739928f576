/* Dumps to paths: files that appear under their names only when they are whole, and block
 * devices. */
#include "base/new_file.h"
#include "collect/collection_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

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
	struct new_file list[COLLECT_MAX_PARTS];
};

static void targets_freep(struct targets **p)
{
	for (size_t i = 0; *p && i < (*p)->num; i++)
		new_file_deinit(&(*p)->list[i]);
	free(*p);
}

static struct err *targets_open(struct targets *t, const char *const *paths, size_t num,
				bool overwrite)
{
	struct err *err = NULL;

	for (size_t i = 0; i < num && !err; i++) {
		err = new_file_open(&t->list[i], paths[i], overwrite);
		t->num++;
	}
	return err;
}

static struct err *targets_keep(struct targets *t, struct err *err)
{
	bool is_incomplete = err && err_code(err) == ERR_INCOMPLETE;

	for (size_t i = 0; i < t->num; i++) {
		if (is_incomplete)
			err = new_file_keep_incomplete(&t->list[i], err);
		else if (!err)
			err = new_file_keep(&t->list[i]);
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
	return targets_keep(t, err);
}
