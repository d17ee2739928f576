/*
 * What a process has mapped: its virtual memory areas, by address.
 *
 * Plain values. Since 763ecb035029 ("mm: remove the vma linked list"), v6.1, they are
 * entries of a maple tree, and before that a list. Source: include/linux/mm_types.h.
 */
#ifndef KERNEL_VMA_H
#define KERNEL_VMA_H

#include "kernel/kernel.h"

#define VMAS_MAX (1u << 20) /* more than a process may have (max_map_count) */

struct vma {
	vaddr_t addr; /* of its struct vm_area_struct */
	vaddr_t start, end;
	u64 flags;	 /* VM_… */
	vaddr_t file;	 /* struct file, 0 if none */
	u64 page_offset; /* into it, in pages */
};

/* Call @each for every area of the mm_struct at @mm until it returns false. What cannot be
 * read is left out, and the first reason returned in the end; ERR_ABSENT if the kernel has
 * neither tree nor list that we know. */
must_check struct err *vma_each(struct kernel *k, vaddr_t mm,
				bool (*each)(void *ctx, const struct vma *v), void *ctx);

#endif
