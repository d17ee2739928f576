/* ps: the tasks, in the columns of crash. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/field.h"
#include "kernel/machine.h"
#include "kernel/page_walk.h"
#include "kernel/task_memory.h"

#include <ctype.h>
#include <string.h>

#define NS_PER_S  1000000000ull
#define MAX_ARGS  4096
#define MAX_LINKS 4096 /* parents of parents */

enum view {
	VIEW_LINES,
	VIEW_LAST_RUN, /* -l */
	VIEW_SINCE,    /* -m */
	VIEW_PARENTS,
	VIEW_CHILDREN,
	VIEW_GROUP,
	VIEW_ARGUMENTS,
	VIEW_SUMMARY,
};

struct how {
	enum view view;
	bool kernel, user, leaders, active;
	bool no_heading, has_heading;
	u64 memory_pages; /* of the machine, for %MEM */
	int time_width;	  /* digits of the longest time of -l */
};

static void print_heading(struct shell *s)
{
	buf_add_str(shell_out(s), "      PID    PPID  CPU       TASK        ST  %MEM"
				  "      VSZ      RSS  COMM\n");
}

/* The name as ps shows it: kernel threads in brackets. */
static void print_name(struct shell *s, const struct task *t)
{
	bool is_kernel = !t->mm && task_state_letter(t) != 'Z';

	buf_add_str(shell_out(s), is_kernel ? "[" : "");
	shell_text(s, t->comm);
	buf_add_str(shell_out(s), is_kernel ? "]\n" : "\n");
}

static void print_line(struct shell *s, const struct how *how, const struct task_row *row)
{
	const struct task *t = &row->task;
	unsigned kb_shift = dump_page_shift(s->d) - 10;
	struct task_memory m;
	double share = 0;

	task_memory_read(s->k, &s->cpus, &s->tasks, t, &m);
	if (how->memory_pages)
		share = 100.0 * (double)m.resident_pages / (double)how->memory_pages;
	buf_printf(shell_out(s), "%c%8u%8u%4u  %16llx  %s %5.1f %8llu %8llu  ",
		   shell_is_active(s, t) ? '>' : ' ', t->pid, row->ppid, t->cpu,
		   (unsigned long long)t->addr, shell_task_state(t), share,
		   (unsigned long long)(m.mapped_pages << kb_shift),
		   (unsigned long long)(m.resident_pages << kb_shift));
	print_name(s, t);
}

/* ---- -l and -m ---- */

static int compare_last_run(const void *a, const void *b)
{
	const struct task_row *x = *(const struct task_row *const *)a;
	const struct task_row *y = *(const struct task_row *const *)b;

	if (x->last_run_ns != y->last_run_ns)
		return x->last_run_ns < y->last_run_ns ? 1 : -1;
	return x < y ? -1 : x > y;
}

/* The clock of the run queue of @row's CPU, in the units of last_run_ns. */
static u64 cpu_now(struct shell *s, const struct task_row *row)
{
	vaddr_t queue;
	u64 now = 0;
	struct err *err = kernel_percpu_symbol(s->k, "runqueues", row->task.cpu, &queue);

	if (!err)
		err = field_read_by_name(s->k, queue, "rq", "clock", &now);
	err_ignore(err);
	return max_u64(now, row->last_run_ns);
}

static void print_last_run(struct shell *s, const struct how *how,
			   const struct task_row *row)
{
	struct buf *b = shell_out(s);
	u64 ns = cpu_now(s, row) - row->last_run_ns, seconds = ns / NS_PER_S;

	if (how->view == VIEW_LAST_RUN)
		buf_printf(b, "[%*llu]", how->time_width,
			   (unsigned long long)row->last_run_ns);
	else
		buf_printf(b, "[%llu %02u:%02u:%02u.%03u]",
			   (unsigned long long)(seconds / 86400),
			   (unsigned)(seconds % 86400 / 3600),
			   (unsigned)(seconds % 3600 / 60), (unsigned)(seconds % 60),
			   (unsigned)(ns % NS_PER_S / 1000000));
	buf_printf(b, " [%s]  ", shell_task_state(&row->task));
	shell_task_header(s, &row->task);
}

/* ---- -p, -c, -g ---- */

static void print_parents(struct shell *s, const struct task_row *row)
{
	const struct task_row *chain[MAX_LINKS];
	size_t count = 0;

	while (row && count < ARRAY_SIZE(chain)) {
		chain[count++] = row;
		if (row->parent == row->task.addr)
			break;
		row = task_table_find(&s->tasks, row->parent);
	}
	for (size_t i = 0; i < count; i++) {
		buf_printf(shell_out(s), "%*s", (int)i, "");
		shell_task_header(s, &chain[count - 1 - i]->task);
	}
	buf_add_char(shell_out(s), '\n');
}

static void print_children(struct shell *s, const struct task_row *row)
{
	size_t count = 0;

	shell_task_header(s, &row->task);
	for (size_t i = 0; i < s->tasks.count; i++) {
		const struct task_row *child = &s->tasks.rows[i];

		if (child->parent != row->task.addr || child == row)
			continue;
		buf_add_str(shell_out(s), "  ");
		shell_task_header(s, &child->task);
		count++;
	}
	buf_add_str(shell_out(s), count ? "\n" : "  (no children)\n\n");
}

static void print_group(struct shell *s, const struct task_row *row)
{
	size_t count = 0;

	shell_task_header(s, &row->task);
	for (size_t i = 0; row->task.tgid && i < s->tasks.count; i++) {
		const struct task_row *other = &s->tasks.rows[i];

		if (other->task.tgid != row->task.tgid || other == row)
			continue;
		buf_add_str(shell_out(s), "  ");
		shell_task_header(s, &other->task);
		count++;
	}
	buf_add_str(shell_out(s), count ? "\n" : "  (no threads)\n\n");
}

/* ---- -a ---- */

/* The 0-terminated strings of user memory from mm.@from to mm.@to on a line. */
static struct err *print_strings(struct shell *s, const struct task *t, const char *label,
				 const char *from, const char *to, bool one_per_line)
{
	struct buf *b = shell_out(s);
	u64 start = 0, end = 0;
	char text[MAX_ARGS + 1];
	size_t len;
	struct err *err = field_read_by_name(s->k, t->mm, "mm_struct", from, &start);

	if (!err)
		err = field_read_by_name(s->k, t->mm, "mm_struct", to, &end);
	if (err)
		return err;
	len = end > start ? min_u64(end - start, MAX_ARGS) : 0;
	err = task_user_read(s->k, t, start, text, len);
	if (err)
		return err_wrap(err, "cannot access user stack address: %llx",
				(unsigned long long)start);
	text[len] = '\0';
	buf_add_str(b, label);
	for (size_t i = 0; i < len; i += strlen(text + i) + 1) {
		if (i)
			buf_add_str(b, one_per_line ? "\n     " : " ");
		shell_text(s, text + i);
	}
	buf_add_char(b, '\n');
	return NULL;
}

static struct err *print_arguments(struct shell *s, const struct task_row *row)
{
	const struct task *t = &row->task;
	struct err *err;

	shell_task_header(s, t);
	if (!t->mm) {
		buf_add_str(shell_out(s), "ps: no user stack\n\n");
		return NULL;
	}
	err = print_strings(s, t, "ARG: ", "arg_start", "arg_end", false);
	if (!err)
		err = print_strings(s, t, "ENV: ", "env_start", "env_end", true);
	if (err && err_code(err) != ERR_NOMEM) {
		shell_tell(s, "ps", err);
		err = NULL;
	}
	buf_add_char(shell_out(s), '\n');
	return err;
}

/* ---- -S ---- */

static void print_summary(struct shell *s)
{
	static const char *const names[] = {"RU", "IN", "UN", "ZO", "ST",
					    "TR", "DE", "PA", "ID", "??"};

	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		size_t count = 0;

		for (size_t i = 0; i < s->tasks.count; i++)
			count += str_eq(shell_task_state(&s->tasks.rows[i].task), names[n]);
		if (count)
			buf_printf(shell_out(s), "  %s: %zu\n", names[n], count);
	}
}

/* ---- which tasks, and how ---- */

static bool is_wanted(struct shell *s, const struct how *how, const struct task_row *row)
{
	const struct task *t = &row->task;

	return !(how->kernel && t->mm) && !(how->user && !t->mm) &&
	       !(how->leaders && t->tgid != t->pid) &&
	       !(how->active && !shell_is_active(s, t));
}

static struct err *print_row(struct shell *s, struct how *how, const struct task_row *row)
{
	switch (how->view) {
	case VIEW_LAST_RUN:
	case VIEW_SINCE:
		print_last_run(s, how, row);
		return NULL;
	case VIEW_PARENTS:
		print_parents(s, row);
		return NULL;
	case VIEW_CHILDREN:
		print_children(s, row);
		return NULL;
	case VIEW_GROUP:
		print_group(s, row);
		return NULL;
	case VIEW_ARGUMENTS:
		return print_arguments(s, row);
	case VIEW_SUMMARY:
	case VIEW_LINES:
		break;
	}
	print_line(s, how, row);
	return NULL;
}

static struct err *print_rows(struct shell *s, struct how *how,
			      const struct task_row *const *rows, size_t count)
{
	cleanup(freep) const struct task_row **sorted = calloc(count + 1, sizeof(*sorted));
	size_t num = 0;

	if (!sorted)
		return err_nomem();
	for (size_t i = 0; i < count; i++)
		if (is_wanted(s, how, rows[i]))
			sorted[num++] = rows[i];
	if (how->view == VIEW_LAST_RUN || how->view == VIEW_SINCE)
		qsort(sorted, num, sizeof(*sorted), compare_last_run);
	/* The latest is the longest. */
	if (num)
		how->time_width = snprintf(NULL, 0, "%llu",
					   (unsigned long long)sorted[0]->last_run_ns);
	if (how->view == VIEW_LINES && !how->no_heading)
		print_heading(s);
	for (size_t i = 0; i < num && !shell_is_over(s); i++) {
		struct err *err = print_row(s, how, sorted[i]);

		if (err)
			return err;
	}
	return NULL;
}

/* All tasks, or those that the operands name: a pid, an address, or a name. */
static struct err *choose_rows(struct shell *s, const struct shell_words *w,
			       const struct task_row **rows, size_t max, size_t *ret_count)
{
	size_t count = 0;

	for (size_t i = 0; !w->num_operands && i < s->tasks.count; i++)
		rows[count++] = &s->tasks.rows[i];
	for (size_t n = 0; n < w->num_operands; n++) {
		const char *word = w->words[n];
		const struct task_row *row = shell_find_task(s, word);
		size_t before = count;

		if (row && count < max)
			rows[count++] = row;
		for (size_t i = 0; !row && i < s->tasks.count && count < max; i++)
			if (str_eq(s->tasks.rows[i].task.comm, word))
				rows[count++] = &s->tasks.rows[i];
		if (count == before && isxdigit((unsigned char)*word))
			shell_tell(
				s, "ps",
				err_new(ERR_ABSENT, "invalid task or pid value: %s", word));
	}
	*ret_count = count;
	return NULL;
}

static struct err *read_options(struct shell *s, struct shell_words *w, struct how *how)
{
	static const char letters[] = "lmpcga";
	static const enum view views[] = {VIEW_LAST_RUN, VIEW_SINCE, VIEW_PARENTS,
					  VIEW_CHILDREN, VIEW_GROUP, VIEW_ARGUMENTS};
	struct machine_facts *m;
	char option;
	struct err *err;

	while (!(err = shell_option(w, "kuGASHlmpcga", &option)) && option) {
		const char *view = strchr(letters, option);

		how->kernel |= option == 'k';
		how->user |= option == 'u';
		how->leaders |= option == 'G';
		how->active |= option == 'A';
		how->no_heading |= option == 'H';
		if ((view || option == 'S') && how->view != VIEW_LINES)
			return err_new(ERR_USAGE,
				       "-a, -c, -p, -g, -l, -m and -S exclude each other");
		if (view)
			how->view = views[view - letters];
		if (option == 'S')
			how->view = VIEW_SUMMARY;
	}
	if (err)
		return err;
	m = calloc(1, sizeof(*m));
	if (!m)
		return err_nomem();
	machine_facts_read(s->k, m);
	how->memory_pages = m->memory_bytes >> dump_page_shift(s->d);
	free(m);
	return NULL;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	cleanup(freep) const struct task_row **rows = NULL;
	const struct task_table *tasks;
	struct how how = {.view = VIEW_LINES};
	size_t count = 0, max;
	struct err *err = shell_tasks(s, &tasks);

	if (!err)
		err = read_options(s, w, &how);
	if (err)
		return err;
	if (how.view == VIEW_SUMMARY) {
		err = shell_check_operands(w, 0, 0);
		if (!err)
			print_summary(s);
		return err;
	}
	max = tasks->count * (w->num_operands ? w->num_operands : 1);
	rows = calloc(max + 1, sizeof(*rows));
	if (!rows)
		return err_nomem();
	err = choose_rows(s, w, rows, max, &count);
	return err ? err : print_rows(s, &how, rows, count);
}

static struct err *run_on_tasks(struct shell *s, struct shell_words *w,
				const struct task_row *const *rows, size_t count)
{
	struct how how = {.view = VIEW_LINES};
	struct err *err = read_options(s, w, &how);

	if (!err)
		err = shell_check_operands(w, 0, 0);
	return err ? err : print_rows(s, &how, rows, count);
}

const struct shell_command shell_cmd_ps = {
	.name = "ps",
	.synopsis =
		"[-k|-u] [-G] [-A] [-H] [-l|-m|-p|-c|-g|-a|-S]\n[pid | task | command] ...",
	.summary = "display process status information",
	.help = "Show all tasks, or those given by pid, address or name: pid of the task and of\n"
		"its parent, CPU, address of the task_struct, state, share of the memory,\n"
		"virtual and resident size in KB, and name, in brackets for kernel threads.\n"
		"\">\" marks what was running on a CPU.\n\n"
		"States: RU running or ready, IN interruptible sleep, UN uninterruptible sleep,\n"
		"ID idle kernel thread, ST stopped, TR traced, ZO zombie, DE dead, PA parked.\n\n"
		"    -k  only kernel threads.\n"
		"    -u  only processes of user space.\n"
		"    -G  only the first thread of each process.\n"
		"    -A  only what was running on a CPU.\n"
		"    -H  without the heading.\n"
		"    -l  instead, when each last got a CPU, in ns, the latest first.\n"
		"    -m  the same as the time since then.\n"
		"    -p  each task's parents.\n"
		"    -c  each task's children.\n"
		"    -g  each task's threads.\n"
		"    -a  each task's arguments and environment, where the dump has them.\n"
		"    -S  how many tasks are in which state.",
	.run = run,
	.run_on_tasks = run_on_tasks,
};
