/*
 * Ranges of I/O ports and of physical memory, and what each is for: the tree behind
 * /proc/ioports and /proc/iomem.
 *
 * Source: include/linux/ioport.h, kernel/resource.c. Plain values; names are hostile.
 */
#ifndef KERNEL_IO_RESOURCE_H
#define KERNEL_IO_RESOURCE_H

#include "kernel/kernel.h"

#define IO_RESOURCES_MAX      65536
#define IO_RESOURCE_MAX_DEPTH 32
#define IO_RESOURCE_NAME_SIZE 128

struct io_resource {
	vaddr_t addr;	/* struct resource */
	u64 start, end; /* both included */
	unsigned depth; /* 0: the whole of it */
	char name[IO_RESOURCE_NAME_SIZE];
};

/* Call @each for the struct resource that is the variable @symbol ("iomem_resource") and
 * all in it, each before what it contains, until it returns false. */
must_check struct err *
io_resource_each(struct kernel *k, const char *symbol,
		 bool (*each)(void *ctx, const struct io_resource *r), void *ctx);

#endif
