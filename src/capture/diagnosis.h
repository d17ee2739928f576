/*
 * The answer that travels before the dump: why the crashed kernel died, said on the console
 * before a disk or a network is touched, and kept for the disk.
 */
#ifndef CAPTURE_DIAGNOSIS_H
#define CAPTURE_DIAGNOSIS_H

#include "capture/sink.h"

/* Read the crashed kernel's memory at @vmcore and say what "analyse/brief.h" makes of it,
 * which becomes the file @path as well. To be run in a process of its own: it is the first
 * that should die if memory is short. */
must_check struct err *diagnosis_say(const char *vmcore, const char *path,
				     const struct sink *sink);

#endif
