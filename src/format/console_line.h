/*
 * The console protocol: how inquest-capture, as PID 1 of a guest or of the capture kernel,
 * tells machines and people what it does. docs/console.md lists the events.
 *
 * Two kinds of line, both ended by '\n':
 *   `inquest: EVENT key=value key="quoted value" …`  one fact, for machines
 *   `inquest| TEXT`                                   diagnosis, for people
 * A value that is not made of letters, digits and ._:/@%+,- alone is quoted, with \" \\ and
 * \xNN inside. TEXT has been through str_escape(), so what a crashed kernel says can never
 * start a line of the first kind. Lines go through /dev/kmsg, whose records the kernel
 * prints whole: "[    1.234567] inquest: …\r\n" is what a serial console shows, and
 * console_line_parse() takes that prefix and any "\r" away.
 *
 * A struct console_line owns its text in place; nothing is allocated. No shared state.
 */
#ifndef FORMAT_CONSOLE_LINE_H
#define FORMAT_CONSOLE_LINE_H

#include "base/buf.h"

/* A kernel log record holds about 1,000 bytes (PRINTKRB_RECORD_MAX less its prefix). */
#define CONSOLE_LINE_MAX  960
#define CONSOLE_PAIRS_MAX 32

struct console_pair {
	const char *key, *value;
};

/* Layout is public. Strings point into `text`, so the struct must not be copied. */
struct console_line {
	char text[CONSOLE_LINE_MAX + 1];
	const char *event;
	struct console_pair pairs[CONSOLE_PAIRS_MAX];
	size_t num_pairs;
	bool has_kernel_time;
	u64 kernel_time_us; /* since that kernel started, from the "[…]" prefix */
};

/* Start a line for @event (a word of letters, digits and '-'). */
void console_line_begin(struct buf *b, const char *event);
void console_line_add(struct buf *b, const char *key, const char *value);
void console_line_add_u64(struct buf *b, const char *key, u64 value);
/* End the line. One longer than CONSOLE_LINE_MAX is cut there, inside an escape or a quoted
 * value if need be: such a line still parses, up to the last whole pair. */
void console_line_end(struct buf *b);

/* Append the lines of @text, each as an `inquest| …` line, escaped and cut to
 * CONSOLE_LINE_MAX. */
void console_text_add(struct buf *b, const char *text);

/* Is there a protocol line in the @len bytes at @line (one console line, with or without
 * its end)? False for every other line, never an error: a console carries anything. */
bool console_line_parse(const char *line, size_t len, struct console_line *ret);

/* Is it an `inquest| …` line? Then *@ret is its text inside @line, *@ret_len long. */
bool console_text_parse(const char *line, size_t len, const char **ret, size_t *ret_len);

/* Skip what printk puts before a record, "[    1.234567] " (with CONFIG_PRINTK_CALLER also
 * "[    T12] "), which is also of use for the kernel's own lines. Returns the number of
 * bytes skipped; *@ret_us is the time if there was one. */
size_t console_skip_prefix(const char *line, size_t len, bool *ret_has_time, u64 *ret_us);

/* The value of @key, NULL if the line has none. */
const char *console_line_find(const struct console_line *l, const char *key);
/* The same as a decimal number; false if absent or not one. */
bool console_line_u64(const struct console_line *l, const char *key, u64 *ret);

#endif
