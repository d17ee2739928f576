/*
 * A thread for calls that may block: its owner waits for one until a deadline, and goes on
 * without it if it must.
 *
 * One call at a time. What a call works on is the owner's `self`: the thread holds it too,
 * so it is freed when both are through with it, by @free_self from either. While a call is
 * running that was given up, nothing else is begun: HANDS_BUSY. All but the calls
 * themselves is for the owner's thread.
 */
#ifndef BACKEND_HANDS_PRIV_H
#define BACKEND_HANDS_PRIV_H

#include "base/err.h"

struct hands;

typedef void hands_call_fn(void *self);

enum hands_outcome {
	HANDS_DONE,    /* the call has returned */
	HANDS_RUNNING, /* it has begun, and has not returned by the deadline */
	HANDS_BUSY,    /* it was not begun: an earlier one still runs */
};

must_check struct err *hands_start(void *self, void (*free_self)(void *self),
				   struct hands **ret);

/* Let go, without waiting. The thread calls @last, if not NULL, when nothing runs any
 * more. */
void hands_release(struct hands *h, hands_call_fn *last);

/* Begin @fn and wait for it. */
enum hands_outcome hands_do(struct hands *h, hands_call_fn *fn, u64 deadline_ms);

/* Go on waiting for the call that is running. HANDS_DONE or HANDS_RUNNING. */
enum hands_outcome hands_wait(struct hands *h, u64 deadline_ms);

#endif
