/*
 * A kernel command line as words: finding parameters, and whole words in order.
 *
 * Words are separated by white space; double quotes keep white space in a word, as in
 * lib/cmdline.c next_arg() of the kernel. No state, nothing owned.
 */
#ifndef FORMAT_KERNEL_CMDLINE_H
#define FORMAT_KERNEL_CMDLINE_H

#include "base/buf.h"

/* COMMAND_LINE_SIZE of x86, with the terminating 0. */
#define KERNEL_CMDLINE_SIZE 2048

/* The next word at *@pos: its start, *@ret_len long, with its quotes; NULL at the end. */
const char *kernel_cmdline_next(const char **pos, size_t *ret_len);

/* Does the word of @len bytes at @word set parameter @name, as NAME or NAME=…? '-' and '_'
 * are the same, as the kernel compares names. */
bool kernel_cmdline_is(const char *word, size_t len, const char *name);

/* The value of the last parameter @name= in @text, without quotes, appended to @b. False if
 * it is not there. */
bool kernel_cmdline_find(const char *text, const char *name, struct buf *b);

/* Does @text have @name, with or without a value? */
bool kernel_cmdline_has(const char *text, const char *name);

#endif
