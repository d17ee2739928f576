/*
 * Signatures that were seen already: what a captured request is worth when it comes again.
 *
 * Only requests that would have injected enter, each until its time window is over; then it
 * cannot be replayed any more. A repetition gets the outcome that is recorded here.
 * Bounded: when it is full, what is new is refused, since a signature forgotten too early
 * is one that can be used twice. Any thread.
 */
#ifndef TRIGGER_REPLAY_H
#define TRIGGER_REPLAY_H

#include "trigger/engine.h"

#define REPLAY_HASH_LEN 64u /* SHA-256 of key and signature, hexadecimal */

struct replay;

must_check struct err *replay_new(size_t capacity, struct replay **ret);
void replay_free(struct replay *r);
CLEANUP_FREEP(replay)

/* Another capacity from now on; nothing is forgotten. ERR_NOMEM leaves it as it was. */
must_check struct err *replay_resize(struct replay *r, size_t capacity);

enum replay_verdict {
	REPLAY_NEW,	/* entered now */
	REPLAY_UNKNOWN, /* seen, and its outcome is not known yet */
	REPLAY_ENDED,	/* seen, with the outcome in *@ret */
	REPLAY_FULL,	/* new, and there is no room */
};

/* Enter @hash until @until, or tell what became of it. Times are UTC seconds. */
enum replay_verdict replay_enter(struct replay *r, const char *hash, s64 until, s64 now,
				 enum engine_outcome *ret);

/* Record how it ended. */
void replay_end(struct replay *r, const char *hash, enum engine_outcome outcome);

size_t replay_count(struct replay *r);

#endif
