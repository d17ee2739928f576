/*
 * The files that a task has open, and the directories it works in.
 *
 * Sources: include/linux/fdtable.h, include/linux/fs_struct.h, include/linux/fs.h. Plain
 * values. Kernel threads have an empty table or none, which is no error.
 */
#ifndef KERNEL_OPEN_FILE_H
#define KERNEL_OPEN_FILE_H

#include "kernel/path.h"

#define OPEN_FILES_MAX (1u << 20) /* descriptors of a task that are looked at */

struct open_file {
	unsigned fd;
	vaddr_t file; /* struct file */
	struct path path;
	vaddr_t inode;	 /* 0 if it has none */
	u32 mode;	 /* i_mode */
	vaddr_t private; /* private_data: of a socket, its struct socket */
};

/* Read the struct file at @addr. */
must_check struct err *open_file_read(struct kernel *k, vaddr_t addr,
				      struct open_file *ret);

/* Call @each for every descriptor of the task_struct @task, by number, until it returns
 * false. What one descriptor leads to may be unreadable: then only fd and file are set. */
must_check struct err *open_file_each(struct kernel *k, vaddr_t task,
				      bool (*each)(void *ctx, const struct open_file *f),
				      void *ctx);

/* The root and the current directory of @task. False if it has none any more. */
must_check struct err *task_directories(struct kernel *k, vaddr_t task, bool *ret_has,
					struct path *ret_root, struct path *ret_cwd);

/* "REG", "DIR", "CHR", "BLK", "FIFO", "SOCK", "LNK" or "UNKN". */
const char *file_type_name(u32 mode);

#endif
