/*
 * Random small machines: what lies where, what each page is used for, and how a dump file
 * describes it, all decided by one number, with the answer of which pages a collector must
 * keep.
 *
 * RAM has holes and may begin or end inside a page, pages are zero, equal to others or hard
 * to compress, the memmap has blocks of all classes and sizes. The kernel's own pages at
 * the bottom are always there, as their memmap is needed. Machines of the same number are
 * equal.
 */
#ifndef TESTS_DUMPS_GEN_RANDOM_H
#define TESTS_DUMPS_GEN_RANDOM_H

#include "gen_kernel.h"

enum gen_use {
	GEN_USE_KERNEL,
	GEN_USE_FREE,
	GEN_USE_CACHE,
	GEN_USE_CACHE_PRIVATE,
	GEN_USE_USER,
	GEN_USE_BROKEN, /* or offline: never in a dump */
};

struct gen_random {
	struct gen g;
	enum gen_kernel_flavour flavour;
	u64 state; /* of the random numbers */
	u8 *uses;  /* enum gen_use per page frame */
	/* Bytes of a page frame that are not RAM, at its start and its end; they are zero
	 * in `g`. Only an ELF core can say so. */
	u16 *cut_start, *cut_end;
};

void gen_random_init(struct gen_random *r, u64 seed);
/* The same with 256 page frames. */
void gen_random_init_small(struct gen_random *r, u64 seed);
void gen_random_deinit(struct gen_random *r);

/* The next random number below @limit. */
u64 gen_random_below(struct gen_random *r, u64 limit);

/* Append the machine's dump: an ELF core, whose form is random too, or a kdump-compressed
 * file. */
void gen_random_elf(struct gen_random *r, struct buf *out);
void gen_random_kdump(struct gen_random *r, struct buf *out);

/* Is the page one that a dump of @level holds, if its source has it? */
bool gen_random_is_wanted(const struct gen_random *r, pfn_t pfn, unsigned level);
bool gen_random_is_zero(const struct gen_random *r, pfn_t pfn);

#endif
