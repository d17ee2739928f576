/*
 * The devices of one class of the driver model, such as block_class.
 *
 * Sources: include/linux/device/class.h, drivers/base/base.h, lib/klist.c.
 */
#ifndef KERNEL_DEVICE_CLASS_H
#define KERNEL_DEVICE_CLASS_H

#include "kernel/kernel.h"

#define DEVICE_CLASS_MAX_DEVICES 65536

/* Call @each with the struct device of each device of the class whose variable is called
 * @class, in the order in which they came. ERR_ABSENT if there is no such class; what was
 * found before the list broke has been told. */
must_check struct err *device_class_each(struct kernel *k, const char *class,
					 void (*each)(void *ctx, vaddr_t device),
					 void *ctx);

#endif
