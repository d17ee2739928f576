/*
 * A few threads that share one piece of work until it is done.
 *
 * With one worker there is no thread: the caller does the work itself. Nothing spins; what
 * the workers share is guarded by the work's own locks.
 */
#ifndef BASE_WORKERS_H
#define BASE_WORKERS_H

#include "base/err.h"

/* What each worker does, from 0 up, until the work is done or an error ends it. An error
 * does not stop the others: the work must have a way to tell them. */
typedef struct err *(*worker_fn)(void *ctx, unsigned worker);

/* Run @f in @count threads, the caller being worker 0, and wait for all. If a thread cannot
 * be had, the others do the work. Returns the error of the first of them that has one. */
must_check struct err *workers_run(unsigned count, worker_fn f, void *ctx);

#endif
