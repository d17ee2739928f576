/*
 * Running a piece of work as a process of its own under a deadline.
 *
 * PID 1 must never hang and never die, so it does nothing itself: a phase that crashes,
 * runs out of memory or sticks in a driver costs that phase, and the next one runs.
 */
#ifndef CAPTURE_PHASE_H
#define CAPTURE_PHASE_H

#include "base/err.h"

struct phase_limits {
	u64 stall_ms;	/* without the progress counter moving, 0: no limit */
	u64 overall_ms; /* in all */
};

/* The work. Runs in the child, which is a session of its own; an error becomes the reason.
 */
typedef struct err *phase_work(void *ctx);

/* Run @work in a child until it ends or a limit is over, when it is killed with SIGKILL,
 * and what it started as well. A child that does not even die of that (it sits in the
 * kernel) is left behind. @progress is in memory shared with the child, NULL without
 * stall_ms. Returns NULL if the work returned NULL, else why not: the sentence of its own
 * error (cut to 500 bytes, code ERR_REFUSED), or by which signal or limit it ended. */
must_check struct err *phase_run(phase_work *work, void *ctx,
				 const struct phase_limits *limits, _Atomic u64 *progress);

#endif
