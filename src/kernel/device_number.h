/*
 * Who registered which device numbers: the rows of /proc/devices.
 *
 * Sources: fs/char_dev.c, block/genhd.c, drivers/base/map.c. Plain values; names are
 * hostile.
 */
#ifndef KERNEL_DEVICE_NUMBER_H
#define KERNEL_DEVICE_NUMBER_H

#include "kernel/kernel.h"

#define DEVICE_NUMBER_NAME_SIZE 65

struct device_number {
	u64 major, first_minor;
	char name[DEVICE_NUMBER_NAME_SIZE];
	vaddr_t cdev;	    /* of a character device, 0 if there is none at first_minor */
	vaddr_t operations; /* its file_operations, 0 if not known */
};

/* Call @each for the character devices, or the block devices, in the order of the kernel's
 * table. */
must_check struct err *
device_number_each_char(struct kernel *k,
			void (*each)(void *ctx, const struct device_number *n), void *ctx);
must_check struct err *
device_number_each_block(struct kernel *k,
			 void (*each)(void *ctx, const struct device_number *n), void *ctx);

#endif
