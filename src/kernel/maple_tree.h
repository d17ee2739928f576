/*
 * Maple trees (struct maple_tree, since 6.1): ranges of indexes, each with an entry.
 *
 * What the kernel's own lookups would find is told, in the order of the index; gaps and
 * what is reserved are not. Nodes that are not their parent's, or not at their place there,
 * or whose pivots do not lie in their range, are left out with all below and the walk goes
 * on, so that none is ever told twice and a walk ends. Source: include/linux/maple_tree.h,
 * lib/maple_tree.c.
 */
#ifndef KERNEL_MAPLE_TREE_H
#define KERNEL_MAPLE_TREE_H

#include "kernel/kernel.h"

#define MAPLE_TREE_MAX_DEPTH   31
#define MAPLE_TREE_MAX_ENTRIES (1u << 24)

enum maple_tree_type {
	MAPLE_TREE_DENSE,
	MAPLE_TREE_LEAF_64,
	MAPLE_TREE_RANGE_64,
	MAPLE_TREE_ARANGE_64, /* as range_64, and knows its largest gap */
	MAPLE_TREE_NUM_TYPES,
};

/* Only valid in the call that tells it. */
struct maple_tree_entry {
	u64 first, last; /* of the range */
	u64 entry;	 /* as it lies there, mostly a pointer */
	bool is_value;	 /* no pointer but `value`: xa_mk_value() */
	u64 value;
	unsigned depth; /* nodes above it */
	const u8 *path; /* `depth` slots, from the root's node on */
};

/* A node on the way. Only valid in the call that tells it. */
struct maple_tree_node {
	vaddr_t addr;
	enum maple_tree_type type;
	u64 first, last;
	unsigned num_slots; /* that are in use */
	unsigned depth;	    /* nodes above it */
	const u8 *path;
	/* As it lies there, in use or not. */
	u64 parent;
	const u64 *pivots, *slots;
	unsigned num_pivots, max_slots;
};

struct maple_tree_visitor {
	/* False ends the walk. */
	bool (*entry)(void *ctx, const struct maple_tree_entry *e);
	bool (*node)(void *ctx, const struct maple_tree_node *n); /* may be NULL */
	bool with_gaps; /* tell of these as entries as well: 0 */
	void *ctx;
};

/* Tell @v of every entry of the struct maple_tree at @tree, and of a node before what is in
 * it. An error is the first of what was in the way; all else has been told. ERR_ABSENT if
 * the kernel has no such trees, ERR_FAULT, ERR_BAD_DATA, ERR_INCOMPLETE after
 * MAPLE_TREE_MAX_ENTRIES. */
must_check struct err *maple_tree_each(struct kernel *k, vaddr_t tree,
				       const struct maple_tree_visitor *v);

/* The same below @root, which is what ma_root or a slot holds. Indexes are those of a root
 * that has them all. */
must_check struct err *maple_tree_each_below(struct kernel *k, u64 root,
					     const struct maple_tree_visitor *v);

#endif
