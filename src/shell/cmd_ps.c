/* ps: the tasks, in the columns of crash. */
#include "shell/ps_priv.h"

#include "base/str.h"
#include "kernel/clock.h"
#include "kernel/field.h"
#include "kernel/machine.h"
#include "kernel/task_memory.h"

#include <string.h>

#define NS_PER_S   1000000000ull
#define MAX_STATES 16 /* that tasks can be in */

enum view {
	VIEW_LINES,
	VIEW_LAST_RUN, /* -l */
	VIEW_SINCE,    /* -m */
	VIEW_PARENTS,
	VIEW_CHILDREN,
	VIEW_GROUP,
	VIEW_ARGUMENTS,
	VIEW_LIMITS,
	VIEW_TIMES,
	VIEW_SUMMARY,
};

struct how {
	enum view view;
	bool kernel, user, leaders, active;
	bool no_heading;
	bool stacks; /* -s */
	bool has_policies;
	u32 policies;	  /* -y: bits */
	const char *cpus; /* -C */
	u64 uptime_s;
	u64 memory_pages; /* of the machine, for %MEM */
	int time_width;	  /* digits of the longest time of -l */
};

static void print_heading(struct shell *s, const struct how *how)
{
	buf_printf(shell_out(s),
		   "      PID    PPID  CPU %s ST  %%MEM      VSZ      RSS  COMM\n",
		   how->stacks ? "     KSTACKP     " : "      TASK       ");
}

/* The name as ps shows it: kernel threads in brackets. */
static void print_name(struct shell *s, const struct task *t)
{
	bool is_kernel = !t->mm && task_state_letter(t) != 'Z';

	buf_add_str(shell_out(s), is_kernel ? "[" : "");
	shell_text(s, t->comm);
	buf_add_str(shell_out(s), is_kernel ? "]\n" : "\n");
}

/* The address of the task, or what its stack pointer was when it last stopped running. */
static void print_place(struct shell *s, const struct how *how, const struct task *t)
{
	vaddr_t sp = 0;

	if (how->stacks && shell_is_active(s, t)) {
		buf_add_str(shell_out(s), "         --        ");
		return;
	}
	if (how->stacks)
		err_ignore(
			field_read_by_name(s->k, t->addr, "task_struct", "thread.sp", &sp));
	buf_printf(shell_out(s), "  %16llx ",
		   (unsigned long long)(how->stacks ? sp : t->addr));
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
	buf_printf(shell_out(s), "%c%8u%8u%4u", shell_is_active(s, t) ? '>' : ' ', t->pid,
		   row->ppid, t->cpu);
	print_place(s, how, t);
	buf_printf(shell_out(s), " %s %5.1f %8llu %8llu  ", shell_task_state(t), share,
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

/* ---- -S ---- */

/* States in the order in which tasks of them come up. */
static void print_summary(struct shell *s)
{
	struct {
		const char *state;
		size_t count;
	} seen[MAX_STATES] = {{NULL, 0}};
	size_t num = 0;

	for (size_t i = 0; i < s->tasks.count; i++) {
		const char *state = shell_task_state(&s->tasks.rows[i].task);
		size_t n = 0;

		while (n < num && !str_eq(seen[n].state, state))
			n++;
		if (n == MAX_STATES)
			continue;
		num = n == num ? num + 1 : num;
		seen[n].state = state;
		seen[n].count++;
	}
	for (size_t n = 0; n < num; n++)
		buf_printf(shell_out(s), "  %s: %zu\n", seen[n].state, seen[n].count);
}

/* ---- which tasks, and how ---- */

static bool is_wanted(struct shell *s, const struct how *how, const struct task_row *row)
{
	const struct task *t = &row->task;

	return !(how->kernel && t->mm) && !(how->user && !t->mm) &&
	       !(how->leaders && t->tgid != t->pid) &&
	       !(how->active && !shell_is_active(s, t)) &&
	       !(how->has_policies && !ps_has_policy(s, how->policies, t));
}

static struct err *print_row(struct shell *s, struct how *how, const struct task_row *row)
{
	switch (how->view) {
	case VIEW_LAST_RUN:
	case VIEW_SINCE:
		print_last_run(s, how, row);
		return NULL;
	case VIEW_PARENTS:
		ps_print_parents(s, row);
		return NULL;
	case VIEW_CHILDREN:
		ps_print_children(s, row);
		return NULL;
	case VIEW_GROUP:
		ps_print_group(s, row);
		return NULL;
	case VIEW_ARGUMENTS:
		return ps_print_arguments(s, row);
	case VIEW_LIMITS:
		return ps_print_limits(s, row);
	case VIEW_TIMES:
	case VIEW_SUMMARY:
	case VIEW_LINES:
		break;
	}
	print_line(s, how, row);
	return NULL;
}

/* -C: what last ran on each of the CPUs, in blocks. */
static struct err *print_by_cpu(struct shell *s, struct how *how,
				const struct task_row *const *rows, size_t count)
{
	size_t blocks = 0;

	for (size_t n = 0; n < s->cpus.count && !shell_is_over(s); n++) {
		const struct cpu *cpu = &s->cpus.cpus[n];

		if (!cpu->is_present || !shell_has_cpu(how->cpus, cpu->number))
			continue;
		buf_printf(shell_out(s), "%sCPU: %u\n", blocks++ ? "\n" : "", cpu->number);
		for (size_t i = 0; i < count && !shell_is_over(s); i++)
			if (rows[i]->task.cpu == cpu->number)
				print_last_run(s, how, rows[i]);
	}
	return blocks ? NULL
		      : err_new(ERR_ABSENT, "invalid cpu specification: %s", how->cpus);
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
	if (how->view == VIEW_TIMES)
		return ps_print_times(s, how->uptime_s, sorted, num);
	if (how->view == VIEW_LAST_RUN || how->view == VIEW_SINCE)
		qsort(sorted, num, sizeof(*sorted), compare_last_run);
	/* The latest is the longest. */
	if (num)
		how->time_width = snprintf(NULL, 0, "%llu",
					   (unsigned long long)sorted[0]->last_run_ns);
	if (how->cpus)
		return print_by_cpu(s, how, sorted, num);
	if (how->view == VIEW_LINES && !how->no_heading)
		print_heading(s, how);
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
		struct err *err = ps_choose(s, w->words[n], rows, max, &count);

		if (err && err_code(err) == ERR_NOMEM)
			return err;
		if (err)
			shell_tell(s, "ps", err);
	}
	*ret_count = count;
	return NULL;
}

static void take_flag(struct how *how, char option)
{
	how->kernel |= option == 'k';
	how->user |= option == 'u';
	how->leaders |= option == 'G';
	how->active |= option == 'A';
	how->no_heading |= option == 'H';
	how->stacks |= option == 's';
}

static struct err *take_view(struct how *how, char option)
{
	static const char letters[] = "lmpcgartS";
	static const enum view views[] = {VIEW_LAST_RUN, VIEW_SINCE, VIEW_PARENTS,
					  VIEW_CHILDREN, VIEW_GROUP, VIEW_ARGUMENTS,
					  VIEW_LIMITS,	 VIEW_TIMES, VIEW_SUMMARY};
	const char *view = strchr(letters, option);

	if (!view)
		return NULL;
	if (how->view != VIEW_LINES)
		return err_new(ERR_USAGE,
			       "-a, -c, -g, -l, -m, -p, -r, -S and -t exclude each other");
	how->view = views[view - letters];
	return NULL;
}

/* Facts of the machine that lines are made with. */
static struct err *read_machine(struct shell *s, struct how *how)
{
	struct machine_facts *m = calloc(1, sizeof(*m));
	struct kernel_clock clock;

	if (!m)
		return err_nomem();
	machine_facts_read(s->k, m);
	how->memory_pages = m->memory_bytes >> dump_page_shift(s->d);
	free(m);
	kernel_clock_read(s->k, &clock);
	how->uptime_s = clock.has_uptime ? clock.uptime_s : 0;
	return NULL;
}

static struct err *read_options(struct shell *s, struct shell_words *w, struct how *how)
{
	char option;
	struct err *err;

	while (!(err = shell_option(w, "kuGASHslmpcgarty:C:", &option)) && option) {
		take_flag(how, option);
		err = take_view(how, option);
		if (!err && option == 'y') {
			how->has_policies = true;
			err = ps_parse_policies(w->value, &how->policies);
		}
		if (err)
			return err;
		if (option == 'C')
			how->cpus = w->value;
	}
	if (!err && how->cpus && how->view != VIEW_LAST_RUN && how->view != VIEW_SINCE)
		return err_new(ERR_ABSENT, "-C option is only applicable with -l and -m");
	return err ? err : read_machine(s, how);
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
	.synopsis = "[-k|-u|-G|-y policy] [-A] [-H] [-s]\n"
		    "[-p|-c|-t|-[l|m][-C cpus]|-a|-g|-r|-S] [pid | task | command] ...",
	.summary = "display process status information",
	.help = "Show all tasks, or those given by pid, address, name, or regular expression of\n"
		"names (\"\\\" in front of a name of digits): pid of the task and of its parent,\n"
		"CPU, address of the task_struct, state, share of the memory, virtual and\n"
		"resident size in KB, and name, in brackets for kernel threads. \">\" marks what\n"
		"was running on a CPU.\n\n"
		"States: RU running or ready, IN interruptible sleep, UN uninterruptible sleep,\n"
		"ID idle kernel thread, ST stopped, TR traced, ZO zombie, DE dead, PA parked.\n\n"
		"    -s  the stack pointer instead of the address of the task_struct.\n"
		"    -k  only kernel threads.\n"
		"    -u  only processes of user space.\n"
		"    -G  only the first thread of each process.\n"
		"    -y policy[,policy]  only those scheduled so: NORMAL, FIFO, RR, BATCH, ISO,\n"
		"        IDLE, DEADLINE, or its number.\n"
		"    -A  only what was running on a CPU.\n"
		"    -H  without the heading.\n"
		"    -l  instead, when each last got a CPU, in ns, the latest first.\n"
		"    -m  the same as the time since then.\n"
		"    -C cpus  of -l and -m, in blocks of CPUs: \"3\", \"1,8\", \"1-23\", \"a\" for all.\n"
		"    -t  when each started, and the time it has used, in ns.\n"
		"    -r  the resource limits of its process.\n"
		"    -p  each task's parents.\n"
		"    -c  each task's children.\n"
		"    -g  each task's threads.\n"
		"    -a  each task's arguments and environment, where the dump has them.\n"
		"    -S  how many tasks are in which state.",
	.run = run,
	.run_on_tasks = run_on_tasks,
};
