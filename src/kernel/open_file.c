#include "kernel/open_file.h"

#include "kernel/field.h"

#define TYPE_SHIFT 12 /* of the S_IFMT bits of a mode */
#define TYPE_MASK  15

const char *file_type_name(u32 mode)
{
	static const char *const names[TYPE_MASK + 1] = {
		[1] = "FIFO", [2] = "CHR",  [4] = "DIR",   [6] = "BLK",
		[8] = "REG",  [10] = "LNK", [12] = "SOCK",
	};
	const char *name = names[mode >> TYPE_SHIFT & TYPE_MASK];

	return name ? name : "UNKN";
}

struct err *open_file_read(struct kernel *k, vaddr_t addr, struct open_file *ret)
{
	struct open_file f = {.file = addr};
	struct field path;
	u64 mode = 0;
	struct err *err = field_get(k, "file", "f_path", &path);

	if (!err)
		err = path_read(k, addr + path.offset, &f.path);
	if (!err)
		err = field_read_by_name(k, addr, "file", "f_inode", &f.inode);
	if (!err)
		err = field_read_by_name(k, addr, "file", "private_data", &f.private);
	if (!err && f.inode)
		err = field_read_by_name(k, f.inode, "inode", "i_mode", &mode);
	if (err)
		return err;
	f.mode = (u32)mode;
	*ret = f;
	return NULL;
}

/* ---- descriptors ---- */

struct table {
	u64 max;
	vaddr_t files; /* struct file *[] */
	vaddr_t open;  /* bitmap */
};

/* *@ret is empty if the task has no table. */
static struct err *find_table(struct kernel *k, vaddr_t task, struct table *ret)
{
	vaddr_t files, fdt;
	struct table t = {0};
	struct err *err = field_read_by_name(k, task, "task_struct", "files", &files);

	if (err || !files) {
		*ret = t;
		return err;
	}
	err = field_read_by_name(k, files, "files_struct", "fdt", &fdt);
	if (!err)
		err = field_read_by_name(k, fdt, "fdtable", "max_fds", &t.max);
	if (!err)
		err = field_read_by_name(k, fdt, "fdtable", "fd", &t.files);
	if (!err)
		err = field_read_by_name(k, fdt, "fdtable", "open_fds", &t.open);
	if (!err)
		*ret = t;
	return err;
}

struct err *open_file_each(struct kernel *k, vaddr_t task,
			   bool (*each)(void *ctx, const struct open_file *f), void *ctx)
{
	struct table t;
	u64 word = 0;
	struct err *err = find_table(k, task, &t);

	if (err)
		return err;
	for (u64 fd = 0; fd < min_u64(t.max, OPEN_FILES_MAX); fd++) {
		struct open_file f = {0};
		vaddr_t file;

		if (fd % 64 == 0)
			err = kernel_read_u64(k, t.open + fd / 8, &word);
		if (!err && !(word >> fd % 64 & 1))
			continue;
		if (!err)
			err = kernel_read_ptr(k, t.files + fd * 8, &file);
		if (err)
			return err_wrap(err, "file descriptor %llu",
					(unsigned long long)fd);
		if (!file)
			continue;
		err_ignore(open_file_read(k, file, &f));
		f.file = file;
		f.fd = (unsigned)fd;
		if (!each(ctx, &f))
			return NULL;
	}
	return NULL;
}

/* ---- directories ---- */

struct err *task_directories(struct kernel *k, vaddr_t task, bool *ret_has,
			     struct path *ret_root, struct path *ret_cwd)
{
	struct field root, cwd;
	vaddr_t fs;
	struct err *err = field_read_by_name(k, task, "task_struct", "fs", &fs);

	if (!err)
		err = field_get(k, "fs_struct", "root", &root);
	if (!err)
		err = field_get(k, "fs_struct", "pwd", &cwd);
	if (!err && fs)
		err = path_read(k, fs + root.offset, ret_root);
	if (!err && fs)
		err = path_read(k, fs + cwd.offset, ret_cwd);
	if (!err)
		*ret_has = fs != 0;
	return err;
}
