/*
 * What the parts of `kmem` share: cmd_kmem.c chooses, each of these shows one kind of
 * thing.
 */
#ifndef SHELL_KMEM_PRIV_H
#define SHELL_KMEM_PRIV_H

#include "kernel/memory_page.h"
#include "kernel/memory_zone.h"
#include "shell/command.h"

/* ---- kmem_counts.c ---- */

must_check struct err *kmem_usage(struct shell *s);    /* -i */
must_check struct err *kmem_counters(struct shell *s); /* -V */
must_check struct err *kmem_zones(struct shell *s);    /* -z */
must_check struct err *kmem_hstates(struct shell *s);  /* -h */
must_check struct err *kmem_percpu(struct shell *s);   /* -o */

/* ---- kmem_slab.c ---- */

/* -s: one line for each cache, or those of @names; -S: with all their slabs and objects, of
 * the CPUs in the list @cpus (NULL: all). */
must_check struct err *kmem_caches(struct shell *s, char *const *names, size_t num_names,
				   bool with_objects, const char *cpus);
/* The slab that @addr lies in: all its objects if @with_all, else the one. False if it is
 * in none. */
must_check struct err *kmem_slab_at(struct shell *s, vaddr_t addr, bool with_all,
				    bool *ret_is_found);

/* ---- kmem_free.c ---- */

must_check struct err *kmem_free_lists(struct shell *s); /* -f */
/* The free block that page frame @pfn is part of, which is called @addr. */
must_check struct err *kmem_free_at(struct shell *s, struct memory_pages *pages, pfn_t pfn,
				    u64 addr, bool *ret_is_found);

/* ---- kmem_address.c ---- */

must_check struct err *kmem_vmalloc(struct shell *s); /* -v */
/* What there is at @addr, in whatever way; `is_physical`: it is no kernel address. */
must_check struct err *kmem_address(struct shell *s, u64 addr, bool is_physical);
/* The vmalloc area with @addr. */
must_check struct err *kmem_vmalloc_at(struct shell *s, vaddr_t addr, bool *ret_is_found);
/* The struct page of @addr. */
must_check struct err *kmem_page_at(struct shell *s, u64 addr, bool is_physical);
/* -g: the names of page flags, or of those set in @flags. */
must_check struct err *kmem_flags(struct shell *s, bool has_flags, u64 flags);

#endif
