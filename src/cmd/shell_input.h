/*
 * Lines for the shell: from a person at a terminal, with history and completion, or from a
 * file.
 *
 * The object is owned by the caller and belongs to one thread. Without libedit a person
 * gets plain lines.
 */
#ifndef CMD_SHELL_INPUT_H
#define CMD_SHELL_INPUT_H

#include "shell/shell.h"

struct shell_input;

/* Lines from a person at the terminal that is standard input and output. @s, borrowed,
 * knows what words there are. */
must_check struct err *shell_input_open_terminal(struct shell *s, const char *prompt,
						 struct shell_input **ret);
/* Lines of the file at @path, or of standard input for NULL. */
must_check struct err *shell_input_open_file(const char *path, struct shell_input **ret);
/* Takes the history down to its file. */
void shell_input_close(struct shell_input *in);
static inline void shell_input_closep(struct shell_input **in)
{
	shell_input_close(*in);
}

/* The next line without its end, valid until the next call. NULL in *@ret at the end of the
 * input. An interruption (Ctrl-C) at a terminal gives an empty line. */
must_check struct err *shell_input_next(struct shell_input *in, const char **ret);

#endif
