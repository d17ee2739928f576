/*
 * A real dump, reduced to what a report reads, opened in memory, so that a test can change
 * its bytes. The seed's name is that of a file of tests/dumps/reduced.
 */
#ifndef TESTS_UNIT_ANALYSE_SEED_DUMP_H
#define TESTS_UNIT_ANALYSE_SEED_DUMP_H

#include "core_image.h"

#include "kernel/kernel.h"

struct seed_dump {
	struct core_image image;
	struct byte_source src;
	struct dump *d;
	struct kernel *k;
};

void seed_dump_open(struct seed_dump *s, const char *name);
void seed_dump_close(struct seed_dump *s);

/* Open dump and kernel anew: what was found out before does not hold for the changed
 * memory, nor for an image that was made larger. */
void seed_dump_reopen(struct seed_dump *s);

/* The byte of memory that @addr is mapped to; NULL if it was left out. */
u8 *seed_dump_at(struct seed_dump *s, vaddr_t addr);

#endif
