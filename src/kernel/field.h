/*
 * Offsets, sizes and constants of the crashed kernel's types, looked up by name.
 *
 * Offsets come from VMCOREINFO where it has them, else from the dump's own BTF, which adds
 * sizes, bitfields and array lengths; it is loaded with the first lookup. Absence is a
 * value
 * (`present == false`), because members come and go between kernels: try the new name, else
 * the old one. Anonymous struct and union members are searched through. Cheap to repeat:
 * results are cached in the kernel.
 */
#ifndef KERNEL_FIELD_H
#define KERNEL_FIELD_H

#include "kernel/kernel.h"

struct field {
	bool present;
	u64 offset; /* bytes from the start of the type */
	u64 size; /* bytes of the whole member, 0 if not known (no BTF) or a flexible array
		   */
	u32 bit_offset; /* for bitfields: bits from `offset` */
	u32 bit_size;	/* 0 if not a bitfield */
	u64 count;	/* elements if the member is an array, else 1 */
};

/* @type is a struct or union name without the keyword ("task_struct"), @member may be a
 * path through named members: "thread.sp", "mnt.mnt_flags". */
struct field field_find(struct kernel *k, const char *type, const char *member);
/* ERR_ABSENT naming type and member. */
must_check struct err *field_get(struct kernel *k, const char *type, const char *member,
				 struct field *ret);

/* sizeof(struct @type). False if not known. */
bool type_size_find(struct kernel *k, const char *type, u64 *ret);
/* Value of an enumerator, e.g. "NR_FREE_PAGES" (VMCOREINFO NUMBER first, then BTF enums).
 */
bool constant_find(struct kernel *k, const char *name, u64 *ret);

/* Read the member at @base + offset as an unsigned integer of its size (1, 2, 4 or 8 bytes,
 * bitfields shifted down). If size is not known, 8 bytes are read. ERR_ABSENT if not
 * present. */
must_check struct err *field_read(struct kernel *k, vaddr_t base, const struct field *f,
				  u64 *ret);
/* field_get() and field_read() in one, for rare reads. */
must_check struct err *field_read_by_name(struct kernel *k, vaddr_t base, const char *type,
					  const char *member, u64 *ret);

#endif
