/* Run queues: who waits for a CPU, and since when. */
#include "analyse/report_priv.h"

#include "kernel/field.h"
#include "kernel/run_queue.h"

#define MAX_WAITING  32	    /* of a CPU, that are listed */
#define MAX_ENTITIES 262144 /* of all CPUs together, that are looked at */
#define NS_PER_MS    1000000u

struct waiting {
	struct report *r;
	const char *class;
	json_t *list;
	u64 now_ns;
	size_t count;
	size_t *num_left; /* entities that may still be looked at */
};

static bool add_waiting(void *ctx, const struct queued *e)
{
	struct waiting *w = ctx;
	struct tree *t = &w->r->tree;
	struct run_wait wait;
	struct task task;
	struct err *err;
	json_t *j;

	if (!*w->num_left)
		return false;
	--*w->num_left;
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

static json_t *report_queue(struct report *r, const struct run_queue *q, u64 now_ns,
			    size_t *num_left)
{
	static const struct {
		enum run_queue_class class;
		const char *name;
	} classes[] = {{RUN_QUEUE_STOP, "stop"},
		       {RUN_QUEUE_DEADLINE, "deadline"},
		       {RUN_QUEUE_RT, "real-time"},
		       {RUN_QUEUE_FAIR, "fair"}};
	struct waiting w = {.r = r,
			    .list = tree_array(&r->tree),
			    .now_ns = now_ns,
			    .num_left = num_left};
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

/* The latest clock of all queues: that of a CPU that is stuck does not advance. */
static u64 latest_clock(struct report *r, json_t *cpus)
{
	u64 now_ns = 0;
	json_t *cpu;
	size_t i;

	json_array_foreach(cpus, i, cpu)
	{
		u64 number = (u64)json_integer_value(json_object_get(cpu, "cpu"));
		struct run_queue q;
		struct err *err = run_queue_read(r->k, (unsigned)number, &q);

		if (!err)
			now_ns = max_u64(now_ns, q.clock_ns);
		err_ignore(err);
	}
	return now_ns;
}

void report_run_queues(struct report *r, json_t *cpus)
{
	size_t num_left = MAX_ENTITIES, num_failed = 0, i;
	u64 now_ns = latest_clock(r, cpus);
	json_t *cpu;

	json_array_foreach(cpus, i, cpu)
	{
		u64 number = (u64)json_integer_value(json_object_get(cpu, "cpu"));
		struct run_queue q;
		struct err *err = run_queue_read(r->k, (unsigned)number, &q);

		/* The first tells of all: what one lacks, mostly all lack. */
		if (!err)
			tree_set(&r->tree, cpu, "run_queue",
				 report_queue(r, &q, now_ns, &num_left));
		else if (num_failed++)
			err_free(err);
		else
			notices_add_err(r->notices, err);
	}
	if (num_failed > 1)
		notices_add(r->notices, "run queues of %zu CPUs cannot be read",
			    num_failed);
	if (!num_left)
		notices_add(r->notices,
			    "run queues have more than %d entries: the rest is left out",
			    MAX_ENTITIES);
}
