/*
 * The one place where inquest-capture speaks: the kernel log, and through it every console.
 *
 * /dev/kmsg takes one record per write and the kernel prints it whole, with a time stamp;
 * where there is none (a host's unit test) lines go to the descriptor given. A sink may be
 * shared by processes. Speaking never fails: there is nobody to tell.
 */
#ifndef CAPTURE_SINK_H
#define CAPTURE_SINK_H

#include "base/buf.h"

struct sink {
	int fd;
	bool is_kmsg;
};

/* Open /dev/kmsg, else /dev/console, else take standard error. */
struct sink sink_open(void);

/* Say the lines of @lines (see format/console_line.h) and empty it. */
void sink_say(const struct sink *s, struct buf *lines);

/* End the fact begun in @line, say it and empty @line. */
void sink_fact(const struct sink *s, struct buf *line);

/* `inquest: warning reason="…"`; frees @err. */
void sink_warn(const struct sink *s, struct err *err);

#endif
