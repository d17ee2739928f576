/*
 * What debug information adds to what a dump tells by itself, as an interface: lines of
 * source, inlined functions, types of variables.
 *
 * Who has debug information fills a struct debuginfo (symbol/dwarf_file.h does), who can
 * use it takes a pointer to one, and does without where that is NULL. Addresses are those
 * of the crashed kernel. Strings belong to the debug information and are text of a file:
 * escape them before a terminal sees them.
 */
#ifndef SYMBOL_DEBUGINFO_H
#define SYMBOL_DEBUGINFO_H

#include "base/types.h"

struct source_place {
	const char *file;
	unsigned line;
};

/* A function that the compiler put into its caller. */
struct inlined_call {
	const char *function;
	struct source_place call; /* where it was called */
};

#define DEBUGINFO_MAX_INLINED 32
#define DEBUGINFO_TYPE_SIZE   256

struct variable_type {
	char name[DEBUGINFO_TYPE_SIZE]; /* "struct list_head", "gfp_t", "void" */
	unsigned pointers;		/* it is a pointer of that many levels to it */
	u64 count; /* elements of an array, 0 if not known how many; else 1 */
};

struct debuginfo {
	/* Where the code at @addr comes from: of the innermost function inlined there. */
	bool (*place)(void *ctx, u64 addr, struct source_place *ret);
	/* What is inlined at @addr, the innermost function first. Returns how many of @max
	 * there are. */
	size_t (*inlined)(void *ctx, u64 addr, struct inlined_call *ret, size_t max);
	/* The type of global variable @name of the image. */
	bool (*variable)(void *ctx, const char *name, struct variable_type *ret);
	void *ctx;
};

#endif
