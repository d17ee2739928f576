/* runq: what is ready to run on each CPU. */
#include "shell/command.h"

#include "base/str.h"
#include "kernel/run_queue.h"

#include <string.h>

#define NS_PER_S 1000000000ull

enum view {
	VIEW_QUEUES,
	VIEW_TIMES,  /* -t */
	VIEW_LAG,    /* -T */
	VIEW_SINCE,  /* -m */
	VIEW_GROUPS, /* -g */
	VIEW_TASKS,  /* -d */
};

struct how {
	enum view view;
	const char *cpus;
	int cpu_width; /* digits of the highest CPU */
};

/* ---- a task ---- */

static void print_task_words(struct shell *s, vaddr_t addr)
{
	const struct task_row *row = task_table_find(&s->tasks, addr);
	struct task other;
	const struct task *t = row ? &row->task : &other;
	struct err *err = row ? NULL : task_read(s->k, addr, &other);

	if (err) {
		buf_printf(shell_out(s), "TASK: %llx  (cannot be read)",
			   (unsigned long long)addr);
		err_ignore(err);
		return;
	}
	buf_printf(shell_out(s), "PID: %-5u  TASK: %llx  COMMAND: \"", t->pid,
		   (unsigned long long)addr);
	shell_text(s, t->comm);
	buf_add_char(shell_out(s), '"');
}

static void print_current(struct shell *s, const struct run_queue *q)
{
	buf_add_str(shell_out(s), "  CURRENT: ");
	if (q->curr)
		print_task_words(s, q->curr);
	buf_add_char(shell_out(s), '\n');
}

/* ---- the queues ---- */

struct listing {
	struct shell *s;
	enum run_queue_class class;
	size_t count;
};

static bool print_queued(void *ctx, const struct queued *e)
{
	struct listing *l = ctx;
	struct buf *b = shell_out(l->s);

	/* What runs has left the tree, but not the list of its priority. */
	if (!e->task || (e->is_current && l->class == RUN_QUEUE_FAIR))
		return !shell_is_over(l->s);
	l->count++;
	buf_printf(b, "     [%3llu] ", (unsigned long long)e->priority);
	print_task_words(l->s, e->task);
	buf_add_char(b, '\n');
	shell_flush(l->s);
	return !shell_is_over(l->s);
}

static bool print_grouped(void *ctx, const struct queued *e)
{
	struct listing *l = ctx;
	struct buf *b = shell_out(l->s);
	char name[RUN_GROUP_NAME_SIZE];

	l->count++;
	buf_printf(b, "     %*s", 3 * (int)e->depth, "");
	if (e->task) {
		buf_printf(b, "[%3llu] ", (unsigned long long)e->priority);
		print_task_words(l->s, e->task);
		buf_add_str(b, e->is_current ? " [CURRENT]\n" : "\n");
	} else {
		buf_printf(b, "TASK_GROUP: %llx  CFS_RQ: %llx ",
			   (unsigned long long)e->group, (unsigned long long)e->queue);
		run_group_name(l->s->k, e->group, name);
		if (*name) {
			buf_add_str(b, " <");
			shell_text(l->s, name);
			buf_add_char(b, '>');
		}
		buf_add_str(b, e->is_throttled ? " (THROTTLED)\n" : "\n");
	}
	shell_flush(l->s);
	return !shell_is_over(l->s);
}

static void print_class(struct shell *s, const struct run_queue *q,
			enum run_queue_class class, bool with_groups)
{
	struct listing l = {.s = s, .class = class};
	struct err *err = run_queue_each(s->k, q, class,
					 with_groups ? print_grouped : print_queued, &l);

	if (!l.count && !err)
		buf_add_str(shell_out(s), "     [no tasks queued]\n");
	if (err)
		shell_tell(s, "runq", err);
}

static void print_queues(struct shell *s, const struct run_queue *q)
{
	struct buf *b = shell_out(s);

	buf_printf(b, "CPU %u RUNQUEUE: %llx\n", q->cpu, (unsigned long long)q->addr);
	print_current(s, q);
	buf_printf(b, "  RT PRIO_ARRAY: %llx\n", (unsigned long long)q->rt_array);
	print_class(s, q, RUN_QUEUE_RT, false);
	buf_printf(b, "  CFS RB_ROOT: %llx\n", (unsigned long long)q->fair_tree);
	print_class(s, q, RUN_QUEUE_FAIR, false);
}

static void print_groups(struct shell *s, const struct run_queue *q)
{
	vaddr_t root = 0;

	buf_printf(shell_out(s), "CPU %u\n", q->cpu);
	print_current(s, q);
	(void)kernel_symbol_find(s->k, "root_task_group", &root);
	buf_printf(shell_out(s), "  ROOT_TASK_GROUP: %llx  CFS_RQ: %llx\n",
		   (unsigned long long)root, (unsigned long long)q->fair_queue);
	print_class(s, q, RUN_QUEUE_FAIR, true);
}

/* -d: all tasks that say they are on a run queue, wherever they hang. False if none. */
static bool print_marked(struct shell *s, const struct run_queue *q)
{
	size_t count = 0;

	for (size_t i = 0; i < s->tasks.count && !shell_is_over(s); i++) {
		const struct task *t = &s->tasks.rows[i].task;
		struct run_wait wait;

		run_wait_read(s->k, t->addr, &wait);
		if (t->cpu != q->cpu || !wait.is_queued)
			continue;
		if (!count++)
			buf_printf(shell_out(s), "CPU %u\n", q->cpu);
		buf_printf(shell_out(s), "     [%3llu] ",
			   (unsigned long long)wait.priority);
		print_task_words(s, t->addr);
		buf_add_char(shell_out(s), '\n');
	}
	return count > 0;
}

/* ---- times ---- */

static u64 current_since(struct shell *s, const struct run_queue *q)
{
	const struct task_row *row = task_table_find(&s->tasks, q->curr);

	return row ? row->last_run_ns : 0;
}

static void print_times(struct shell *s, const struct how *how, const struct run_queue *q)
{
	struct buf *b = shell_out(s);
	int width = snprintf(NULL, 0, "%llu", (unsigned long long)q->clock_ns);

	buf_printf(b, " CPU %*u: %llu\n", how->cpu_width, q->cpu,
		   (unsigned long long)q->clock_ns);
	buf_printf(b, "     %*s  %0*llu  ", how->cpu_width, "", width,
		   (unsigned long long)current_since(s, q));
	print_task_words(s, q->curr);
	buf_add_char(b, '\n');
}

static void print_since(struct shell *s, const struct how *how, const struct run_queue *q)
{
	struct buf *b = shell_out(s);
	u64 since = current_since(s, q);
	u64 ns = q->clock_ns > since ? q->clock_ns - since : 0, seconds = ns / NS_PER_S;

	buf_printf(b, " CPU %*u: [%llu %02u:%02u:%02u.%03u]  ", how->cpu_width, q->cpu,
		   (unsigned long long)(seconds / 86400),
		   (unsigned)(seconds % 86400 / 3600), (unsigned)(seconds % 3600 / 60),
		   (unsigned)(seconds % 60), (unsigned)(ns % NS_PER_S / 1000000));
	print_task_words(s, q->curr);
	buf_add_char(b, '\n');
}

static int compare_clocks(const void *a, const void *b)
{
	const struct run_queue *x = a, *y = b;

	if (x->clock_ns != y->clock_ns)
		return x->clock_ns < y->clock_ns ? 1 : -1;
	return x->cpu < y->cpu ? -1 : x->cpu > y->cpu;
}

/* -T: how far each is behind the latest. */
static void print_lags(struct shell *s, const struct how *how, struct run_queue *queues,
		       size_t count)
{
	qsort(queues, count, sizeof(*queues), compare_clocks);
	for (size_t i = 0; i < count; i++) {
		u64 ns = queues[0].clock_ns - queues[i].clock_ns;

		buf_printf(shell_out(s), "  CPU %*u: %.2f secs\n", how->cpu_width,
			   queues[i].cpu, (double)ns / NS_PER_S);
	}
}

/* ---- all of it ---- */

static void print_queue(struct shell *s, const struct how *how, const struct run_queue *q,
			bool *is_first)
{
	if (how->view == VIEW_TIMES) {
		print_times(s, how, q);
	} else if (how->view == VIEW_SINCE) {
		print_since(s, how, q);
	} else if (how->view == VIEW_TASKS) {
		if (print_marked(s, q))
			buf_add_char(shell_out(s), '\n');
	} else {
		buf_add_str(shell_out(s), *is_first ? "" : "\n");
		*is_first = false;
		if (how->view == VIEW_GROUPS)
			print_groups(s, q);
		else
			print_queues(s, q);
	}
	shell_flush(s);
}

static struct err *read_options(struct shell_words *w, struct how *how)
{
	static const char letters[] = "tTmgd";
	static const enum view views[] = {VIEW_TIMES, VIEW_LAG, VIEW_SINCE, VIEW_GROUPS,
					  VIEW_TASKS};
	char option;
	struct err *err;

	while (!(err = shell_option(w, "tTmgdc:", &option)) && option) {
		const char *letter = strchr(letters, option);

		if (letter && how->view != VIEW_QUEUES)
			return err_new(ERR_USAGE,
				       "-t, -T, -m, -g and -d exclude each other");
		if (letter)
			how->view = views[letter - letters];
		else
			how->cpus = w->value;
	}
	return err ? err : shell_check_operands(w, 0, 0);
}

/* The queues of the CPUs that are asked for; one that cannot be read is told. */
static size_t read_queues(struct shell *s, const struct how *how, struct run_queue *queues)
{
	size_t count = 0;

	for (size_t i = 0; i < s->cpus.count && !shell_is_over(s); i++) {
		const struct cpu *cpu = &s->cpus.cpus[i];
		struct err *err;

		if (!cpu->is_present ||
		    (how->cpus && !shell_has_cpu(how->cpus, cpu->number)))
			continue;
		err = run_queue_read(s->k, cpu->number, &queues[count]);
		if (err)
			shell_tell(s, "runq", err);
		else
			count++;
	}
	return count;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	cleanup(freep) struct run_queue *queues = NULL;
	const struct task_table *tasks;
	struct how how = {.view = VIEW_QUEUES};
	struct err *err = read_options(w, &how);
	bool is_first = true;
	size_t count;

	if (!err)
		err = shell_tasks(s, &tasks);
	if (err)
		return err;
	queues = calloc(s->cpus.count + 1, sizeof(*queues));
	if (!queues)
		return err_nomem();
	count = read_queues(s, &how, queues);
	if (!count)
		return how.cpus ? err_new(ERR_ABSENT, "invalid cpu specification: %s",
					  how.cpus)
				: err_new(ERR_ABSENT, "no run queue can be read");
	how.cpu_width = snprintf(NULL, 0, "%u", queues[count - 1].cpu);
	if (how.view == VIEW_LAG)
		print_lags(s, &how, queues, count);
	for (size_t i = 0; how.view != VIEW_LAG && i < count && !shell_is_over(s); i++)
		print_queue(s, &how, &queues[i], &is_first);
	return NULL;
}

const struct shell_command shell_cmd_runq = {
	.name = "runq",
	.synopsis = "[-t | -T | -m | -g | -d] [-c cpus]",
	.summary = "run queues",
	.help = "Show what each CPU runs, and which tasks are ready to run there, by class:\n"
		"real-time ones by priority, the others in the order of their tree.\n\n"
		"    -t       instead, the clock of each queue, and when the current task got\n"
		"             the CPU, in ns.\n"
		"    -T       how far the clock of each queue is behind the latest.\n"
		"    -m       how long the current task has been running.\n"
		"    -g       with the groups (cgroups) that tasks are scheduled in.\n"
		"    -d       all tasks that are marked as being on a run queue.\n"
		"    -c cpus  only of these CPUs: \"3\", \"1,8,9\", \"1-23\".",
	.run = run,
};
