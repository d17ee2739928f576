/*
 * What `inquest investigate` says while it waits: what happened, a line each, and on a
 * terminal a last line that lives: how long, how much moved, what the console said last.
 * On standard error. One thread.
 */
#ifndef CMD_INVESTIGATE_LINE_H
#define CMD_INVESTIGATE_LINE_H

#include "base/types.h"

#define INVESTIGATE_CONSOLE_MAX 60u

struct investigate_line {
	bool is_terminal;
	u64 start_ms, drawn_ms;
	u64 moved;			       /* bytes written since the interrupt */
	bool has_moved;			       /* it can be told */
	char console[INVESTIGATE_CONSOLE_MAX]; /* the last line, escaped and cut */
	bool is_open;			       /* the living line is on the screen */
};

void investigate_line_start(struct investigate_line *l);
/* @state is a word, @text a sentence that may hold text of the machine. */
void investigate_line_tell(struct investigate_line *l, const char *state, const char *text);
/* Remember the last line of the console. */
void investigate_line_set_console(struct investigate_line *l, const char *line, size_t len);
/* Draw the living line anew, if it is time to. */
void investigate_line_draw(struct investigate_line *l, const char *state);
void investigate_line_end(struct investigate_line *l);

#endif
