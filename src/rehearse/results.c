#include "rehearse/results.h"

#include "base/buf.h"
#include "base/io.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define LOG_NAME       "console.log"
#define PARTIAL_SUFFIX ".partial"

enum file_state { FILE_PARTIAL, FILE_COMMITTED };

struct result_file {
	char name[64];
	int fd;
	enum file_state state;
	bool is_nameless;
	char *path;  /* by which it can be opened now */
	char *final; /* which it will have, NULL if nothing is kept */
};

struct results {
	char *dir; /* NULL: nothing is kept */
	bool made_dir;
	struct result_file files[RESULTS_FILES_MAX];
	size_t num_files;
};

static struct err *join(char **ret, const char *dir, const char *name, const char *suffix)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct err *err;

	buf_printf(&b, "%s/%s%s", dir, name, suffix);
	err = buf_check(&b);
	if (!err)
		*ret = steal(b.data);
	return err;
}

static struct err *refuse_used_dir(const char *dir)
{
	cleanup(freep) char *path = NULL;
	struct err *err = join(&path, dir, "vmcore", "");

	if (err)
		return err;
	if (access(path, F_OK) == 0)
		return err_new(ERR_REFUSED,
			       "%s is there already: name another folder, or remove it",
			       path);
	return NULL;
}

struct err *results_open(const char *dir, struct results **ret)
{
	cleanup(results_freep) struct results *r = calloc(1, sizeof(*r));
	struct err *err;

	if (!r)
		return err_nomem();
	if (dir) {
		r->dir = strdup(dir);
		if (!r->dir)
			return err_nomem();
		if (mkdir(dir, 0700) == 0)
			r->made_dir = true;
		else if (errno != EEXIST)
			return err_os(errno, "cannot make the folder %s", dir);
		err = refuse_used_dir(dir);
		if (err)
			return err;
	}
	*ret = steal(r);
	return NULL;
}

static bool is_empty_log(const struct result_file *f)
{
	struct stat st;

	return str_eq(f->name, LOG_NAME) && fstat(f->fd, &st) == 0 && st.st_size == 0;
}

void results_free(struct results *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->num_files; i++) {
		struct result_file *f = &r->files[i];

		if (!f->is_nameless && f->path &&
		    (f->state == FILE_PARTIAL || is_empty_log(f)))
			unlink(f->path);
		closep(&f->fd);
		free(f->path);
		free(f->final);
	}
	/* A folder that holds nothing tells nothing; one that does stays. */
	if (r->made_dir)
		rmdir(r->dir);
	free(r->dir);
	free(r);
}

const char *results_dir(const struct results *r)
{
	return r->dir;
}

static struct result_file *find_file(const struct results *r, const char *name)
{
	for (size_t i = 0; i < r->num_files; i++) {
		if (str_eq(r->files[i].name, name))
			return (struct result_file *)&r->files[i];
	}
	return NULL;
}

static struct err *set_nameless(struct result_file *f)
{
	cleanup(buf_deinit) struct buf path = BUF_INIT;
	struct err *err;

	f->is_nameless = true;
	buf_printf(&path, "/proc/self/fd/%d", f->fd);
	err = buf_check(&path);
	if (!err)
		f->path = steal(path.data);
	return err;
}

static struct err *open_temporary(struct result_file *f)
{
	struct err *err = io_open_nameless(io_temp_dir("/tmp"), &f->fd);

	return err ? err : set_nameless(f);
}

static struct err *add_file(struct results *r, const char *name, struct result_file **ret)
{
	struct result_file *f = &r->files[r->num_files];

	if (r->num_files == RESULTS_FILES_MAX || strlen(name) >= sizeof(f->name))
		return err_new(ERR_USAGE, "too many result files, or a long name: %s",
			       name);
	*f = (struct result_file){.fd = -1};
	strcpy(f->name, name);
	r->num_files++;
	*ret = f;
	return r->dir ? join(&f->final, r->dir, name, "") : NULL;
}

static struct err *open_named(struct results *r, struct result_file *f, const char *suffix)
{
	struct err *err = join(&f->path, r->dir, f->name, suffix);

	if (err)
		return err;
	f->fd = open(f->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	return f->fd < 0 ? err_os(errno, "cannot create %s", f->path) : NULL;
}

static struct err *create_file(struct results *r, struct result_file *f)
{
	if (!r->dir)
		return open_temporary(f);
	f->fd = open(r->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return f->fd >= 0 ? set_nameless(f) : open_named(r, f, PARTIAL_SUFFIX);
}

struct err *results_create(struct results *r, const char *name, int *ret_fd)
{
	struct result_file *f = NULL;
	struct err *err = add_file(r, name, &f);

	if (!err)
		err = create_file(r, f);
	if (!err)
		*ret_fd = f->fd;
	return err;
}

const char *results_path(const struct results *r, const char *name)
{
	const struct result_file *f = find_file(r, name);

	return f ? f->path : NULL;
}

const char *results_name(const struct results *r, const char *name)
{
	const struct result_file *f = find_file(r, name);

	return f && f->final ? f->final : name;
}

/* Give a nameless file the name NAME.partial, which rename() then replaces the final one
 * with: link() would not replace what is there. */
static struct err *name_file(struct results *r, struct result_file *f)
{
	cleanup(freep) char *partial = NULL;
	struct err *err = join(&partial, r->dir, f->name, PARTIAL_SUFFIX);

	if (err)
		return err;
	if (unlink(partial) < 0 && errno != ENOENT)
		return err_os(errno, "cannot remove %s", partial);
	if (linkat(AT_FDCWD, f->path, AT_FDCWD, partial, AT_SYMLINK_FOLLOW) < 0)
		return err_os(errno, "cannot create %s", partial);
	free(f->path);
	f->path = steal(partial);
	f->is_nameless = false;
	return NULL;
}

struct err *results_commit(struct results *r, const char *name)
{
	struct result_file *f = find_file(r, name);
	struct err *err = NULL;

	if (!f)
		return err_new(ERR_ABSENT, "there is no result %s", name);
	if (!r->dir)
		return NULL;
	if (fsync(f->fd) < 0)
		return err_os(errno, "cannot write %s", f->final);
	if (f->is_nameless)
		err = name_file(r, f);
	if (err)
		return err;
	if (rename(f->path, f->final) < 0)
		return err_os(errno, "cannot rename %s", f->path);
	f->state = FILE_COMMITTED;
	strcpy(f->path, f->final);
	return io_fsync_dir(r->dir);
}

struct err *results_write(struct results *r, const char *name, const void *data, size_t len)
{
	int fd = -1;
	struct err *err = results_create(r, name, &fd);

	if (!err)
		err = io_write_all(fd, data, len, results_name(r, name));
	return err ? err : results_commit(r, name);
}

struct err *results_open_log(struct results *r, int *ret_fd)
{
	struct result_file *f = NULL;
	struct err *err = add_file(r, LOG_NAME, &f);

	if (!err)
		err = r->dir ? open_named(r, f, "") : open_temporary(f);
	if (err)
		return err;
	f->state = FILE_COMMITTED;
	*ret_fd = f->fd;
	return NULL;
}

static struct err *copy_file(int from, int to, const char *name)
{
	char data[16384];
	u64 at = 0;
	size_t len;

	do {
		struct err *err =
			io_pread_some(from, data, sizeof(data), at, "console log", &len);

		if (!err)
			err = io_write_all(to, data, len, name);
		if (err)
			return err;
		at += len;
	} while (len);
	return NULL;
}

struct err *results_keep_log(struct results *r, char **ret_path)
{
	cleanup(buf_deinit) struct buf path = BUF_INIT;
	struct result_file *f = find_file(r, LOG_NAME);
	struct stat st;
	cleanup(closep) int fd = -1;
	struct err *err;

	if (!f || fstat(f->fd, &st) < 0)
		return err_new(ERR_ABSENT, "there is no console log");
	if (st.st_size == 0) {
		*ret_path = NULL;
		return NULL;
	}
	buf_printf(&path, r->dir ? "%s" : "%s/inquest-console-XXXXXX.log",
		   r->dir ? f->path : io_temp_dir("/tmp"));
	err = buf_check(&path);
	if (err)
		return err;
	if (!r->dir) {
		fd = mkostemps(path.data, (int)strlen(".log"), O_CLOEXEC);
		if (fd < 0)
			return err_os(errno, "cannot create %s", path.data);
		err = copy_file(f->fd, fd, path.data);
		if (err) {
			unlink(path.data);
			return err;
		}
	}
	*ret_path = steal(path.data);
	return NULL;
}
