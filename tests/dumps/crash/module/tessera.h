/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tessera, an invented segment store: a module that can be made to go wrong in every way
 * that a kernel can. A number written to /dev/tessera chooses the way; the tables in the .c
 * files say which. Names and messages are those of a storage driver and tell nothing, so
 * that a report on the dump has to find out by itself.
 *
 * Reading /dev/tessera gives lines "NAME ADDRESS": where things are, for the truth that is
 * noted beside the dump.
 */
#ifndef TESSERA_H
#define TESSERA_H

#include <linux/types.h>

/* What is done when @number is written. An error becomes the one of write(2). */
struct tsr_request {
	unsigned int number;
	int (*serve)(void);
};

/* Each ends with the number 0. */
extern const struct tsr_request tsr_volume_requests[];
extern const struct tsr_request tsr_cache_requests[];
extern const struct tsr_request tsr_journal_requests[];
extern const struct tsr_request tsr_index_requests[];
extern const struct tsr_request tsr_map_requests[];
extern const struct tsr_request tsr_scrub_requests[];
extern const struct tsr_request tsr_ring_requests[];
extern const struct tsr_request tsr_disk_requests[];
extern const struct tsr_request tsr_quota_requests[];

/* Show "@name @address" to who reads the control file. */
void tsr_note(const char *name, const void *address);

int tsr_disk_add(void);
void tsr_disk_remove(void);

#endif
