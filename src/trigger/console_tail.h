/*
 * The serial console of a machine as it grows: a file that its hypervisor writes, or a Unix
 * socket ("unix:PATH"). Never waits. For one thread.
 */
#ifndef TRIGGER_CONSOLE_TAIL_H
#define TRIGGER_CONSOLE_TAIL_H

#include "base/buf.h"

#define CONSOLE_TAIL_LINE_MAX 4096u

struct console_tail;

/* Read from byte @offset of the file on; -1, and any socket: what comes from now on. */
must_check struct err *console_tail_open(const char *where, s64 offset,
					 struct console_tail **ret);
void console_tail_close(struct console_tail *t);
static inline void console_tail_closep(struct console_tail **t)
{
	console_tail_close(*t);
}

/* Where the last line ends that was handed on, or is being handed on; -1 for a socket. */
s64 console_tail_offset(const struct console_tail *t);

/* Append what the file said before it was opened, in whole lines, of its last @max bytes at
 * most; nothing for a socket. Valid UTF-8 without control characters but for line ends. */
must_check struct err *console_tail_read_before(const struct console_tail *t, size_t max,
						struct buf *ret);

/* @line is without its end, cut at CONSOLE_TAIL_LINE_MAX, and valid during the call. */
typedef void console_tail_fn(void *ctx, const char *line, size_t len);

/* Hand on the whole lines that have come, of 64 KiB at most. *@ret_bytes is how much came.
 * ERR_ABSENT once a socket was closed at the other end. */
must_check struct err *console_tail_read(struct console_tail *t, console_tail_fn *fn,
					 void *ctx, size_t *ret_bytes);

#endif
