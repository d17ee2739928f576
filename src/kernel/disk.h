/*
 * The disks of the crashed machine: struct gendisk, one per whole disk.
 *
 * Source: include/linux/blkdev.h, block/genhd.c. Plain values; the name is hostile text.
 */
#ifndef KERNEL_DISK_H
#define KERNEL_DISK_H

#include "base/notices.h"
#include "kernel/kernel.h"

#define DISK_NAME_SIZE 33

struct disk {
	vaddr_t addr;
	char name[DISK_NAME_SIZE]; /* "sda" */
	u64 major, first_minor;
	vaddr_t operations; /* block_device_operations */
	vaddr_t queue;	    /* request_queue */
};

/* Call @each for every disk, in the order in which they came. One that cannot be read is
 * told in @n. */
must_check struct err *disk_each(struct kernel *k, struct notices *n,
				 void (*each)(void *ctx, const struct disk *d), void *ctx);

/* The function of @d's driver that takes its requests (blk_mq_ops.queue_rq); 0 if there is
 * none, or it cannot be had. */
vaddr_t disk_driver(struct kernel *k, const struct disk *d);

#endif
