/*
 * Free pages that a CPU keeps at hand: on the lists of zone.per_cpu_pageset, without the
 * mark of free memory.
 *
 * Nothing tells such a page from one in use but that it is on a list, so the lists are
 * walked and every node is checked: inside the memmap, refcount 0, not mapped and of no
 * type, linked both ways, no page twice, as many as the list's owner counts. One doubt
 * about one list and none is believed: broken lists may be why the kernel died.
 *
 * Source: mm/page_alloc.c (pindex_to_order(), free_unref_page_commit()),
 * include/linux/mmzone.h. Immutable once read.
 */
#ifndef KERNEL_PCP_H
#define KERNEL_PCP_H

#include "kernel/memmap.h"
#include "kernel/pageclass.h"
#include "kernel/typelist.h"

/* Blocks of free pages that are remembered; those beyond are kept in the dump. */
#define PCP_MAX_BLOCKS 65536

struct pcp;

/* Walk all lists of @d. Fails with the reason if they are not to be had or not to be
 * believed. What is found but not remembered is told in the dump's notices. */
must_check struct err *pcp_read(struct dump *d, const struct typelist *types,
				const struct memmap *m, const struct pageclass *classes,
				struct pcp **ret);
void pcp_free(struct pcp *p);
CLEANUP_FREEP(pcp)

/* All pages in all blocks. */
u64 pcp_num_pages(const struct pcp *p);

/* The first block of free pages that ends behind @pfn. False if there is none. */
bool pcp_find(const struct pcp *p, pfn_t pfn, pfn_t *ret_first, pfn_t *ret_end);

#endif
