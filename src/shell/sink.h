/*
 * Where the output of a command goes: a descriptor, a file, the standard input of a shell
 * command, or memory.
 *
 * Commands append to `b` and call sink_flush_some() now and then; whoever opened the sink
 * closes it. When nobody reads any more (a pager that was left) or a write fails, `is_shut`
 * becomes true and commands stop early. Layout public; one thread.
 */
#ifndef SHELL_SINK_H
#define SHELL_SINK_H

#include "base/buf.h"
#include "base/child.h"

struct sink {
	struct buf b;
	int fd;		  /* -1: all stays in `b` */
	const char *name; /* for errors, borrowed */
	bool owns_fd;
	bool is_shut;
	bool is_foreground; /* the child got the terminal */
	struct child *child;
	struct err *why; /* the first write that failed, other than for a reader that left
			  */
};

/* Nothing to free but the memory of `b`. */
struct sink sink_to_memory(void);
struct sink sink_to_fd(int fd, const char *name);

/* Create or append to @path. */
must_check struct err *sink_open_file(struct sink *s, const char *path, bool appends);

/* Start `/bin/sh -c @command`, whose standard output is @stdout_fd, with what is written to
 * the sink as its standard input. @has_terminal: it may use the terminal. */
must_check struct err *sink_open_pipe(struct sink *s, const char *command, int stdout_fd,
				      bool has_terminal);

/* Write what there is if it is much; or all. */
void sink_flush_some(struct sink *s);
void sink_flush(struct sink *s);

/* Flush, close, and wait for the child. An error if a write failed. The sink is as after
 * sink_to_memory() then. */
must_check struct err *sink_close(struct sink *s);

/* Run `/bin/sh -c @command` to its end ("": an interactive shell). */
must_check struct err *sink_run_shell(const char *command, int stdout_fd,
				      bool has_terminal);

#endif
