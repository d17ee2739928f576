/*
 * The serial console of a guest: bytes in, lines out, and a log file.
 *
 * Each line is handed to a callback without its end and written to the log, escaped (a
 * guest's console may carry anything) and with the seconds since the guest's start before
 * it. Bounded: a line is cut at CONSOLE_LINE_BYTES_MAX, the log stops at
 * CONSOLE_LOG_BYTES_MAX. The log's descriptor is borrowed. For one thread.
 */
#ifndef MACHINE_CONSOLE_H
#define MACHINE_CONSOLE_H

#include "base/err.h"

#define CONSOLE_LINE_BYTES_MAX 4096u
#define CONSOLE_LOG_BYTES_MAX  (16u << 20)

struct console;

/* @line is valid during the call; @at_ms counts from the guest's start. */
typedef void console_line_fn(void *ctx, const char *line, size_t len, u64 at_ms);

/* @log_fd may be -1: no log. @log_name is for sentences and must outlive the console. */
must_check struct err *console_new(int log_fd, const char *log_name, console_line_fn *fn,
				   void *ctx, struct console **ret);
void console_free(struct console *c);
CLEANUP_FREEP(console)

/* Take @len bytes that came @at_ms after the start. An error is one of the log's; the lines
 * were handed on all the same. */
must_check struct err *console_feed(struct console *c, const char *data, size_t len,
				    u64 at_ms);

/* Hand on a last line that has no end. */
must_check struct err *console_finish(struct console *c, u64 at_ms);

u64 console_bytes(const struct console *c);

#endif
