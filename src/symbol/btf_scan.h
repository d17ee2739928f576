/*
 * A few facts out of the kernel's own type information, which is never in memory as a
 * whole.
 *
 * For the capture kernel: BTF of several megabytes is gone through in pieces of 64 kB, and
 * what is remembered is the place of every 64th type. Whoever needs more than a handful of
 * members uses symbol/btf.h. No state remains: one call asks for everything.
 *
 * Source: Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
 */
#ifndef SYMBOL_BTF_SCAN_H
#define SYMBOL_BTF_SCAN_H

#include "base/err.h"

#define BTF_SCAN_MAX_WANTS 64

/* One question and its answer. Layout is public.
 *   type and member: offset, size and count of that member of the struct or union; members
 *	of anonymous members count as members
 *   type alone: the size of the struct or union
 *   member alone: the value of the enumerator of that name */
struct btf_want {
	const char *type, *member;
	bool present;
	u64 value; /* offset of a member, size of a struct, value of an enumerator (negative
		      ones as 64-bit two's complement) */
	u64 size;  /* of a member in bytes, 0 if not known or a bitfield */
	u64 count; /* elements if the member is an array, else 1 */
};

/* Read exactly @len bytes at @offset of the BTF. */
typedef struct err *(*btf_scan_read)(void *ctx, u64 offset, void *data, size_t len);

/* Answer all @wants from @len bytes of BTF. ERR_BAD_DATA, ERR_UNSUPPORTED or the error of
 * @read if it cannot be gone through; what is not in it is not an error. */
must_check struct err *btf_scan(btf_scan_read read, void *ctx, u64 len,
				struct btf_want *wants, size_t num_wants);

#endif
