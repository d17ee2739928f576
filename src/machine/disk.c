#include "machine/disk.h"

#include "base/child.h"
#include "base/io.h"
#include "base/str.h"

#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <fcntl.h>
#include <string.h>

#define COPY_BYTES (256u << 10)

struct disk {
	int fd;
	char path[32];
	u64 size_bytes;
};

/* Journal and inode tables are initialised lazily: the guest lives for a minute. */
static struct err *make_file_system(struct disk *d, const char *label,
				    const volatile sig_atomic_t *cancel)
{
	const char *const argv[] = {
		"mke2fs", "-q",	  "-F",
		"-t",	  "ext4", "-m",
		"0",	  "-E",	  "nodiscard,lazy_itable_init=1,lazy_journal_init=1",
		"-L",	  label,  d->path,
		NULL};
	struct child_spec spec = {.argv = argv, .keep_fds = &d->fd, .num_keep_fds = 1};
	cleanup(child_output_deinit) struct child_output o = {0};
	cleanup(buf_deinit) struct buf reason = BUF_INIT;
	struct err *err = child_run(&spec, 60000, cancel, &o);

	if (err && err_code(err) == ERR_ABSENT) {
		err_free(err);
		return err_new(ERR_ABSENT, "mke2fs is not installed: install the package "
					   "e2fsprogs");
	}
	if (err || o.status == 0)
		return err;
	child_output_reason(&o, &reason);
	return err_new(ERR_OS, "mke2fs could not make the scratch disk: %s",
		       buf_text(&reason));
}

struct err *disk_new(const char *dir, u64 size_bytes, const char *label,
		     const volatile sig_atomic_t *cancel, struct disk **ret)
{
	cleanup(disk_freep) struct disk *d = calloc(1, sizeof(*d));
	struct err *err;

	if (!d)
		return err_nomem();
	d->fd = -1;
	d->size_bytes = size_bytes;
	if (!dir)
		dir = io_temp_dir("/var/tmp");
	err = io_open_nameless(dir, &d->fd);
	if (err)
		return err_wrap(err, "the scratch disk");
	snprintf(d->path, sizeof(d->path), "/proc/self/fd/%d", d->fd);
	if (ftruncate(d->fd, (off_t)size_bytes) < 0)
		return err_os(errno, "cannot make a scratch disk of %llu bytes in %s",
			      (unsigned long long)size_bytes, dir);
	err = make_file_system(d, label, cancel);
	if (err)
		return err;
	*ret = steal(d);
	return NULL;
}

void disk_free(struct disk *d)
{
	if (!d)
		return;
	closep(&d->fd);
	free(d);
}

int disk_fd(const struct disk *d)
{
	return d->fd;
}

const char *disk_path(const struct disk *d)
{
	return d->path;
}

/* ---- reading ---- */

static void ext2_closep(ext2_filsys *fs)
{
	if (*fs)
		ext2fs_close_free(fs);
}

static void ext2_file_closep(ext2_file_t *f)
{
	if (*f)
		ext2fs_file_close(*f);
}

static struct err *ext2_err(errcode_t code, const char *what)
{
	enum err_code ours = code == EXT2_ET_FILE_NOT_FOUND ? ERR_ABSENT : ERR_BAD_DATA;

	if (code == EXT2_ET_NO_MEMORY)
		return err_nomem();
	return err_new(ours, "scratch disk: %s: %s", what, error_message(code));
}

static struct err *ext2_open(struct disk *d, ext2_filsys *ret)
{
	errcode_t code;

	initialize_ext2_error_table();
	code = ext2fs_open(d->path, EXT2_FLAG_64BITS, 0, 0, unix_io_manager, ret);
	return code ? ext2_err(code, "the ext4 file system") : NULL;
}

static struct err *ext2_find(ext2_filsys fs, const char *path, ext2_ino_t *ret)
{
	errcode_t code = ext2fs_namei(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, ret);

	return code ? ext2_err(code, path) : NULL;
}

struct list_walk {
	ext2_filsys fs;
	struct disk_listing *listing;
	errcode_t code;
};

static int list_entry(ext2_ino_t dir, int kind, struct ext2_dir_entry *entry, int offset,
		      int block_size, char *block, void *ctx)
{
	struct list_walk *w = ctx;
	struct disk_entry *e = &w->listing->entries[w->listing->count];
	size_t len = (size_t)ext2fs_dirent_name_len(entry);
	struct ext2_inode inode;

	if (kind != DIRENT_OTHER_FILE)
		return 0;
	if (w->listing->count == DISK_ENTRIES_MAX)
		return DIRENT_ABORT;
	w->code = ext2fs_read_inode(w->fs, entry->inode, &inode);
	if (w->code)
		return DIRENT_ABORT;
	if (len > DISK_NAME_MAX ||
	    !(LINUX_S_ISDIR(inode.i_mode) || LINUX_S_ISREG(inode.i_mode)))
		return 0;
	memcpy(e->name, entry->name, len);
	e->name[len] = '\0';
	e->is_directory = LINUX_S_ISDIR(inode.i_mode);
	e->size_bytes = EXT2_I_SIZE(&inode);
	w->listing->count++;
	return 0;
}

struct err *disk_list(struct disk *d, const char *path, struct disk_listing *ret)
{
	cleanup(ext2_closep) ext2_filsys fs = NULL;
	struct list_walk w = {.listing = ret};
	ext2_ino_t ino = 0;
	errcode_t code;
	struct err *err = ext2_open(d, &fs);

	if (!err)
		err = ext2_find(fs, path, &ino);
	if (err)
		return err;
	w.fs = fs;
	ret->count = 0;
	code = ext2fs_dir_iterate2(fs, ino, 0, NULL, list_entry, &w);
	if (!code)
		code = w.code;
	return code ? ext2_err(code, path) : NULL;
}

static struct err *copy_file(ext2_file_t file, const char *path, u64 size, int fd,
			     const char *name)
{
	cleanup(freep) char *data = malloc(COPY_BYTES);
	u64 done = 0;

	if (!data)
		return err_nomem();
	while (done < size) {
		unsigned want = (unsigned)min_u64(COPY_BYTES, size - done), got = 0;
		errcode_t code = ext2fs_file_read(file, data, want, &got);
		struct err *err;

		if (code)
			return ext2_err(code, path);
		if (!got)
			return err_new(ERR_BAD_DATA,
				       "scratch disk: %s: %llu of %llu bytes are there",
				       path, (unsigned long long)done,
				       (unsigned long long)size);
		err = io_write_all(fd, data, got, name);
		if (err)
			return err;
		done += got;
	}
	return NULL;
}

struct err *disk_copy_out(struct disk *d, const char *path, int fd, const char *name,
			  u64 *ret_bytes)
{
	cleanup(ext2_closep) ext2_filsys fs = NULL;
	cleanup(ext2_file_closep) ext2_file_t file = NULL;
	struct ext2_inode inode;
	ext2_ino_t ino = 0;
	errcode_t code;
	u64 size;
	struct err *err = ext2_open(d, &fs);

	if (!err)
		err = ext2_find(fs, path, &ino);
	if (err)
		return err;
	code = ext2fs_read_inode(fs, ino, &inode);
	if (!code && !LINUX_S_ISREG(inode.i_mode))
		return err_new(ERR_BAD_DATA, "scratch disk: %s is not a regular file",
			       path);
	if (!code)
		code = ext2fs_file_open(fs, ino, 0, &file);
	if (code)
		return ext2_err(code, path);
	size = EXT2_I_SIZE(&inode);
	if (size > d->size_bytes)
		return err_new(ERR_BAD_DATA, "scratch disk: %s claims %llu bytes", path,
			       (unsigned long long)size);
	err = copy_file(file, path, size, fd, name);
	if (!err)
		*ret_bytes = size;
	return err;
}
