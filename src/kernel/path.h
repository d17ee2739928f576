/*
 * Where a file lies: the path from a dentry up through the mounts to the root of the
 * machine.
 *
 * As the kernel's d_path() does it, but for what needs code of a filesystem: the names that
 * sockets and pipes make up when asked. Names are raw bytes of the dump, and hostile;
 * parents that lead in a circle are found by the length of the path. Sources: fs/d_path.c,
 * fs/mount.h, include/linux/dcache.h. Plain values.
 */
#ifndef KERNEL_PATH_H
#define KERNEL_PATH_H

#include "kernel/kernel.h"

#define PATH_TEXT_SIZE 4096

/* struct path: an entry of a directory, and the mount through which it was reached. */
struct path {
	vaddr_t mount; /* struct vfsmount; 0 if not known: the path ends where its
			  filesystem does */
	vaddr_t dentry;
};

/* Read the struct path at @addr. */
must_check struct err *path_read(struct kernel *k, vaddr_t addr, struct path *ret);

/* Of a dentry alone, a mount through which it can be reached; leaves it alone if there is
 * none. */
void path_find_mount(struct kernel *k, struct path *p);

/* "/usr/bin/sh"; "" for a pipe, "[eventpoll]" for what has no place in a tree. ERR_BAD_DATA
 * for a path that is longer than can be, or whose parents are in a circle. */
must_check struct err *path_format(struct kernel *k, const struct path *p,
				   char text[PATH_TEXT_SIZE]);

#endif
