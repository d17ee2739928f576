#include "shell/line.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char *skip_blanks(char *at)
{
	while (is_blank(*at))
		at++;
	return at;
}

static void cut_end(char *at)
{
	size_t len = strlen(at);

	while (len && is_blank(at[len - 1]))
		at[--len] = '\0';
}

/* Does a word that began at @word end at @at? The arrow of C is part of it. */
static bool ends_word(const char *word, const char *at)
{
	if (*at == '>' && at > word && at[-1] == '-' && !is_blank(at[1]) && at[1])
		return false;
	return is_blank(*at) || *at == '|' || *at == '>';
}

/* Go over one word, closing the gaps that quotes leave. *@at ends behind it, and *@ret_stop
 * is the character that ended it. */
static struct err *take_word(char **at, char *ret_stop)
{
	char *from = *at, *to = *at, quote = '\0';
	int depth = 0;

	for (; *from; from++) {
		if (quote) {
			if (*from == quote)
				quote = '\0';
			else
				*to++ = *from;
			continue;
		}
		if (*from == '"' || *from == '\'') {
			quote = *from;
			continue;
		}
		if (!depth && ends_word(*at, from))
			break;
		depth += *from == '(';
		depth -= *from == ')' && depth > 0;
		*to++ = *from;
	}
	if (quote)
		return err_new(ERR_USAGE, "a quote (%c) is not closed", quote);
	if (depth)
		return err_new(ERR_USAGE, "a parenthesis is not closed");
	*ret_stop = *from;
	*at = *from ? from + 1 : from;
	*to = '\0';
	return NULL;
}

/* What stands behind `>`; @at is behind the first of them. */
static struct err *take_file(struct shell_line *l, char *at)
{
	char stop;
	struct err *err;

	l->appends = *at == '>';
	at = skip_blanks(at + l->appends);
	l->file = at;
	err = take_word(&at, &stop);
	if (err)
		return err;
	if (!*l->file)
		return err_new(ERR_USAGE, "no file is named behind %s",
			       l->appends ? ">>" : ">");
	if (stop == '|' || stop == '>' || *skip_blanks(at))
		return err_new(ERR_USAGE, "nothing can follow the file %s", l->file);
	return NULL;
}

static struct err *take_pipe(struct shell_line *l, char *at)
{
	l->pipe = skip_blanks(at);
	if (!*l->pipe)
		return err_new(ERR_USAGE, "no command stands behind |");
	return NULL;
}

static struct err *take_words(struct shell_line *l, char *at)
{
	for (at = skip_blanks(at); *at; at = skip_blanks(at)) {
		char stop = *at;
		struct err *err = NULL;

		if (stop == '|' || stop == '>') {
			at++;
		} else {
			if (l->num_words == SHELL_MAX_WORDS)
				return err_new(ERR_USAGE, "more than %d words",
					       SHELL_MAX_WORDS);
			l->words[l->num_words++] = at;
			err = take_word(&at, &stop);
		}
		if (err)
			return err;
		if ((stop == '|' || stop == '>') && !l->num_words)
			return err_new(ERR_USAGE, "no command stands in front of %c", stop);
		if (stop == '|')
			return take_pipe(l, at);
		if (stop == '>')
			return take_file(l, at);
	}
	return NULL;
}

struct err *shell_line_parse(struct shell_line *l, const char *text)
{
	char *at;

	*l = (struct shell_line){.kind = SHELL_LINE_EMPTY};
	if (strlen(text) > SHELL_LINE_MAX)
		return err_new(ERR_USAGE, "a line of more than %d bytes", SHELL_LINE_MAX);
	l->text = strdup(text);
	if (!l->text)
		return err_nomem();
	cut_end(l->text);
	at = skip_blanks(l->text);
	if (!*at || *at == '#')
		return NULL;
	if (*at == '!') {
		l->kind = SHELL_LINE_ESCAPE;
		l->pipe = skip_blanks(at + 1);
		return NULL;
	}
	l->kind = SHELL_LINE_COMMAND;
	return take_words(l, at);
}

void shell_line_deinit(struct shell_line *l)
{
	free(l->text);
	l->text = NULL;
}
