/*
 * The answer that travels before the dump: verdict, evidence, backtrace, CPUs, blocked
 * tasks, memory and the last of the log as a few dozen lines of text, made inside the
 * capture kernel.
 *
 * No JSON, and some 300 kB of memory beside what kernel_open() took.
 */
#ifndef ANALYSE_BRIEF_H
#define ANALYSE_BRIEF_H

#include "base/buf.h"
#include "kernel/kernel.h"

/* Append all of it, escaped; the longest lists are cut, and that is told. What cannot be
 * said is left out; ERR_ABSENT if that is everything. */
must_check struct err *brief_format(struct buf *b, struct kernel *k);

#endif
