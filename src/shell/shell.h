/*
 * A session on a dump: commands with the names, options and layout of crash's, over the
 * kernel of an open dump.
 *
 * The session borrows the kernel, and belongs to the same one thread. It prints nothing
 * itself: output goes to a sink, which is what shell_options.stdout_fd names, a file, or a
 * shell command, as each line says. What a command cannot do is an error, told as crash
 * does ("bt: invalid task or pid value: zzz") in the same stream, and the session goes on.
 * shell/command.h is the inside that commands see.
 */
#ifndef SHELL_SHELL_H
#define SHELL_SHELL_H

#include "base/buf.h"
#include "kernel/kernel.h"
#include "symbol/debuginfo.h"

struct shell;

/* Layout public. */
struct shell_options {
	int stdout_fd;	     /* -1: all output is kept, see shell_kept() */
	bool has_terminal;   /* standard output is one: pages can be shown one by one */
	const char *program; /* "crash" or "inquest", in front of errors of the session */
	const char *vmlinux; /* the file given as such, NULL if none; shown by `sys` */
	const struct debuginfo *debuginfo; /* of it; NULL: none */
	/* Asked in long commands: has the user interrupted? NULL: never. */
	bool (*should_stop)(void *ctx);
	void *ctx;
};

/* Fails only without memory. Strings of @o and @k must outlive the session. */
must_check struct err *shell_open(struct kernel *k, const struct shell_options *o,
				  struct shell **ret);
void shell_close(struct shell *s);
static inline void shell_closep(struct shell **s)
{
	shell_close(*s);
}

/* Print what crash prints first: the banner with the context. */
must_check struct err *shell_print_banner(struct shell *s);

/* What became of a line. */
enum shell_outcome {
	SHELL_DONE,
	SHELL_FAILED, /* the line or its command failed, which was told */
	SHELL_EXIT,   /* the line asked for the end of the session */
};

/* Run one line, and what it says of pipes and files. Fails where the session cannot go on:
 * without memory, or if standard output cannot be written. */
must_check struct err *shell_run(struct shell *s, const char *line,
				 enum shell_outcome *ret);

/* The output so far, for stdout_fd -1; forgotten with the next line. */
const char *shell_kept(const struct shell *s);

/* Call @each with every word that may stand where @start is being typed: commands and
 * aliases if @is_first, else symbols and structures that begin so. At most @max. */
void shell_complete(struct shell *s, const char *start, bool is_first, size_t max,
		    void (*each)(void *ctx, const char *word), void *ctx);

#endif
