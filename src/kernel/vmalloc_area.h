/*
 * The areas that vmalloc() and its kin handed out, and to whom.
 *
 * Each keeps the return address of who asked for it, which is what makes a leak of them
 * traceable. Source: include/linux/vmalloc.h, mm/vmalloc.c.
 */
#ifndef KERNEL_VMALLOC_AREA_H
#define KERNEL_VMALLOC_AREA_H

#include "kernel/kernel.h"

#define VMALLOC_AREAS_MAX (1u << 20)

struct vmalloc_area {
	vaddr_t addr; /* its struct vmap_area */
	vaddr_t vm;   /* its struct vm_struct */
	vaddr_t start;
	u64 len;	/* bytes, with its guard page */
	vaddr_t caller; /* a return address, 0 if not noted */
	u64 num_pages;	/* that were allocated for it */
};

/* Call @each for every area in use. ERR_ABSENT if the kernel has no list of them that we
 * know, ERR_FAULT if it breaks off; what was read until then has been told. */
must_check struct err *
vmalloc_area_each(struct kernel *k, void (*each)(void *ctx, const struct vmalloc_area *a),
		  void *ctx);

#endif
