/*
 * The swap areas of the machine: devices or files that pages are written to.
 *
 * Plain values. Source: include/linux/swap.h (swap_info_struct), mm/swapfile.c.
 */
#ifndef KERNEL_SWAP_AREA_H
#define KERNEL_SWAP_AREA_H

#include "kernel/kernel.h"

#define SWAP_AREAS_MAX 64 /* MAX_SWAPFILES is 32 less what migration takes */

struct swap_area {
	vaddr_t addr; /* of its struct swap_info_struct */
	bool is_device;
	u64 num_pages, num_used;
	s32 priority;
	vaddr_t file; /* struct file */
};

/* Call @each for every area that is switched on. ERR_ABSENT if the kernel has no table of
 * them that we know, ERR_FAULT if it cannot be read. */
must_check struct err *swap_area_each(struct kernel *k,
				      void (*each)(void *ctx, const struct swap_area *a),
				      void *ctx);

#endif
