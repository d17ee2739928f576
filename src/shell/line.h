/*
 * One command line of the shell, taken apart: words, and where the output goes.
 *
 * The syntax is crash's: words are separated by blanks; '…', "…" and (…) keep blanks, `|`
 * and `>` inside one word, quotes go away and parentheses stay; `| command` and `! command`
 * hand the rest of the line to a shell; `> file` and `>> file` redirect; `#` starts a
 * comment line. Pure; the struct owns its text.
 */
#ifndef SHELL_LINE_H
#define SHELL_LINE_H

#include "base/err.h"

#define SHELL_LINE_MAX	4096 /* bytes */
#define SHELL_MAX_WORDS 100

enum shell_line_kind {
	SHELL_LINE_EMPTY,   /* nothing, or a comment */
	SHELL_LINE_ESCAPE,  /* `pipe` is a shell command of its own; "" asks for a shell */
	SHELL_LINE_COMMAND, /* at least one word */
};

/* Layout public. Strings point into `text`. */
struct shell_line {
	enum shell_line_kind kind;
	char *text;
	char *words[SHELL_MAX_WORDS + 1]; /* NULL behind the last */
	size_t num_words;
	const char *pipe; /* the command behind `|` or `!`, NULL if there is none */
	const char *file; /* what `>` or `>>` names, NULL if there is none */
	bool appends;	  /* `>>` */
};

/* ERR_USAGE, a sentence, for a line that is too long, has too many words, or a quote, a
 * parenthesis, a pipe or a redirection without its other half. The caller calls
 * shell_line_deinit() in any case. */
must_check struct err *shell_line_parse(struct shell_line *l, const char *text);
void shell_line_deinit(struct shell_line *l);

#endif
