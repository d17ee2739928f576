/*
 * The answer that travels before the dump: panic reason and backtrace as a few lines of
 * text, made inside the capture kernel.
 *
 * Cheap: no list of tasks, no JSON, constant memory beside what kernel_open() took.
 */
#ifndef ANALYSE_BRIEF_H
#define ANALYSE_BRIEF_H

#include "base/buf.h"
#include "kernel/kernel.h"

/* Append the verdict and the backtrace of the task that panicked. All text escaped. What
 * cannot be said is left out; ERR_ABSENT if that is everything. */
must_check struct err *brief_format(struct buf *b, struct kernel *k);

/* Append only the first line of the above, from the log and panic_cpu. */
must_check struct err *brief_verdict(struct buf *b, struct kernel *k);

#endif
