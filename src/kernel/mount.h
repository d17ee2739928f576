/*
 * What is mounted where, as a task sees it.
 *
 * Sources: fs/mount.h, fs/namespace.c. Plain values; texts are hostile.
 */
#ifndef KERNEL_MOUNT_H
#define KERNEL_MOUNT_H

#include "base/notices.h"
#include "kernel/path.h"
#include "kernel/super_block.h"

#define MOUNTS_MAX	  (1u << 20)
#define MOUNT_DEVICE_SIZE 256

struct mount {
	vaddr_t addr; /* struct mount */
	vaddr_t root; /* dentry at its top */
	struct super_block super_block;
	char device[MOUNT_DEVICE_SIZE]; /* "/dev/sda1", or a name such as "proc" */
	char directory[PATH_TEXT_SIZE]; /* where it is */
};

/* Call @each for everything mounted in the mount namespace of the task_struct @task, in
 * the order of that namespace. What cannot be read of one mount stays empty, and is told in
 * @n. ERR_ABSENT if the task has no such namespace any more. */
must_check struct err *mount_each(struct kernel *k, vaddr_t task, struct notices *n,
				  void (*each)(void *ctx, const struct mount *m),
				  void *ctx);

#endif
