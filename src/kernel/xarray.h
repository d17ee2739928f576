/*
 * XArrays: struct xarray, and what has been one since 4.20 under other names, the radix
 * tree (struct radix_tree_root) and the IDR (struct idr begins with one).
 *
 * What the kernel's own lookups would find is told, in the order of the index: not what is
 * reserved, nor places that are being emptied. An entry that covers several indexes, as a
 * large folio does, is told once. Nodes that are not their parent's, or not at their place
 * there, are left out with all below and the walk goes on, so that none is ever told twice
 * and a walk ends. Source: include/linux/xarray.h, lib/xarray.c.
 */
#ifndef KERNEL_XARRAY_H
#define KERNEL_XARRAY_H

#include "kernel/kernel.h"

#define XARRAY_MAX_DEPTH   16
#define XARRAY_MAX_ENTRIES (1u << 28)

/* Only valid in the call that tells it. */
struct xarray_entry {
	u64 index, last; /* of what it covers */
	u64 entry;     /* as it lies there: mostly a pointer, some with tags in low bits */
	bool is_value; /* no pointer but `value`: xa_mk_value() */
	u64 value;
	unsigned depth; /* nodes above it */
	const u8 *path; /* `depth` slots, from the root's node on */
};

/* Call @each for every entry of the struct xarray at @xarray until it returns false. An
 * error is the first of what was in the way; all else has been told. ERR_ABSENT without
 * types, ERR_FAULT, ERR_BAD_DATA, ERR_INCOMPLETE after XARRAY_MAX_ENTRIES. */
must_check struct err *xarray_each(struct kernel *k, vaddr_t xarray,
				   bool (*each)(void *ctx, const struct xarray_entry *e),
				   void *ctx);

/* The same below @head: what xa_head or a slot holds, or the address of a struct xa_node.
 * Indexes count from where that node begins. */
must_check struct err *
xarray_each_below(struct kernel *k, u64 head,
		  bool (*each)(void *ctx, const struct xarray_entry *e), void *ctx);

/* What lies at @index; 0 if nothing does. */
must_check struct err *xarray_load(struct kernel *k, vaddr_t xarray, u64 index, u64 *ret);

#endif
