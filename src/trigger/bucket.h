/*
 * Token buckets, one per key: a principal, an address, an instance.
 *
 * A bucket starts full, gives one token per request, and is filled up by the clock. The
 * table is bounded: where it is crowded the fullest bucket makes room, which is the one
 * that knows least. Any thread may take.
 */
#ifndef TRIGGER_BUCKET_H
#define TRIGGER_BUCKET_H

#include "base/err.h"

#define BUCKETS_MAX (1u << 20)

struct buckets;

/* Room for @max keys at least (1 to BUCKETS_MAX); 24 bytes each. */
must_check struct err *buckets_new(size_t max, struct buckets **ret);
void buckets_free(struct buckets *b);
CLEANUP_FREEP(buckets)

/* Take a token from the bucket of @key, which holds @tokens at most and gains
 * @refill_per_s.
 * @now_ms is of a clock that does not jump (clock_now_ms()); should it go back all the
 * same, nothing is gained. False: there was none. */
bool buckets_take(struct buckets *b, const char *key, double tokens, double refill_per_s,
		  u64 now_ms);

/* Is there one? Takes none. */
bool buckets_have(struct buckets *b, const char *key, double tokens, double refill_per_s,
		  u64 now_ms);

#endif
