/*
 * Types of well-known global variables, which BTF does not tell.
 *
 * A table of data: a row is only used where the crashed kernel has a variable and a type of
 * these names. tests/interop/types-agree compares every row with the kernels' debuginfo.
 */
#ifndef KERNEL_KNOWN_GLOBALS_H
#define KERNEL_KNOWN_GLOBALS_H

#include "base/types.h"

struct known_global {
	const char *name;
	const char *type; /* as types_parse() takes it */
	u64 count; /* elements of an array; 0: as many as fit in front of the next symbol,
		      which may be a few more; else 1 */
};

/* NULL if it is not in the table. */
const struct known_global *known_global_find(const char *name);

/* Row @index, NULL past the last one. */
const struct known_global *known_global_get(size_t index);

#endif
