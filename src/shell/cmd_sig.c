/* sig: what tasks do about signals, and which wait for them. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/task_signals.h"

#include <string.h>

#define FIRST_REAL_TIME	    32
#define MIDDLE_OF_REAL_TIME 49 /* from here on counted from the last */

static const char *const names[FIRST_REAL_TIME] = {
	NULL,	   "SIGHUP",	       "SIGINT",	 "SIGQUIT",  "SIGILL",
	"SIGTRAP", "SIGABRT/SIGIOT",   "SIGBUS",	 "SIGFPE",   "SIGKILL",
	"SIGUSR1", "SIGSEGV",	       "SIGUSR2",	 "SIGPIPE",  "SIGALRM",
	"SIGTERM", "SIGSTKFLT",	       "SIGCHLD/SIGCLD", "SIGCONT",  "SIGSTOP",
	"SIGTSTP", "SIGTTIN",	       "SIGTTOU",	 "SIGURG",   "SIGXCPU",
	"SIGXFSZ", "SIGVTALRM",	       "SIGPROF",	 "SIGWINCH", "SIGIO/SIGPOLL",
	"SIGPWR",  "SIGSYS/SIGUNUSED",
};

static const struct {
	u64 bit;
	const char *name;
} flags[] = {
	{0x00000001, "SA_NOCLDSTOP"}, {0x04000000, "SA_RESTORER"},
	{0x00000002, "SA_NOCLDWAIT"}, {0x00000004, "SA_SIGINFO"},
	{0x08000000, "SA_ONSTACK"},   {0x10000000, "SA_RESTART"},
	{0x40000000, "SA_NODEFER"},   {0x80000000, "SA_RESETHAND"},
};

struct how {
	bool group;
	bool lists; /* -l */
	const char *set;
};

static void add_name(struct buf *b, unsigned number)
{
	if (number < FIRST_REAL_TIME)
		buf_add_str(b, names[number]);
	else if (number == FIRST_REAL_TIME)
		buf_add_str(b, "SIGRTMIN");
	else if (number < MIDDLE_OF_REAL_TIME)
		buf_printf(b, "SIGRTMIN+%u", number - FIRST_REAL_TIME);
	else if (number < SIGNAL_COUNT)
		buf_printf(b, "SIGRTMAX-%u", SIGNAL_COUNT - number);
	else
		buf_add_str(b, "SIGRTMAX");
}

static void add_number(struct buf *b, unsigned number)
{
	buf_printf(b, "%s[%u]", number < 10 ? " " : "", number);
}

static void list_names(struct shell *s)
{
	for (unsigned i = 1; i <= SIGNAL_COUNT; i++) {
		add_number(shell_out(s), i);
		buf_add_char(shell_out(s), ' ');
		add_name(shell_out(s), i);
		buf_add_char(shell_out(s), '\n');
	}
}

static struct err *translate_set(struct shell *s, const char *word)
{
	struct buf *b = shell_out(s);
	bool is_first = true;
	char *end;
	u64 set = strtoull(word, &end, 16);

	if (*end || !*word)
		return err_new(ERR_USAGE, "invalid sigset: %s", word);
	for (unsigned i = 1; i <= SIGNAL_COUNT; i++) {
		if (!(set >> (i - 1) & 1))
			continue;
		buf_add_str(b, is_first ? "" : " ");
		/* Of two names the first. */
		if (i < FIRST_REAL_TIME)
			buf_add(b, names[i], strcspn(names[i], "/"));
		else
			add_name(b, i);
		is_first = false;
	}
	buf_add_str(b, is_first ? "(none)\n" : "\n");
	return NULL;
}

/* ---- of a task ---- */

static void add_flags(struct buf *b, u64 value)
{
	const char *before = "(";

	buf_printf(b, "%llx ", (unsigned long long)value);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (!(value & flags[i].bit))
			continue;
		buf_printf(b, "%s%s", before, flags[i].name);
		before = "|";
	}
	buf_add_str(b, *before == '|' ? ")\n" : "\n");
}

static struct err *print_actions(struct shell *s, const struct task_signals *t)
{
	struct buf *b = shell_out(s);

	buf_printf(b, "SIGNAL_STRUCT: %llx  NR_THREADS: %llu\n",
		   (unsigned long long)t->signal, (unsigned long long)t->num_threads);
	if (!t->handlers)
		return err_new(ERR_ABSENT, "the task has given up its signal handlers");
	buf_add_str(b,
		    " SIG    SIGACTION        HANDLER       MASK       FLAGS           \n");
	for (unsigned i = 1; i <= SIGNAL_COUNT && !shell_is_over(s); i++) {
		struct signal_action a;
		char handler[24];
		struct err *err = signal_action_read(s->k, t->handlers, i, &a);

		if (err)
			return err;
		snprintf(handler, sizeof(handler), "%llx", (unsigned long long)a.handler);
		if (a.handler <= 1)
			strcpy(handler, a.handler ? "SIG_IGN" : "SIG_DFL");
		add_number(b, i);
		buf_printf(b, " %llx %10s %016llx ", (unsigned long long)a.addr, handler,
			   (unsigned long long)a.mask);
		add_flags(b, a.flags);
	}
	return NULL;
}

struct queue_listing {
	struct shell *s;
	const char *indent;
	size_t count;
};

static void print_queued(void *ctx, u64 number, vaddr_t info)
{
	struct queue_listing *l = ctx;

	if (!l->count++)
		buf_add_str(shell_out(l->s), " SIG  SIGINFO\n");
	buf_printf(shell_out(l->s), "%s             %3llu  %llx\n", l->indent,
		   (unsigned long long)number, (unsigned long long)info);
}

static void print_pending(struct shell *s, const char *indent, const char *name,
			  const struct signal_pending *p)
{
	struct queue_listing l = {.s = s, .indent = indent};
	struct buf *b = shell_out(s);
	struct err *err;

	buf_printf(b, "%s%s\n%s    SIGNAL: %016llx\n%s  SIGQUEUE: ", indent, name, indent,
		   (unsigned long long)p->set, indent);
	err = signal_queue_each(s->k, p, print_queued, &l);
	if (!l.count)
		buf_add_str(b, "(empty)\n");
	if (err)
		shell_tell(s, "sig", err);
}

static void print_own(struct shell *s, const char *indent, const struct task_signals *t)
{
	buf_printf(shell_out(s), "%sSIGPENDING: %s\n%s   BLOCKED: %016llx\n", indent,
		   t->is_pending ? "yes" : "no", indent, (unsigned long long)t->blocked);
	print_pending(s, indent, "PRIVATE_PENDING", &t->own);
}

static void tell_unless_whole(struct shell *s, struct err *err)
{
	if (err)
		shell_tell(s, "sig", err);
}

static struct err *print_task(struct shell *s, const struct task *t)
{
	struct task_signals signals;
	struct err *err;

	shell_task_header(s, t);
	err = task_signals_read(s->k, t, &signals);
	if (err)
		return err;
	tell_unless_whole(s, print_actions(s, &signals));
	print_own(s, "", &signals);
	if (signals.signal)
		print_pending(s, "", "SHARED_PENDING", &signals.shared);
	buf_add_char(shell_out(s), '\n');
	shell_flush(s);
	return NULL;
}

/* The process once, then each of its threads. */
static struct err *print_group(struct shell *s, const struct task_row *row)
{
	const struct task_row *leader = task_table_find_pid(&s->tasks, row->task.tgid);
	struct task_signals signals;
	struct err *err;

	row = leader ? leader : row;
	shell_task_header(s, &row->task);
	err = task_signals_read(s->k, &row->task, &signals);
	if (err)
		return err;
	tell_unless_whole(s, print_actions(s, &signals));
	if (signals.signal)
		print_pending(s, "", "SHARED_PENDING", &signals.shared);
	for (size_t i = 0; i < s->tasks.count && !shell_is_over(s); i++) {
		const struct task *t = &s->tasks.rows[i].task;

		if (t != &row->task && (!row->task.tgid || t->tgid != row->task.tgid))
			continue;
		buf_add_str(shell_out(s), "\n  ");
		shell_task_header(s, t);
		err = task_signals_read(s->k, t, &signals);
		if (err)
			return err;
		print_own(s, "  ", &signals);
		shell_flush(s);
	}
	buf_add_char(shell_out(s), '\n');
	return NULL;
}

static struct err *print_row(struct shell *s, const struct how *how,
			     const struct task_row *row)
{
	struct err *err = how->group ? print_group(s, row) : print_task(s, &row->task);

	if (err && err_code(err) != ERR_NOMEM) {
		shell_tell(s, "sig", err);
		err = NULL;
	}
	return err;
}

static struct err *read_options(struct shell_words *w, struct how *how)
{
	char option;
	struct err *err;

	while (!(err = shell_option(w, "gls:", &option)) && option) {
		how->group |= option == 'g';
		how->lists |= option == 'l';
		if (option == 's')
			how->set = w->value;
	}
	return err;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct how how = {.group = false};
	const struct task_row *row;
	struct err *err = read_options(w, &how);

	if (!err && how.lists)
		list_names(s);
	if (!err && how.set)
		err = translate_set(s, how.set);
	if (err || how.lists || how.set)
		return err;
	err = shell_context(s, &row);
	if (!err && !w->num_operands)
		err = print_row(s, &how, row);
	for (size_t i = 0; !err && i < w->num_operands && !shell_is_over(s); i++) {
		row = shell_find_task(s, w->words[i]);
		err = row ? print_row(s, &how, row)
			  : err_new(ERR_ABSENT, "invalid task or pid value: %s",
				    w->words[i]);
	}
	return err;
}

static struct err *run_on_tasks(struct shell *s, struct shell_words *w,
				const struct task_row *const *rows, size_t count)
{
	struct how how = {.group = false};
	struct err *err = read_options(w, &how);

	if (!err)
		err = how.lists || how.set ? shell_usage() : shell_check_operands(w, 0, 0);
	for (size_t i = 0; !err && i < count && !shell_is_over(s); i++)
		err = print_row(s, &how, rows[i]);
	return err;
}

const struct shell_command shell_cmd_sig = {
	.name = "sig",
	.synopsis = "[-l | -s sigset | [-g] [pid | task] ...]",
	.summary = "task signal handling",
	.help = "Show what tasks, those given or the current one, do about each signal: the\n"
		"address of its sigaction, its handler, the signals that are blocked meanwhile,\n"
		"its flags; and which signals they block, which were sent and not delivered yet,\n"
		"to the thread (private) or its process (shared).\n\n"
		"    -g         the process once, and all its threads.\n"
		"    -l         instead, the numbers and names of signals.\n"
		"    -s sigset  the names of the signals in a hexadecimal set.",
	.run = run,
	.run_on_tasks = run_on_tasks,
};
