/* alias and repeat: lines that run other lines. */
#include "shell/command.h"

#include "base/clock.h"
#include "base/str.h"

#include <string.h>

#define MAX_ALIASES 1000

static void print_heading(struct shell *s)
{
	buf_add_str(shell_out(s), "ORIGIN   ALIAS    COMMAND\n");
}

static void print_alias(struct shell *s, const struct shell_alias *a)
{
	buf_printf(shell_out(s), "%-7s  %-7s  %s\n", a->is_builtin ? "builtin" : "runtime",
		   a->name, a->command);
}

static void print_all(struct shell *s)
{
	print_heading(s);
	for (size_t i = 0; i < s->num_aliases; i++)
		print_alias(s, &s->aliases[i]);
}

static void forget(struct shell *s, const struct shell_alias *a)
{
	size_t i = (size_t)(a - s->aliases);

	free(s->aliases[i].name);
	free(s->aliases[i].command);
	memmove(&s->aliases[i], &s->aliases[i + 1],
		(s->num_aliases - i - 1) * sizeof(*s->aliases));
	s->num_aliases--;
}

static struct err *delete_alias(struct shell *s, const char *name)
{
	const struct shell_alias *a = shell_alias_find(s, name);

	if (!a)
		return err_new(ERR_ABSENT, "alias does not exist: %s", name);
	buf_printf(shell_out(s), "alias deleted: %s\n", name);
	forget(s, a);
	return NULL;
}

static struct err *add_alias(struct shell *s, const char *name, const struct buf *command)
{
	const struct shell_alias *old = shell_alias_find(s, name);
	struct shell_alias *bigger, *a;
	struct err *err = buf_check(command);

	if (err)
		return err;
	if (!old && s->num_aliases >= MAX_ALIASES)
		return err_new(ERR_USAGE, "there are %d aliases already", MAX_ALIASES);
	if (old)
		forget(s, old);
	bigger = reallocarray(s->aliases, s->num_aliases + 1, sizeof(*bigger));
	if (!bigger)
		return err_nomem();
	s->aliases = bigger;
	a = &bigger[s->num_aliases];
	*a = (struct shell_alias){.name = strdup(name),
				  .command = strdup(buf_text(command))};
	if (!a->name || !a->command) {
		free(a->name);
		free(a->command);
		return err_nomem();
	}
	s->num_aliases++;
	print_heading(s);
	print_alias(s, a);
	return NULL;
}

/* Quotes are gone from the words: put them back where they are needed. */
static void add_word(struct buf *b, const char *word)
{
	bool is_plain = *word && !strpbrk(word, " \t|>'\"");
	const char *quote = is_plain ? "" : strchr(word, '"') ? "'" : "\"";

	buf_printf(b, "%s%s%s", quote, word, quote);
}

static void join_words(struct buf *b, char **words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_add_str(b, i ? " " : "");
		if (count == 1)
			buf_add_str(b, words[i]);
		else
			add_word(b, words[i]);
	}
}

static struct err *run_alias(struct shell *s, struct shell_words *w)
{
	cleanup(buf_deinit) struct buf command = BUF_INIT;
	const struct shell_alias *a;

	if (w->count == 0) {
		print_all(s);
		return NULL;
	}
	if (w->count == 1) {
		a = shell_alias_find(s, w->words[0]);
		if (!a)
			return err_new(ERR_ABSENT, "alias does not exist: %s", w->words[0]);
		print_heading(s);
		print_alias(s, a);
		return NULL;
	}
	if (w->count == 2 && !*w->words[1])
		return delete_alias(s, w->words[0]);
	if (shell_command_find(w->words[0]))
		return err_new(ERR_USAGE, "cannot alias existing command name: %s",
			       w->words[0]);
	join_words(&command, w->words + 1, w->count - 1);
	return add_alias(s, w->words[0], &command);
}

/* "-5": how often, or every how many seconds. */
static bool take_number(const char *word, u64 *ret)
{
	return word[0] == '-' && str_parse_u64(word + 1, ret);
}

/* Words are changed by the command that reads its options: each run gets its own. */
static struct err *run_once(struct shell *s, const struct shell_words *w, size_t first)
{
	char *words[SHELL_MAX_WORDS + 1];

	memcpy(words, &w->words[first], (w->count - first + 1) * sizeof(*words));
	return shell_run_words(s, words, w->count - first);
}

static struct err *run_repeat(struct shell *s, struct shell_words *w)
{
	u64 seconds = 0;
	size_t first = w->count && take_number(w->words[0], &seconds);
	struct err *err = NULL;

	if (first == w->count)
		return shell_usage();
	/* A dump does not change: again and again only makes sense for somebody who can
	 * interrupt. */
	do {
		err = run_once(s, w, first);
		if (err || !s->options.has_terminal)
			break;
		sink_flush(&s->out);
		for (u64 ms = 0; ms < seconds * 1000 && !shell_is_over(s); ms += 100)
			clock_sleep_ms(100);
	} while (!shell_is_over(s));
	return err;
}

const struct shell_command shell_cmd_alias = {
	.name = "alias",
	.synopsis = "[alias] [command ...]",
	.summary = "command aliases",
	.help = "Without arguments, list the aliases. With a name, show that one; with a command\n"
		"behind it, make it stand for the command and its arguments. `alias name \"\"`\n"
		"deletes it. The name of a command cannot be an alias.",
	.run = run_alias,
};

const struct shell_command shell_cmd_repeat = {
	.name = "repeat",
	.synopsis = "[-seconds] command ...",
	.summary = "repeat a command",
	.help = "Run a command again and again, waiting some seconds in between, until it is\n"
		"interrupted. Where standard output is not a terminal it is run once: a dump\n"
		"does not change.",
	.run = run_repeat,
};
