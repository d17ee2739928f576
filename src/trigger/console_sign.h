/*
 * What one line of a machine's serial console means for its capture. Text of the guest is
 * hostile; all that can come of it is one of these words. No state.
 */
#ifndef TRIGGER_CONSOLE_SIGN_H
#define TRIGGER_CONSOLE_SIGN_H

#include "base/types.h"

enum console_sign {
	CONSOLE_NOTHING,
	CONSOLE_IGNORED_NMI,	 /* "Dazed and confused, but trying to continue" */
	CONSOLE_PANIC,		 /* "Kernel panic - not syncing: …" */
	CONSOLE_BANNER,		 /* "Linux version …": a kernel starts */
	CONSOLE_CAPTURE_CMDLINE, /* its command line has elfcorehdr= */
	CONSOLE_OTHER_CMDLINE,	 /* it has not: no capture kernel */
	CONSOLE_CAPTURE_STARTS,	 /* inquest-capture, as PID 1 of a capture kernel */
	CONSOLE_SAVED,		 /* the dump is complete */
	CONSOLE_NOT_SAVED,	 /* the capture kernel says that it failed, or in part */
};

/* *@detail, of @detail_size bytes, gets the directory of CONSOLE_SAVED, or the reason of
 * CONSOLE_NOT_SAVED, where the line has it; else "". */
enum console_sign console_sign_of(const char *line, size_t len, char *detail,
				  size_t detail_size);

#endif
