/* Run queues: who waits for a CPU, and since when. */
#include "analyse/report_priv.h"

#include "kernel/field.h"
#include "kernel/run_queue.h"

#define MAX_WAITING 32 /* of a CPU, that are listed */
#define NS_PER_MS   1000000u

struct waiting {
	struct report *r;
	const char *class;
	json_t *list;
	u64 now_ns;
	size_t count;
};

static bool add_waiting(void *ctx, const struct queued *e)
{
	struct waiting *w = ctx;
	struct tree *t = &w->r->tree;
	struct run_wait wait;
	struct task task;
	struct err *err;
	json_t *j;

	if (!e->task || e->is_current || e->is_delayed || w->count++ >= MAX_WAITING)
		return true;
	err = task_read(w->r->k, e->task, &task);
	if (err) {
		notices_add_err(w->r->notices, err_wrap(err, "a task on a run queue"));
		return true;
	}
	run_wait_read(w->r->k, e->task, &wait);
	j = report_task(w->r, &task);
	tree_set(t, j, "class", json_string(w->class));
	tree_set_int(t, j, "priority", wait.priority);
	if (wait.has_queued_at && wait.queued_at_ns <= w->now_ns)
		tree_set_int(t, j, "waiting_ms",
			     (w->now_ns - wait.queued_at_ns) / NS_PER_MS);
	tree_append(t, w->list, j);
	return true;
}

/* For how long the current task has had the CPU. */
static void add_running(struct report *r, json_t *j, const struct run_queue *q, u64 now_ns)
{
	struct run_wait wait;
	u64 since = 0;
	struct err *err = NULL;

	if (!q->curr || q->curr == q->idle)
		return;
	run_wait_read(r->k, q->curr, &wait);
	tree_set_int(&r->tree, j, "priority", wait.priority);
	err = field_read_by_name(r->k, q->curr, "task_struct", "sched_info.last_arrival",
				 &since);
	if (!err && since && since <= now_ns)
		tree_set_int(&r->tree, j, "running_ms", (now_ns - since) / NS_PER_MS);
	err_ignore(err);
}

static json_t *report_queue(struct report *r, const struct run_queue *q, u64 now_ns)
{
	static const struct {
		enum run_queue_class class;
		const char *name;
	} classes[] = {{RUN_QUEUE_DEADLINE, "deadline"},
		       {RUN_QUEUE_RT, "real-time"},
		       {RUN_QUEUE_FAIR, "fair"}};
	struct waiting w = {.r = r, .list = tree_array(&r->tree), .now_ns = now_ns};
	json_t *j = tree_object(&r->tree);

	tree_set_hex(&r->tree, j, "address", q->addr);
	tree_set_int(&r->tree, j, "tasks", q->num_running);
	add_running(r, j, q, now_ns);
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		struct err *err;

		w.class = classes[i].name;
		err = run_queue_each(r->k, q, classes[i].class, add_waiting, &w);
		notices_add_err(r->notices, err_wrap(err, "run queue of CPU %u, %s tasks",
						     q->cpu, w.class));
	}
	tree_set(&r->tree, j, "waiting", w.list);
	if (w.count > MAX_WAITING)
		tree_set_int(&r->tree, j, "waiting_left_out", w.count - MAX_WAITING);
	return j;
}

void report_run_queues(struct report *r, json_t *cpus)
{
	struct run_queue q;
	u64 now_ns = 0;
	json_t *cpu;
	size_t i;

	/* A CPU that is stuck does not advance its clock; they are the same but for that.
	 */
	json_array_foreach(cpus, i, cpu)
	{
		struct err *err = run_queue_read(
			r->k, (unsigned)json_integer_value(json_object_get(cpu, "cpu")),
			&q);

		if (!err)
			now_ns = max_u64(now_ns, q.clock_ns);
		err_ignore(err);
	}
	json_array_foreach(cpus, i, cpu)
	{
		struct err *err = run_queue_read(
			r->k, (unsigned)json_integer_value(json_object_get(cpu, "cpu")),
			&q);

		if (err)
			notices_add_err(r->notices, err);
		else
			tree_set(&r->tree, cpu, "run_queue", report_queue(r, &q, now_ns));
	}
}
