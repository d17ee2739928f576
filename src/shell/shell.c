#include "shell/shell.h"

#include "base/str.h"
#include "shell/command.h"

#include <string.h>

#define MAX_ALIASES_DEEP 16

/* One per line, so that additions do not meet. */
/* clang-format off */
const struct shell_command *const shell_commands[] = {
	&shell_cmd_star,
	&shell_cmd_alias,
	&shell_cmd_ascii,
	&shell_cmd_bpf,
	&shell_cmd_bt,
	&shell_cmd_btop,
	&shell_cmd_dev,
	&shell_cmd_dis,
	&shell_cmd_eval,
	&shell_cmd_exit,
	&shell_cmd_files,
	&shell_cmd_foreach,
	&shell_cmd_help,
	&shell_cmd_ipcs,
	&shell_cmd_irq,
	&shell_cmd_kmem,
	&shell_cmd_list,
	&shell_cmd_log,
	&shell_cmd_mod,
	&shell_cmd_mount,
	&shell_cmd_net,
	&shell_cmd_p,
	&shell_cmd_ps,
	&shell_cmd_pte,
	&shell_cmd_ptob,
	&shell_cmd_ptov,
	&shell_cmd_q,
	&shell_cmd_rd,
	&shell_cmd_repeat,
	&shell_cmd_runq,
	&shell_cmd_search,
	&shell_cmd_set,
	&shell_cmd_sig,
	&shell_cmd_struct,
	&shell_cmd_swap,
	&shell_cmd_sym,
	&shell_cmd_sys,
	&shell_cmd_task,
	&shell_cmd_timer,
	&shell_cmd_tree,
	&shell_cmd_union,
	&shell_cmd_vm,
	&shell_cmd_vtop,
	&shell_cmd_waitq,
	&shell_cmd_whatis,
	&shell_cmd_wr,
	NULL,
};
/* clang-format on */

/* As crash has them. */
static const struct {
	const char *name, *command;
} builtin_aliases[] = {
	{"man", "help"},	 {"?", "help"},
	{"quit", "q"},		 {"sf", "set scroll off"},
	{"sn", "set scroll on"}, {"hex", "set radix 16"},
	{"dec", "set radix 10"}, {"px", "p -x"},
	{"pd", "p -d"},		 {"for", "foreach"},
	{"dmesg", "log"},	 {"lsmod", "mod"},
	{"size", "*"},		 {"last", "ps -l"},
	{"h", "help"},
};

const struct shell_command *shell_command_find(const char *name)
{
	for (size_t i = 0; shell_commands[i]; i++)
		if (str_eq(shell_commands[i]->name, name))
			return shell_commands[i];
	return NULL;
}

/* ---- opening ---- */

static struct err *add_builtin_aliases(struct shell *s)
{
	s->aliases = calloc(ARRAY_SIZE(builtin_aliases), sizeof(*s->aliases));
	if (!s->aliases)
		return err_nomem();
	for (size_t i = 0; i < ARRAY_SIZE(builtin_aliases); i++) {
		struct shell_alias *a = &s->aliases[s->num_aliases++];

		a->is_builtin = true;
		a->name = strdup(builtin_aliases[i].name);
		a->command = strdup(builtin_aliases[i].command);
		if (!a->name || !a->command)
			return err_nomem();
	}
	return NULL;
}

static struct sink standard_sink(const struct shell *s)
{
	return s->options.stdout_fd < 0
		       ? sink_to_memory()
		       : sink_to_fd(s->options.stdout_fd, "standard output");
}

struct err *shell_open(struct kernel *k, const struct shell_options *o, struct shell **ret)
{
	cleanup(shell_closep) struct shell *s = calloc(1, sizeof(*s));
	struct err *err;

	if (!s)
		return err_nomem();
	s->k = k;
	s->d = kernel_dump(k);
	s->options = *o;
	s->out = standard_sink(s);
	s->radix = 10;
	s->scrolls = true;
	s->stack = calloc(1, sizeof(*s->stack));
	err = s->stack ? add_builtin_aliases(s) : err_nomem();
	if (err)
		return err;
	*ret = steal(s);
	return NULL;
}

void shell_close(struct shell *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->num_aliases; i++) {
		free(s->aliases[i].name);
		free(s->aliases[i].command);
	}
	free(s->aliases);
	free(s->stack);
	types_close(s->types);
	cpu_table_deinit(&s->cpus);
	task_table_deinit(&s->tasks);
	notices_deinit(&s->notices);
	err_ignore(sink_close(&s->out));
	free(s);
}

const char *shell_kept(const struct shell *s)
{
	return buf_text(&s->out.b);
}

/* ---- output ---- */

void shell_flush(struct shell *s)
{
	sink_flush_some(&s->out);
}

bool shell_is_over(struct shell *s)
{
	shell_flush(s);
	return s->out.is_shut ||
	       (s->options.should_stop && s->options.should_stop(s->options.ctx));
}

void shell_text(struct shell *s, const char *raw)
{
	str_escape(shell_out(s), raw, strlen(raw), false);
}

static void print_usage(struct buf *b, const struct shell_command *c)
{
	const char *at = c->synopsis;

	buf_printf(b, "Usage:\n  %s ", c->name);
	for (; *at; at++) {
		buf_add_char(b, *at);
		if (*at == '\n')
			buf_printf(b, "  %*s ", (int)strlen(c->name), "");
	}
	buf_printf(b, "\nEnter \"help %s\" for details.\n", c->name);
}

void shell_tell(struct shell *s, const char *command, struct err *err)
{
	struct buf *b = shell_out(s);

	if (*err_message(err)) {
		buf_printf(b, "%s: ", command);
		str_escape(b, err_message(err), strlen(err_message(err)), true);
		buf_add_char(b, '\n');
	}
	err_ignore(err);
}

/* What reading the machine turned up since the last time, told in front of the result. */
static void tell_notices(struct shell *s)
{
	for (; s->num_told < s->notices.count; s->num_told++) {
		buf_add_str(shell_out(s), "WARNING: ");
		shell_text(s, s->notices.texts[s->num_told]);
		buf_add_char(shell_out(s), '\n');
	}
}

/* ---- running a line ---- */

const struct shell_alias *shell_alias_find(const struct shell *s, const char *name)
{
	for (size_t i = 0; i < s->num_aliases; i++)
		if (str_eq(s->aliases[i].name, name))
			return &s->aliases[i];
	return NULL;
}

/* Tell what became of a command, unless memory is gone. */
static struct err *tell_failure(struct shell *s, const struct shell_command *c,
				struct err *err)
{
	bool is_usage = err_code(err) == ERR_USAGE;

	if (err_code(err) == ERR_NOMEM)
		return err;
	shell_tell(s, c->name, err);
	if (is_usage)
		print_usage(shell_out(s), c);
	return err_new(ERR_ABSENT, "%s", "");
}

struct err *shell_types(struct shell *s, struct types **ret)
{
	struct err *err = s->types ? NULL : types_open(s->k, &s->types);

	if (err)
		return err;
	types_set_debuginfo(s->types, s->options.debuginfo);
	*ret = s->types;
	return NULL;
}

/* Does @word begin with the name of a structure? Then it is short for `struct`. */
static bool names_type(struct shell *s, const char *word)
{
	char name[128];
	struct type_ref type;
	struct types *t;
	size_t len = strcspn(word, ".");
	struct err *err;

	if (len >= sizeof(name))
		return false;
	memcpy(name, word, len);
	name[len] = '\0';
	err = shell_types(s, &t);
	if (err) {
		err_free(err);
		return false;
	}
	return types_find(t, name, BTF_RECORDS, &type);
}

static struct err *run_row(struct shell *s, const struct shell_command *c,
			   struct shell_words *w)
{
	struct err *err;

	w->num_operands = w->count;
	err = c->run(s, w);
	return err ? tell_failure(s, c, err) : NULL;
}

static struct err *run_command(struct shell *s, char **words, size_t count)
{
	const struct shell_command *c = shell_command_find(words[0]);
	struct shell_words w = {.words = words + 1, .count = count - 1};

	if (c)
		return run_row(s, c, &w);
	/* "*list_head …", and "list_head …" alone. */
	w = (struct shell_words){.words = words, .count = count};
	if (words[0][0] == '*')
		words[0]++;
	if (names_type(s, words[0]))
		return run_row(s, &shell_cmd_star, &w);
	shell_tell(s, s->options.program,
		   err_new(ERR_USAGE, "command not found: %s", words[0]));
	return err_new(ERR_ABSENT, "%s", "");
}

static struct err *run_alias(struct shell *s, const struct shell_alias *a, char **words,
			     size_t count, unsigned depth);

static struct err *run_words(struct shell *s, char **words, size_t count, unsigned depth)
{
	const struct shell_alias *a = shell_alias_find(s, words[0]);

	if (!a || depth >= MAX_ALIASES_DEEP)
		return run_command(s, words, count);
	return run_alias(s, a, words, count, depth);
}

/* The alias's own words, and behind them those of the line. */
static struct err *run_alias(struct shell *s, const struct shell_alias *a, char **words,
			     size_t count, unsigned depth)
{
	cleanup(shell_line_deinit) struct shell_line l = {0};
	struct err *err = shell_line_parse(&l, a->command);

	if (err || l.kind != SHELL_LINE_COMMAND) {
		err_ignore(err);
		return run_command(s, words, count);
	}
	if (l.num_words + count - 1 > SHELL_MAX_WORDS) {
		shell_tell(s, a->name, err_new(ERR_USAGE, "too many words"));
		return err_new(ERR_ABSENT, "%s", "");
	}
	memcpy(&l.words[l.num_words], &words[1], count * sizeof(*words));
	/* An alias for a command of its own name means that command. */
	if (str_eq(l.words[0], a->name))
		return run_command(s, l.words, l.num_words + count - 1);
	return run_words(s, l.words, l.num_words + count - 1, depth + 1);
}

struct err *shell_run_words(struct shell *s, char **words, size_t count)
{
	return run_words(s, words, count, 0);
}

/* A pager, as crash has it, if the output is for a person. */
static const char *find_pager(const struct shell *s)
{
	const char *pager = getenv("CRASHPAGER");

	if (!s->options.has_terminal || !s->scrolls)
		return NULL;
	if (!pager || !*pager)
		pager = getenv("PAGER");
	return pager && *pager ? pager : "less -E -X";
}

/* May the command be left without a pager? Short answers, and what has its own pages. */
static bool is_brief(const char *name)
{
	static const char *const names[] = {"set", "eval", "alias", "q", "quit", "exit"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(names[i], name))
			return true;
	return false;
}

static struct err *open_output(struct shell *s, const struct shell_line *l)
{
	const char *pager = is_brief(l->words[0]) ? NULL : find_pager(s);
	int fd = s->options.stdout_fd < 0 ? 0 : s->options.stdout_fd;

	buf_deinit(&s->out.b);
	s->out = standard_sink(s);
	if (l->file)
		return sink_open_file(&s->out, l->file, l->appends);
	if (l->pipe)
		return sink_open_pipe(&s->out, l->pipe, fd, s->options.has_terminal);
	if (pager)
		return sink_open_pipe(&s->out, pager, fd, true);
	return NULL;
}

/* End the output of a line. Only standard output itself is worth the session. */
static struct err *close_output(struct shell *s, enum shell_outcome *outcome)
{
	bool is_standard = !s->out.owns_fd;
	struct err *err;

	if (s->out.fd < 0)
		return buf_check(&s->out.b);
	err = sink_close(&s->out);
	s->out = standard_sink(s);
	if (!err || is_standard)
		return err;
	*outcome = SHELL_FAILED;
	shell_tell(s, s->options.program, err);
	sink_flush(&s->out);
	return NULL;
}

static struct err *run_line(struct shell *s, const struct shell_line *l,
			    enum shell_outcome *outcome)
{
	char *words[SHELL_MAX_WORDS + 1];
	struct err *err = open_output(s, l);

	if (err) {
		shell_tell(s, s->options.program, err);
		*outcome = SHELL_FAILED;
		return close_output(s, outcome);
	}
	memcpy(words, l->words, sizeof(words));
	err = run_words(s, words, l->num_words, 0);
	tell_notices(s);
	if (err && err_code(err) != ERR_NOMEM) {
		err_free(err);
		err = NULL;
		*outcome = SHELL_FAILED;
	}
	if (err) {
		err_ignore(close_output(s, outcome));
		return err;
	}
	return close_output(s, outcome);
}

static struct err *run_escape(struct shell *s, const struct shell_line *l)
{
	return sink_run_shell(l->pipe, s->options.stdout_fd < 0 ? 0 : s->options.stdout_fd,
			      s->options.has_terminal);
}

struct err *shell_run(struct shell *s, const char *line, enum shell_outcome *ret)
{
	cleanup(shell_line_deinit) struct shell_line l = {0};
	enum shell_outcome outcome = SHELL_DONE;
	struct err *err = shell_line_parse(&l, line);

	if (err && err_code(err) == ERR_NOMEM)
		return err;
	if (err || l.kind == SHELL_LINE_ESCAPE) {
		if (!err)
			err = run_escape(s, &l);
		if (err) {
			outcome = SHELL_FAILED;
			shell_tell(s, s->options.program, err);
		}
		err = close_output(s, &outcome);
	} else if (l.kind == SHELL_LINE_COMMAND) {
		err = run_line(s, &l, &outcome);
	}
	if (err)
		return err;
	*ret = s->wants_exit ? SHELL_EXIT : outcome;
	return NULL;
}

/* ---- completion ---- */

struct completion {
	const char *start;
	size_t left;
	void (*each)(void *ctx, const char *word);
	void *ctx;
};

static bool offer(struct completion *c, const char *word)
{
	if (!str_has_prefix(word, c->start))
		return true;
	c->each(c->ctx, word);
	return --c->left > 0;
}

static bool offer_symbol(void *ctx, const struct symbol *sym)
{
	return offer(ctx, sym->name);
}

static bool offer_type(void *ctx, const char *name)
{
	return offer(ctx, name);
}

static void offer_types(struct shell *s, struct completion *c)
{
	struct types *t;
	struct err *err = shell_types(s, &t);

	if (!err)
		types_each_name(t, c->start, BTF_RECORDS, offer_type, c);
	err_ignore(err);
}

void shell_complete(struct shell *s, const char *start, bool is_first, size_t max,
		    void (*each)(void *ctx, const char *word), void *ctx)
{
	struct completion c = {start, max, each, ctx};

	if (!is_first) {
		if (*start && symbol_each(s->k, offer_symbol, &c) &&
		    symbol_each_of_modules(s->k, offer_symbol, &c))
			offer_types(s, &c);
		return;
	}
	for (size_t i = 0; shell_commands[i]; i++)
		if (!offer(&c, shell_commands[i]->name))
			return;
	for (size_t i = 0; i < s->num_aliases; i++)
		if (!offer(&c, s->aliases[i].name))
			return;
}
