/*
 * Verify: go through an open dump of any format, check every descriptor, decode every page,
 * and say whether anything is missing.
 *
 * What this proves is that the file is what a reader needs: it is not cut short, not marked
 * so, and each page that it promises comes out. Whether the bytes are those that were
 * written only a sidecar can tell (collect/sidecar.h): raw pages, and most compressions,
 * carry no checksum.
 *
 * The caller owns the dump and the result; the dump is used by this call alone while it
 * runs.
 */
#ifndef COLLECT_VERIFY_H
#define COLLECT_VERIFY_H

#include "dump/dump.h"

/* So many damaged pages are told one by one: those at the lowest addresses. */
#define VERIFY_DAMAGE_MAX 16

struct verify_progress {
	pfn_t pfns_done, pfns_total;
	u64 bytes_read; /* of memory, so far */
};

struct verify_options {
	unsigned num_workers; /* 0: as CPUs allow */
	/* Called about once per megabyte, from one thread at a time; may be NULL. Returns
	 * true to give up. */
	bool (*progress)(void *ctx, const struct verify_progress *p);
	void *progress_ctx;
};

/* Pages that should be there and are not. */
struct verify_damage {
	pfn_t pfn;
	u64 count; /* at least */
	char *why; /* of one page: a sentence that names its address. NULL for pages that
		      are lost. */
};

/* Page frames of RAM that the dump speaks of are pages_present + pages_excluded +
 * pages_lost. */
struct verify_result {
	u64 pages_present;
	u64 pages_decoded; /* of those present */
	u64 pages_zero;	   /* of those decoded */
	u64 pages_damaged; /* of those present: their data does not decode */
	u64 pages_excluded;
	u64 pages_lost;	   /* descriptor wrong, or in a missing part of the file */
	u64 bytes_decoded; /* of memory */
	struct verify_damage damage[VERIFY_DAMAGE_MAX]; /* by address */
	size_t num_damage;
	bool notes_are_damaged;
	bool is_incomplete; /* the file is marked so, or truncated */
	bool is_whole;	    /* there is memory in it, and nothing of the above is wrong */
};

/* Errors are lack of memory, or ERR_INCOMPLETE if the progress function gave up; what is
 * wrong with the dump is in *@ret, which verify_result_deinit() releases. */
must_check struct err *verify_dump(struct dump *d, const struct verify_options *options,
				   struct verify_result *ret);
void verify_result_deinit(struct verify_result *r);

/* Of the page frames the dump speaks of, how many in 10,000 can be read. */
unsigned verify_coverage(const struct verify_result *r);

#endif
