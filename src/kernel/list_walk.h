/*
 * Going along a list of struct list_head in the crashed kernel's memory.
 *
 * Every such list can be broken: what is walked is bounded, and a list that never comes
 * back to its head is an error that names where. Plain values; source:
 * include/linux/list.h.
 *
 *	list_walk_begin(&w, k, head, offset, 1000);
 *	while (!(err = list_walk_next(&w, &entry)) && entry)
 *		…
 */
#ifndef KERNEL_LIST_WALK_H
#define KERNEL_LIST_WALK_H

#include "kernel/kernel.h"

struct list_walk {
	struct kernel *k;
	vaddr_t head, node;
	u64 offset, left;
	/* A list that leads into itself is found by a marker that is moved to where we are
	 * ever less often (Brent's algorithm): no memory, however long the list. */
	vaddr_t marker;
	u64 steps, limit;
};

/* @head lies outside of the entries, whose list_head is @offset bytes into each. */
void list_walk_begin(struct list_walk *w, struct kernel *k, vaddr_t head, u64 offset,
		     u64 max);

/* The next entry, 0 behind the last. ERR_FAULT where it breaks off, ERR_BAD_DATA where it
 * loops, is not terminated, or has more than the maximum of entries. */
must_check struct err *list_walk_next(struct list_walk *w, vaddr_t *ret);

#endif
