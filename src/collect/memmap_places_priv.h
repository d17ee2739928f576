/*
 * Where in physical memory the memory map of each chunk of page frames lies: what is needed
 * to leave it out.
 *
 * 8 bytes per chunk, 64 kB per TB of RAM. Does not change once read.
 */
#ifndef COLLECT_MEMMAP_PLACES_PRIV_H
#define COLLECT_MEMMAP_PLACES_PRIV_H

#include "collect/filter_priv.h"
#include "kernel/memmap.h"

/* Of 32 TB in chunks of 128 MiB; the memory map of those beyond is kept. */
#define MEMMAP_PLACES_MAX (1u << 18)

struct memmap_places;

struct memmap_place {
	pfn_t at;    /* the first page of the map, … */
	pfn_t chunk; /* … which describes this page frame and those behind it */
};

/* Fails only without memory; what cannot be found is not in it. */
must_check struct err *memmap_places_read(struct dump_reader *r, const struct memmap *m,
					  struct memmap_places **ret);
void memmap_places_free(struct memmap_places *p);
CLEANUP_FREEP(memmap_places)

/* The index of the first map that begins at or behind page frame @at. */
size_t memmap_places_find(const struct memmap_places *p, pfn_t at);
/* False past the last. */
bool memmap_places_get(const struct memmap_places *p, size_t index,
		       struct memmap_place *ret);

#endif
