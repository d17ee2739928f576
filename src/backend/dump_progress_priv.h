/*
 * A dump that a hypervisor makes, as far as it has come: told to whoever asked for it, and
 * given up when it stands still or is cancelled. Layout is public; nothing is owned.
 */
#ifndef BACKEND_DUMP_PROGRESS_PRIV_H
#define BACKEND_DUMP_PROGRESS_PRIV_H

#include "backend/backend.h"

struct dump_progress {
	u64 idle_ms;			     /* how long it may stand still */
	const volatile sig_atomic_t *cancel; /* NULL: cannot be cancelled */
	backend_progress_fn *progress;	     /* may be NULL */
	void *ctx;

	/* For itself. */
	u64 moved_ms, done;
};

/* It begins now. */
void dump_progress_start(struct dump_progress *p);

/* It has come to @done bytes of @total. */
void dump_progress_note(struct dump_progress *p, u64 done, u64 total);

/* ERR_REFUSED if it is cancelled, with @consequence ("" or "; …") in the sentence;
 * ETIMEDOUT if it stands still. */
must_check struct err *dump_progress_check(const struct dump_progress *p,
					   const char *consequence);

#endif
