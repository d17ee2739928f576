/*
 * Red-black trees: struct rb_root and rb_root_cached, which begins with one.
 *
 * A node is the struct rb_node inside of whatever the tree holds: the caller takes off
 * where that lies in it. Nothing is kept from one call to the next. What is hostile or
 * broken ends in a sentence: a node that is not its parent's child, or both of its
 * children, is left out with all below it and the walk goes on, so that no node is ever
 * told twice and a walk ends. Source: include/linux/rbtree_types.h, lib/rbtree.c.
 */
#ifndef KERNEL_RBTREE_H
#define KERNEL_RBTREE_H

#include "kernel/kernel.h"

#define RBTREE_MAX_DEPTH 128 /* of 2^64 nodes, at most */
#define RBTREE_MAX_NODES (1u << 24)

enum rbtree_order {
	RBTREE_SORTED,	 /* from the leftmost on */
	RBTREE_TOP_DOWN, /* a node, then all left of it, then all right of it */
};

/* A node of a tree. Only valid in the call that tells it. */
struct rbtree_place {
	vaddr_t node;	/* struct rb_node */
	unsigned depth; /* 0: the root's node */
	const u8 *path; /* `depth` turns from there: 0 left, 1 right */
};

/* Call @each for every node of the struct rb_root at @root until it returns false. An error
 * is the first of what was in the way; all else has been told. ERR_ABSENT without types,
 * ERR_FAULT, ERR_BAD_DATA, ERR_INCOMPLETE if there are more than RBTREE_MAX_NODES. */
must_check struct err *rbtree_each(struct kernel *k, vaddr_t root, enum rbtree_order order,
				   bool (*each)(void *ctx, const struct rbtree_place *p),
				   void *ctx);

/* The same for the node at @node and what is below it; it may be 0. */
must_check struct err *
rbtree_each_below(struct kernel *k, vaddr_t node, enum rbtree_order order,
		  bool (*each)(void *ctx, const struct rbtree_place *p), void *ctx);

#endif
