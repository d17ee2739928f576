/*
 * A session of the shell over a generated machine, and what tests ask of sessions.
 *
 * A test fills the machine and then opens it: new_world(), changes to o.g, open_world().
 */
#ifndef TESTS_UNIT_SHELL_WORLD_H
#define TESTS_UNIT_SHELL_WORLD_H

#include "kernel/opened_kernel.h"

#include "gen_session.h"
#include "shell/shell.h"

struct world {
	struct opened_kernel o;
	struct shell *s;
};

/* Without a machine yet: the test makes one in o.g. */
struct world *blank_world(void);
/* With the machine of gen_session.h. */
struct world *new_world(void);

/* The session keeps what it prints; with _to, it writes that to @fd. */
void open_world(struct world *w);
void open_world_to(struct world *w, int fd);

/* The machine of gen_session.h as it is, opened. */
struct world *opened_world(void);
struct world *opened_world_to(int fd);

void free_world(struct world *w);

/* Run @line, which has to end so; what it printed. */
const char *run(struct shell *s, const char *line, enum shell_outcome expected);

/* @line is done, and prints just that. */
void assert_output(struct shell *s, const char *line, const char *expected);
/* @line is done, and @part is in what it prints. */
void assert_has(struct shell *s, const char *line, const char *part);
/* @line fails, and @part is in what it prints. */
void assert_fails(struct shell *s, const char *line, const char *part);
/* @part is in @out, which @line printed. */
void assert_part(const char *line, const char *out, const char *part);

#endif
