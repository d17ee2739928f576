/*
 * How the page tables of the crashed machine map an address: each entry on the way, and
 * where it ends. For the kernel's own addresses, and for those of a process.
 *
 * Plain values. Kernel memory is read with kernel_read(), which knows what is linear; this
 * is for showing the way, and for the memory of processes.
 */
#ifndef KERNEL_PAGE_WALK_H
#define KERNEL_PAGE_WALK_H

#include "kernel/task.h"

#define PAGE_WALK_MAX_STEPS 5

struct page_step {
	const char *table; /* "PGD", "P4D", "PUD", "PMD", "PTE" */
	paddr_t at;	   /* of the entry */
	u64 entry;
};

struct page_walk {
	struct page_step steps[PAGE_WALK_MAX_STEPS];
	size_t num_steps; /* the last is the leaf, or where the way ends */
	bool is_mapped;
	paddr_t paddr;
	u64 page_len;  /* bytes that the leaf maps */
	char why[256]; /* a sentence unless is_mapped */
};

/* Walk from the kernel's top table. ERR_ABSENT if it is not known. */
must_check struct err *page_walk_kernel(struct kernel *k, vaddr_t addr,
					struct page_walk *ret);
/* Walk from that of @task's memory. ERR_ABSENT if it has none (a kernel thread). */
must_check struct err *page_walk_task(struct kernel *k, const struct task *task,
				      vaddr_t addr, struct page_walk *ret);

/* Read memory of a process; may cross pages. ERR_FAULT naming the address and why. */
must_check struct err *task_user_read(struct kernel *k, const struct task *task,
				      vaddr_t addr, void *data, size_t len);

#endif
