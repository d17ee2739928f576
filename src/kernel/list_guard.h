/*
 * Notices that a list of the dump leads back into itself and not to its head.
 *
 * Brent's way: the node where a power of two was reached is kept, and compared with those
 * that follow. It takes no memory; a loop is noticed before it has been gone round three
 * times, one of a single node at once. Zero-initialise; one guard for each list.
 */
#ifndef KERNEL_LIST_GUARD_H
#define KERNEL_LIST_GUARD_H

#include "base/err.h"

struct list_guard {
	vaddr_t kept;
	u64 steps, limit;
};

/* To be called with each node. ERR_BAD_DATA naming it if it was there before. */
must_check static inline struct err *list_guard_check(struct list_guard *g, vaddr_t node)
{
	if (g->limit && node == g->kept)
		return err_new(ERR_BAD_DATA, "the list loops at 0x%llx",
			       (unsigned long long)node);
	if (g->steps++ >= g->limit) {
		g->kept = node;
		g->limit = g->limit ? 2 * g->limit : 1;
		g->steps = 0;
	}
	return NULL;
}

#endif
