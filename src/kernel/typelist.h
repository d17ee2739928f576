/*
 * The few members, numbers and symbols of the crashed kernel that the collector needs,
 * fetched in one go and in little memory.
 *
 * They come from the dump's own kallsyms and BTF, for what VMCOREINFO does not tell.
 * Reading them opens the symbol table for a moment and goes through BTF piece by piece;
 * what remains is the list. Layout is public to be embedded; nothing to free.
 */
#ifndef KERNEL_TYPELIST_H
#define KERNEL_TYPELIST_H

#include "dump/dump.h"
#include "symbol/btf_scan.h"

struct typelist {
	struct btf_want wants[BTF_SCAN_MAX_WANTS];
	size_t num_wants; /* 0: there are no types */
	/* Addresses, 0 if not known. */
	vaddr_t percpu_offsets; /* __per_cpu_offset */
	vaddr_t possible_cpus;	/* __cpu_possible_mask */
};

/* Fill the list for @d. Fails if there are no types (*@ret then is an empty list, which all
 * else here takes): ERR_ABSENT or what went wrong. To be called before other threads use
 * the dump. */
must_check struct err *typelist_read(struct dump *d, struct typelist *ret);

/* Member @member of struct or union @type, NULL if there is none. */
const struct btf_want *typelist_member(const struct typelist *t, const char *type,
				       const char *member);
/* sizeof(struct @type). */
bool typelist_size(const struct typelist *t, const char *type, u64 *ret);
/* The value of an enumerator. */
bool typelist_number(const struct typelist *t, const char *name, u64 *ret);

#endif
