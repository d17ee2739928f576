#include "trigger/pages_priv.h"

#include "base/io.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

void pages_report_deinit(struct pages_report *r)
{
	buf_deinit(&r->path);
	buf_deinit(&r->text);
}

/* What is behind "@base/" in @path; NULL if it is not in there. */
static const char *below(const char *base, const char *path)
{
	size_t len = base ? strlen(base) : 0;

	while (len && base[len - 1] == '/')
		len--;
	if (!len || strncmp(base, path, len) != 0 || path[len] != '/')
		return NULL;
	return path + len + strspn(path + len, "/");
}

/* One name, and no way up. */
static bool is_name(const char *name, size_t len)
{
	return len && len <= NAME_MAX && !(len == 1 && name[0] == '.') &&
	       !(len == 2 && name[0] == '.' && name[1] == '.');
}

/* Open the directory of the last name of @path, which is relative to the directory @fd, one
 * name at a time. *@last is that name. */
static int open_parent(int base, const char *path, const char **last)
{
	cleanup(closep) int fd = fcntl(base, F_DUPFD_CLOEXEC, 0);

	while (fd >= 0) {
		size_t len = strcspn(path, "/");
		char name[NAME_MAX + 1];
		int next;

		if (!is_name(path, len))
			return -1;
		if (!path[len]) {
			*last = path;
			return steal_fd(&fd);
		}
		memcpy(name, path, len);
		name[len] = '\0';
		next = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(fd);
		fd = next;
		path += len + strspn(path + len, "/");
	}
	return -1;
}

/* Of a regular file only; one that is none must not make us wait either. */
static int open_regular(int dir, const char *name)
{
	cleanup(closep) int fd =
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	return steal_fd(&fd);
}

/* The report of @last in @parent: in it, if it is a dump directory, else beside it. */
static int open_report(int parent, const char *last, const char *dump_path,
		       struct buf *ret_path)
{
	static const char *const names[] = {"vmcore-report.txt", "report.txt"};
	cleanup(closep) int dir =
		openat(parent, last, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup(buf_deinit) struct buf beside = BUF_INIT;
	int fd;

	for (size_t i = 0; dir >= 0 && i < ARRAY_SIZE(names); i++) {
		fd = open_regular(dir, names[i]);
		if (fd < 0)
			continue;
		buf_printf(ret_path, "%s/%s", dump_path, names[i]);
		return fd;
	}
	if (dir >= 0)
		return -1;
	buf_printf(&beside, "%s.report.txt", last);
	fd = beside.failed ? -1 : open_regular(parent, buf_text(&beside));
	if (fd >= 0)
		buf_printf(ret_path, "%s.report.txt", dump_path);
	return fd;
}

static struct err *read_text(int fd, struct pages_report *ret)
{
	cleanup(freep) char *text = malloc(PAGES_REPORT_MAX + 1);
	size_t len = 0;
	struct err *err;

	if (!text)
		return err_nomem();
	err = io_pread_some(fd, text, PAGES_REPORT_MAX + 1, 0, buf_text(&ret->path), &len);
	if (err)
		return err;
	ret->is_cut = len > PAGES_REPORT_MAX;
	buf_add(&ret->text, text, min_u64(len, PAGES_REPORT_MAX));
	return buf_check(&ret->text);
}

struct err *pages_report_read(const struct config_instance *instance, const char *dump_path,
			      struct pages_report *ret)
{
	const char *const bases[] = {instance->dump_dir, instance->fallback.directory};

	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		const char *path = below(bases[i], dump_path), *last = NULL;
		cleanup(closep) int base = -1;
		cleanup(closep) int parent = -1;
		cleanup(closep) int fd = -1;

		if (!path)
			continue;
		base = open(bases[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (base >= 0)
			parent = open_parent(base, path, &last);
		if (parent >= 0)
			fd = open_report(parent, last, dump_path, &ret->path);
		if (fd >= 0)
			return read_text(fd, ret);
	}
	return err_new(ERR_ABSENT, "there is no report of %s", dump_path);
}
