/* help, and the commands that end a session. */
#include "shell/command.h"

#include "base/str.h"

#include <string.h>

#define COLUMNS	     5
#define COLUMN_WIDTH 15

/* All names in columns, read downwards as crash's are. */
static void list_commands(struct shell *s)
{
	size_t count = 0, rows;

	while (shell_commands[count])
		count++;
	rows = (count + COLUMNS - 1) / COLUMNS;
	buf_add_char(shell_out(s), '\n');
	for (size_t row = 0; row < rows; row++) {
		for (size_t i = row; i < count; i += rows)
			buf_printf(shell_out(s), "%-*s", COLUMN_WIDTH,
				   shell_commands[i]->name);
		buf_add_char(shell_out(s), '\n');
	}
	buf_add_str(shell_out(s),
		    "\ninquest version: " INQUEST_VERSION "\n"
		    "For help on any command above, enter \"help <command>\".\n"
		    "For the summaries of all commands, enter \"help -a\".\n\n");
}

static void list_summaries(struct shell *s)
{
	for (size_t i = 0; shell_commands[i]; i++)
		buf_printf(shell_out(s), "%-8s  %s\n", shell_commands[i]->name,
			   shell_commands[i]->summary);
}

/* Each line of @text behind two blanks. */
static void add_indented(struct buf *b, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		buf_printf(b, "%s%.*s\n", len ? "  " : "", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static void show(struct shell *s, const struct shell_command *c)
{
	struct buf *b = shell_out(s);

	buf_printf(b, "\nNAME\n  %s - %s\n\nSYNOPSIS\n  %s ", c->name, c->summary, c->name);
	for (const char *at = c->synopsis; *at; at++) {
		buf_add_char(b, *at);
		if (*at == '\n')
			buf_printf(b, "  %*s ", (int)strlen(c->name), "");
	}
	buf_add_str(b, "\n\nDESCRIPTION\n");
	add_indented(b, c->help);
	buf_add_char(b, '\n');
}

/* An alias is explained by the command that it begins with. */
static const struct shell_command *find(const struct shell *s, const char *name)
{
	const struct shell_alias *a = shell_alias_find(s, name);
	char word[32];

	if (!a || shell_command_find(name))
		return shell_command_find(name);
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(a->command, " "), a->command);
	return shell_command_find(word);
}

static struct err *run_help(struct shell *s, struct shell_words *w)
{
	if (w->count == 0) {
		list_commands(s);
		return NULL;
	}
	if (str_eq(w->words[0], "-a")) {
		list_summaries(s);
		return NULL;
	}
	for (size_t i = 0; i < w->count; i++) {
		const struct shell_command *c = find(s, w->words[i]);

		if (!c)
			return err_new(ERR_ABSENT, "there is no command %s; help lists all",
				       w->words[i]);
		show(s, c);
	}
	return NULL;
}

static struct err *run_exit(struct shell *s, struct shell_words *w)
{
	s->wants_exit = true;
	return NULL;
}

const struct shell_command shell_cmd_help = {
	.name = "help",
	.synopsis = "[-a | command ...]",
	.summary = "get help",
	.help = "Without arguments, list all commands; with the names of commands, show the\n"
		"help text of each.\n\n"
		"    -a  list the commands with a line about each.\n\n"
		"Every line can end in one of these:\n\n"
		"    | command   hands the output to a shell command.\n"
		"    > file      writes it to a file; >> appends to it.\n\n"
		"A line that begins with ! runs a shell command, and one that begins with #\n"
		"is a comment. Quotes and parentheses keep blanks, | and > within one word.",
	.run = run_help,
};

const struct shell_command shell_cmd_exit = {
	.name = "exit",
	.synopsis = "",
	.summary = "exit this session",
	.help = "End the session. The same as q, and as the end of the input.",
	.run = run_exit,
};

const struct shell_command shell_cmd_q = {
	.name = "q",
	.synopsis = "",
	.summary = "exit this session",
	.help = "End the session. The same as exit, and as the end of the input.",
	.run = run_exit,
};
