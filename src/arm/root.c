#include "arm/root.h"

#include "base/buf.h"
#include "base/io.h"
#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* As the kernel has it. */
#define LINKS_MAX 40

struct err *root_join(const char *root, const char *path, char **ret)
{
	char *full;

	if (asprintf(&full, "%s%s", root, path) < 0)
		return err_nomem();
	*ret = full;
	return NULL;
}

/* The target of the symbolic link at @path below @root; NULL if it is none. */
static struct err *read_link(const char *root, const char *path, char **ret)
{
	cleanup(freep) char *full = NULL;
	char target[PATH_MAX];
	struct err *err = root_join(root, path, &full);
	ssize_t len;

	if (err)
		return err;
	len = readlink(full, target, sizeof(target) - 1);
	*ret = NULL;
	if (len < 0)
		return NULL;
	target[len] = '\0';
	*ret = strdup(target);
	return *ret ? NULL : err_nomem();
}

/* Cut the last component off. */
static void go_up(struct buf *path)
{
	char *slash = path->len ? strrchr(path->data, '/') : NULL;

	if (slash) {
		*slash = '\0';
		path->len = (size_t)(slash - path->data);
	}
}

/* Put the target of a link in front of what is left to walk. */
static struct err *follow(const char *target, const char *left, struct buf *done,
			  char **ret_left)
{
	char *longer;

	if (target[0] == '/' && done->data) {
		done->data[0] = '\0';
		done->len = 0;
	}
	if (asprintf(&longer, "%s/%s", target, left) < 0)
		return err_nomem();
	*ret_left = longer;
	return NULL;
}

struct err *root_resolve(const char *root, const char *path, char **ret)
{
	cleanup(buf_deinit) struct buf done = BUF_INIT;
	cleanup(freep) char *left = strdup(path);
	char *pos = left;
	unsigned links = 0;
	struct err *err;

	if (path[0] != '/')
		return err_new(ERR_USAGE, "%s is not an absolute path", path);
	while (pos && *pos) {
		cleanup(freep) char *target = NULL;
		size_t before = done.len, len;
		char *longer = NULL;

		pos += strspn(pos, "/");
		len = strcspn(pos, "/");
		if (len == 2 && pos[0] == '.' && pos[1] == '.') {
			go_up(&done);
		} else if (len && !(len == 1 && pos[0] == '.')) {
			buf_add_char(&done, '/');
			buf_add(&done, pos, len);
		}
		err = buf_check(&done);
		if (!err && done.len > before)
			err = read_link(root, buf_text(&done), &target);
		if (err)
			return err;
		pos += len;
		if (!target)
			continue;
		if (++links > LINKS_MAX)
			return err_new(ERR_BAD_DATA, "%s: symbolic links lead in a circle",
				       path);
		go_up(&done);
		err = follow(target, pos, &done, &longer);
		if (err)
			return err;
		free(left);
		left = pos = longer;
	}
	if (!left)
		return err_nomem();
	if (!done.len)
		buf_add_char(&done, '/');
	err = buf_check(&done);
	if (!err)
		*ret = steal(done.data);
	return err;
}

static struct err *read_file(const char *root, const char *path, size_t max_len, char **ret,
			     size_t *ret_len)
{
	cleanup(freep) char *resolved = NULL;
	cleanup(freep) char *full = NULL;
	struct err *err = root_resolve(root, path, &resolved);

	if (!err)
		err = root_join(root, resolved, &full);
	return err ? err : io_read_file(full, max_len, ret, ret_len);
}

struct err *root_read(const char *root, const char *path, size_t max_len, char **ret)
{
	size_t len = 0;
	struct err *err = read_file(root, path, max_len, ret, &len);

	if (!err && len && (*ret)[len - 1] == '\n')
		(*ret)[len - 1] = '\0';
	return err;
}

static unsigned count_lines(const char *text)
{
	unsigned count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

struct err *root_read_text(const char *root, const char *path, size_t max_len, char **ret)
{
	cleanup(freep) char *text = NULL;
	size_t len = 0;
	struct err *err = read_file(root, path, max_len, &text, &len);

	if (err && err_errno(err) == ENOENT) {
		err_free(err);
		*ret = NULL;
		return NULL;
	}
	if (err)
		return err;
	if (strlen(text) != len)
		return err_new(ERR_BAD_DATA,
			       "%s has a zero byte in line %u; it is to be text", path,
			       count_lines(text) + 1);
	*ret = steal(text);
	return NULL;
}

char *root_read_or_null(const char *root, const char *path, size_t max_len)
{
	char *text = NULL;

	err_ignore(root_read(root, path, max_len, &text));
	return text;
}

bool root_has(const char *root, const char *path)
{
	cleanup(freep) char *resolved = NULL;
	cleanup(freep) char *full = NULL;
	struct stat st;
	struct err *err = root_resolve(root, path, &resolved);

	if (!err)
		err = root_join(root, resolved, &full);
	if (err) {
		err_ignore(err);
		return false;
	}
	return lstat(full, &st) == 0;
}
