/*
 * The exit statuses of every verb: one table, documented in docs/errors.md.
 *
 * A verb either succeeds, fails with an error whose code maps to a status here, or sets a
 * more exact status itself (see struct cmd).
 */
#ifndef CMD_EXIT_H
#define CMD_EXIT_H

#include "base/err.h"

enum exit_status {
	EXIT_DONE = 0,	       /* done; for a report: one was made, whatever it says */
	EXIT_FAILED = 1,       /* nothing could be done or said */
	EXIT_USAGE = 2,	       /* the command line is off */
	EXIT_NOT_READY = 3,    /* not armed, not ready, denied, or loading was refused */
	EXIT_INCOMPLETE = 4,   /* a result was cut short and is marked so */
	EXIT_UNSAFE = 5,       /* refused, because going on would not be safe */
	EXIT_CAPTURE_DIED = 6, /* the capture kernel died, or saved nothing */
};

/* The status for an error that ended a verb; EXIT_DONE for NULL. */
enum exit_status exit_status_for(const struct err *err);

#endif
