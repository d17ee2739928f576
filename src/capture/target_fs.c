/* Targets that are a directory of something mounted, and file systems of this machine. */
#include "capture/target.h"

#include "base/str.h"
#include "capture/device.h"
#include "capture/prune.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define FLAGS (MS_NOATIME | MS_NODEV | MS_NOSUID | MS_NOEXEC)

struct err *target_mount(const struct target *t, const char *source, const char *fs_type,
			 const char *options)
{
	if (!*fs_type)
		return err_new(ERR_USAGE,
			       "the manifest does not say which file system "
			       "is on %s",
			       source);
	mkdir(t->root, 0700);
	if (mount(source, t->root, fs_type, FLAGS, *options ? options : NULL) < 0)
		return err_os(errno, "cannot mount %s as %s", source, fs_type);
	return NULL;
}

static struct err *path_of(const struct target *t, const char *path, struct buf *b)
{
	buf_printf(b, "%s/%s", t->root, path + strspn(path, "/"));
	return buf_check(b);
}

struct err *target_directory_begin(const struct target *t)
{
	cleanup(dumpdir_close) struct dumpdir d = {.fd = -1};
	cleanup(buf_deinit) struct buf parent = BUF_INIT;
	struct record *r = t->record;
	struct err *err = path_of(t, t->row->path, &parent);

	if (!err)
		err = dumpdir_create(parent.data, t->manifest->naming, t->row->host,
				     r->started, &d);
	if (err)
		return err;
	snprintf(r->directory, sizeof(r->directory), "%s", d.path + strlen(t->root));
	return NULL;
}

static struct err *open_directory(const struct target *t, struct dumpdir *ret)
{
	cleanup(buf_deinit) struct buf path = BUF_INIT;
	struct err *err = path_of(t, t->record->directory, &path);

	return err ? err : dumpdir_open(path.data, ret);
}

struct err *target_directory_save(const struct target *t, const struct target_file *file,
				  u64 *ret_bytes)
{
	cleanup(dumpdir_close) struct dumpdir d = {.fd = -1};
	struct err *err = open_directory(t, &d);

	if (err)
		return err;
	return dumpdir_save(&d, file->incomplete, file->name, file->write, file->ctx,
			    ret_bytes);
}

u64 target_directory_left_over(const struct target *t, const char *incomplete)
{
	cleanup(dumpdir_close) struct dumpdir d = {.fd = -1};
	struct err *err = open_directory(t, &d);
	struct stat st;

	if (err) {
		err_ignore(err);
		return 0;
	}
	return fstatat(d.fd, incomplete, &st, 0) == 0 ? (u64)st.st_size : 0;
}

struct err *target_directory_space(const struct target *t, u64 *ret_bytes)
{
	struct statvfs fs;

	if (statvfs(t->root, &fs) < 0)
		return err_os(errno, "cannot ask %s for its free space", t->root);
	*ret_bytes = (u64)fs.f_bfree * fs.f_frsize;
	return NULL;
}

struct err *target_directory_prune(const struct target *t)
{
	cleanup(buf_deinit) struct buf parent = BUF_INIT;
	struct err *err = path_of(t, t->row->path, &parent);

	return err ? err
		   : prune_dumps(parent.data, t->manifest->naming, t->row->host,
				 t->manifest->keep_dumps);
}

/* If something still holds the file system it is made read-only, which does as well. */
struct err *target_directory_close(const struct target *t)
{
	if (umount(t->root) == 0 || errno == EINVAL)
		return NULL;
	sync();
	if (mount(NULL, t->root, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0)
		return err_os(errno, "cannot unmount %s nor make it read-only", t->root);
	return NULL;
}

static struct err *fs_open(const struct target *t)
{
	const char *fs_type = t->row->fs_type;
	struct device device;
	struct err *err;

	if (!*t->row->device)
		return err_new(ERR_USAGE, "the manifest names no target device");
	err = device_find(t->row->device, t->manifest->deadlines.device_ms, &device);
	if (err)
		return err;
	return target_mount(t, device.path, *fs_type ? fs_type : device.type,
			    t->row->options);
}

static struct err *virtiofs_open(const struct target *t)
{
	return target_mount(t, t->row->device, "virtiofs", t->row->options);
}

#define DIRECTORY_KIND(kind, opener)                                                       \
	{                                                                                  \
		.name = kind, .holds_files = true, .open = opener,                         \
		.begin = target_directory_begin, .save = target_directory_save,            \
		.left_over = target_directory_left_over, .space = target_directory_space,  \
		.prune = target_directory_prune, .close = target_directory_close           \
	}

const struct target_kind target_kind_fs = DIRECTORY_KIND("fs", fs_open);
const struct target_kind target_kind_rootfs = DIRECTORY_KIND("rootfs", fs_open);
const struct target_kind target_kind_virtiofs = DIRECTORY_KIND("virtiofs", virtiofs_open);
