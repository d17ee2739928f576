/*
 * The memory of a machine as an ELF core in one buffer, whose bytes can be changed where
 * they lie; and its reduced form, in which only what a report reads is left.
 *
 * Like all of the tests' own code it ends the program on its own mistakes.
 */
#ifndef TESTS_DUMPS_CORE_IMAGE_H
#define TESTS_DUMPS_CORE_IMAGE_H

#include "base/buf.h"
#include "base/io.h"

struct core_run {
	paddr_t start;
	u64 len;
	u64 offset; /* in the file */
};

struct core_image {
	u8 *file;
	size_t len;
	struct core_run *runs; /* ascending */
	size_t num_runs;
};

/* A core with @num runs of memory, all zero, and these notes. Takes @runs over. */
void core_image_init(struct core_image *c, const void *notes, size_t notes_len,
		     struct core_run *runs, size_t num);
void core_image_deinit(struct core_image *c);

/* Add memory, zero where there was none before: @len bytes from @start on, both pages. */
void core_image_add(struct core_image *c, paddr_t start, u64 len);

/* The byte of memory at @addr, NULL if it is not in the core; *@ret_len (if not NULL): how
 * many lie behind it. */
u8 *core_image_at(const struct core_image *c, paddr_t addr, u64 *ret_len);

/* Read the reduced dump @name of this folder. */
void core_image_read_seed(struct core_image *c, const char *name);
/* Write the bytes of @c whose bit in @touched (one per byte of the file) is set. */
void core_image_write_reduced(const struct core_image *c, const u8 *touched,
			      const void *notes, size_t notes_len, const char *path);

#endif
