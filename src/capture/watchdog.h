/*
 * The hardware watchdogs that are there, fed while a capture is at work: a dump takes
 * longer than their patience. A process of its own does it.
 */
#ifndef CAPTURE_WATCHDOG_H
#define CAPTURE_WATCHDOG_H

#include "capture/sink.h"

#include <sys/types.h>

/* Feed them, for at most @limit_ms: a capture that hangs for longer is ended by them. 0 if
 * there are none, or no process can be had. */
pid_t watchdog_start(const struct sink *sink, u64 limit_ms);

/* Close them as their drivers want it, so that they do not bark at what comes next. */
void watchdog_stop(pid_t pid);

#endif
