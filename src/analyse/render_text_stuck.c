#include "analyse/render_text_priv.h"

#define MAX_PIDS    16 /* that are named as having one stack */
#define MAX_WAITING 8  /* for one CPU, that are named */

static void render_blocked_task(struct buf *b, json_t *t)
{
	buf_printf(b, "  PID %-7llu %-16s waits ",
		   (unsigned long long)tree_get_int(t, "pid"), tree_show(t, "comm"));
	if (tree_has(t, "since_ms"))
		buf_printf(b, "%llu.%llu s ",
			   (unsigned long long)tree_get_int(t, "since_ms") / 1000,
			   (unsigned long long)tree_get_int(t, "since_ms") / 100 % 10);
	buf_printf(b, "for %s", tree_show(t, "waits_for"));
	if (tree_has(t, "lock"))
		buf_printf(b, " at %s", tree_show(t, "lock"));
	if (tree_has(t, "function"))
		buf_printf(b, " in %s", tree_show(t, "function"));
	if (tree_has(t, "module"))
		buf_printf(b, " [%s]", tree_show(t, "module"));
	if (tree_has(t, "ring"))
		buf_printf(b, ", in deadlock %llu",
			   (unsigned long long)tree_get_int(t, "ring"));
	buf_add_char(b, '\n');
}

/* One stack, and the tasks that have it. */
static void render_blocked_stack(struct buf *b, json_t *stack)
{
	json_t *pids = json_object_get(stack, "pids"), *pid, *frame;
	json_t *backtrace = json_object_get(stack, "backtrace");
	size_t i;

	buf_add_str(b, "\nStack of PID");
	json_array_foreach(pids, i, pid)
	{
		if (i == MAX_PIDS) {
			buf_printf(b, " and %zu more", json_array_size(pids) - i);
			break;
		}
		buf_printf(b, " %llu", (unsigned long long)json_integer_value(pid));
	}
	buf_add_str(b, ":\n");
	json_array_foreach(json_object_get(backtrace, "frames"), i, frame)
		render_text_frame(b, i, frame);
	buf_printf(b, "    ends %s\n", tree_show(backtrace, "end"));
}

static void render_lock(struct buf *b, json_t *l)
{
	json_t *owner = json_object_get(l, "owner");

	buf_printf(b, "  %s at %s", tree_show(l, "kind"), tree_show(l, "address"));
	if (tree_has(l, "what"))
		buf_printf(b, " (%s)", tree_show(l, "what"));
	buf_printf(b, ": %s", tree_show(l, "state"));
	if (owner)
		buf_printf(b, " by PID %llu %s",
			   (unsigned long long)tree_get_int(owner, "pid"),
			   tree_show(owner, "comm"));
	buf_printf(b, ", owner %s, %llu waiting\n", tree_show(l, "owner_is"),
		   (unsigned long long)tree_get_int(l, "waiters_behind"));
}

void render_text_blocked(struct buf *b, json_t *report)
{
	json_t *blocked = json_object_get(report, "blocked"), *j;
	json_t *tasks = json_object_get(blocked, "tasks");
	size_t i;

	if (!json_array_size(tasks))
		return;
	buf_printf(b, "\nBlocked tasks (%zu):\n", json_array_size(tasks));
	json_array_foreach(tasks, i, j) render_blocked_task(b, j);
	json_array_foreach(json_object_get(blocked, "locks"), i, j) render_lock(b, j);
	json_array_foreach(json_object_get(blocked, "stacks"), i, j)
		render_blocked_stack(b, j);
}

static void add_seconds(struct buf *b, const char *before, json_t *j, const char *key)
{
	u64 ms = tree_get_int(j, key);

	if (tree_has(j, key))
		buf_printf(b, "%s%llu.%03llu s", before, (unsigned long long)(ms / 1000),
			   (unsigned long long)(ms % 1000));
}

static void render_run_queue(struct buf *b, json_t *cpu)
{
	json_t *queue = json_object_get(cpu, "run_queue"), *t;
	json_t *task = json_object_get(cpu, "task");
	json_t *waiting = json_object_get(queue, "waiting");
	size_t i, num = json_array_size(waiting);
	u64 left_out = tree_get_int(queue, "waiting_left_out");

	buf_printf(b, "  CPU %llu runs ", (unsigned long long)tree_get_int(cpu, "cpu"));
	if (task)
		buf_printf(b, "PID %llu %s", (unsigned long long)tree_get_int(task, "pid"),
			   tree_show(task, "comm"));
	add_seconds(b, " for ", queue, "running_ms");
	buf_add_str(b, "; ready and waiting:\n");
	json_array_foreach(waiting, i, t)
	{
		if (i == MAX_WAITING) {
			left_out += num - i;
			break;
		}
		buf_printf(b, "    PID %-7llu %-16s",
			   (unsigned long long)tree_get_int(t, "pid"),
			   tree_show(t, "comm"));
		add_seconds(b, " for ", t, "waiting_ms");
		buf_printf(b, ", %s, priority %llu\n", tree_show(t, "class"),
			   (unsigned long long)tree_get_int(t, "priority"));
	}
	if (left_out)
		buf_printf(b, "    … and %llu more\n", (unsigned long long)left_out);
}

/* CPUs for which somebody waits. */
void render_text_run_queues(struct buf *b, json_t *report)
{
	json_t *cpus = json_object_get(report, "cpus"), *cpu;
	size_t i, num_known = 0, num_waited_for = 0;

	json_array_foreach(cpus, i, cpu)
	{
		json_t *queue = json_object_get(cpu, "run_queue");

		num_known += queue != NULL;
		if (!json_array_size(json_object_get(queue, "waiting")))
			continue;
		buf_add_str(b, num_waited_for++ ? "" : "\nRun queues:\n");
		render_run_queue(b, cpu);
	}
	if (num_known && !num_waited_for)
		buf_add_str(b, "\nRun queues: nobody waits for a CPU\n");
}

static void render_request(struct buf *b, json_t *r)
{
	u64 ms = tree_get_int(r, "age_ms");

	buf_printf(b, "  %-12s %-12s ", tree_show(r, "device"), tree_show(r, "operation"));
	if (tree_has(r, "sector"))
		buf_printf(b, "sector %-12llu %8llu bytes  ",
			   (unsigned long long)tree_get_int(r, "sector"),
			   (unsigned long long)tree_get_int(r, "bytes"));
	else
		buf_printf(b, "%36s", "");
	if (tree_has(r, "age_ms"))
		buf_printf(b, "%6llu.%03llu s  ", (unsigned long long)(ms / 1000),
			   (unsigned long long)(ms % 1000));
	buf_printf(b, "%s, %s\n", tree_show(r, "state"), tree_show(r, "address"));
}

void render_text_block_io(struct buf *b, json_t *report)
{
	json_t *io = json_object_get(report, "block_io"), *r;
	json_t *list = json_object_get(io, "oldest");
	u64 count = tree_get_int(io, "requests");
	size_t i, num = json_array_size(list);

	if (!num)
		return;
	buf_printf(b, "\nBlock I/O under way (%llu), the oldest first:\n",
		   (unsigned long long)count);
	json_array_foreach(list, i, r) render_request(b, r);
	if (count > num)
		buf_printf(b, "  … and %llu more\n", (unsigned long long)(count - num));
}
