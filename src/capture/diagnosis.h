/*
 * The answer that travels before the dump: why the crashed kernel died, said on the console
 * before a disk or a network is touched.
 */
#ifndef CAPTURE_DIAGNOSIS_H
#define CAPTURE_DIAGNOSIS_H

#include "capture/sink.h"

/* Read the crashed kernel's memory at @vmcore and say the panic and the backtrace of the
 * task that panicked. To be run in a process of its own: it is the first that should die if
 * memory is short. */
must_check struct err *diagnosis_say(const char *vmcore, const struct sink *sink);

#endif
