#include "kernel/run_queue.h"

#include "kernel/field.h"
#include "kernel/rbtree.h"

struct walk {
	struct kernel *k;
	const struct run_queue *q;
	bool (*each)(void *ctx, const struct queued *e);
	void *ctx;
	u64 num_left; /* entities that may still be told */
	bool is_over; /* @each wants no more */
	struct err *first;
	struct field task_prio;
	/* Where an entity lies in a task, and its node in it. */
	u64 task_offset, node_offset;
	struct field my_q; /* the queue of a group that an entity stands for */
	/* Since 152e11f6df29 ("sched/fair: Implement delayed dequeue"), v6.12. */
	struct field delayed;
	struct field server; /* a bit of a deadline's entity */
};

/* One queue of the fair class: that of the CPU, or of a group. */
struct level {
	struct walk *w;
	unsigned depth;
};

static u64 read_optional(struct kernel *k, vaddr_t base, const char *type,
			 const char *member)
{
	struct field f = field_find(k, type, member);
	u64 value = 0;

	if (f.present)
		err_ignore(field_read(k, base, &f, &value));
	return value;
}

struct err *run_queue_read(struct kernel *k, unsigned cpu, struct run_queue *ret)
{
	struct run_queue q = {.cpu = cpu};
	struct field rt, fair, tree, deadlines = field_find(k, "rq", "dl.root");
	struct err *err = kernel_percpu_symbol(k, "runqueues", cpu, &q.addr);

	if (!err)
		err = field_get(k, "rq", "rt.active", &rt);
	if (!err)
		err = field_get(k, "rq", "cfs", &fair);
	if (!err)
		err = field_get(k, "cfs_rq", "tasks_timeline", &tree);
	if (!err)
		err = field_read_by_name(k, q.addr, "rq", "curr", &q.curr);
	if (err)
		return err_wrap(err, "the run queue of CPU %u", cpu);
	q.idle = read_optional(k, q.addr, "rq", "idle");
	q.num_running = read_optional(k, q.addr, "rq", "nr_running");
	q.clock_ns = read_optional(k, q.addr, "rq", "clock");
	q.rt_array = q.addr + rt.offset;
	q.fair_queue = q.addr + fair.offset;
	q.fair_tree = q.fair_queue + tree.offset;
	q.deadlines = deadlines.present ? q.addr + deadlines.offset : 0;
	*ret = q;
	return NULL;
}

static void note(struct walk *w, struct err *err)
{
	if (err && !w->first)
		w->first = err;
	else
		err_ignore(err);
}

/* Tell of @e; false once there is to be no more. */
static bool tell(struct walk *w, const struct queued *e)
{
	if (w->is_over)
		return false;
	if (!w->num_left) {
		note(w, err_new(ERR_INCOMPLETE,
				"the run queue of CPU %u has more than %u entities",
				w->q->cpu, RUN_QUEUE_MAX_ENTITIES));
		w->is_over = true;
		return false;
	}
	w->num_left--;
	w->is_over = !w->each(w->ctx, e);
	return !w->is_over;
}

static u64 task_priority(struct walk *w, vaddr_t task)
{
	u64 priority = 0;

	if (w->task_prio.present)
		note(w, field_read(w->k, task, &w->task_prio, &priority));
	return (u32)priority;
}

/* ---- fair ---- */

static void walk_fair_queue(struct walk *w, vaddr_t queue, unsigned depth);

/* The queue of the group that the entity stands for, 0 if it is a task's. */
static vaddr_t group_queue(struct walk *w, vaddr_t entity)
{
	vaddr_t queue = 0;

	if (w->my_q.present)
		note(w, field_read(w->k, entity, &w->my_q, &queue));
	return queue;
}

static bool may_go_deeper(struct walk *w, unsigned depth)
{
	if (depth + 1 < RUN_QUEUE_MAX_DEPTH)
		return true;
	note(w, err_new(ERR_BAD_DATA,
			"the run queue of CPU %u has more than %d groups in each other",
			w->q->cpu, RUN_QUEUE_MAX_DEPTH));
	return false;
}

static bool take_fair(struct walk *w, vaddr_t entity, unsigned depth, bool is_current)
{
	struct queued e = {.depth = depth, .is_current = is_current};

	e.queue = group_queue(w, entity);
	if (!e.queue) {
		u64 delayed = 0;

		if (w->delayed.present)
			note(w, field_read(w->k, entity, &w->delayed, &delayed));
		e.is_delayed = (u8)delayed != 0;
		e.task = entity - w->task_offset;
		e.priority = task_priority(w, e.task);
		return tell(w, &e);
	}
	e.group = read_optional(w->k, e.queue, "cfs_rq", "tg");
	e.is_throttled = read_optional(w->k, e.queue, "cfs_rq", "throttled") != 0;
	if (!tell(w, &e))
		return false;
	if (may_go_deeper(w, depth))
		walk_fair_queue(w, e.queue, depth + 1);
	return !w->is_over;
}

static bool take_fair_node(void *ctx, const struct rbtree_place *p)
{
	const struct level *l = ctx;

	return take_fair(l->w, p->node - l->w->node_offset, l->depth, false);
}

static void walk_fair_queue(struct walk *w, vaddr_t queue, unsigned depth)
{
	struct level l = {.w = w, .depth = depth};
	vaddr_t current = read_optional(w->k, queue, "cfs_rq", "curr");
	struct field tree;
	struct err *err = field_get(w->k, "cfs_rq", "tasks_timeline", &tree);

	if (current && !take_fair(w, current, depth, true))
		return;
	if (!err)
		err = rbtree_each(w->k, queue + tree.offset, RBTREE_SORTED, take_fair_node,
				  &l);
	note(w, err);
}

static struct err *walk_fair(struct walk *w)
{
	struct field task, node;
	struct err *err = field_get(w->k, "task_struct", "se", &task);

	if (!err)
		err = field_get(w->k, "sched_entity", "run_node", &node);
	if (err)
		return err;
	w->task_offset = task.offset;
	w->node_offset = node.offset;
	w->my_q = field_find(w->k, "sched_entity", "my_q");
	w->delayed = field_find(w->k, "sched_entity", "sched_delayed");
	walk_fair_queue(w, w->q->fair_queue, 0);
	return NULL;
}

/* ---- real-time ---- */

/* How the lists of priorities lie in memory. */
struct rt_lists {
	u64 first, count, head_size, next;
	u64 group_array; /* of the rt_prio_array in an rt_rq */
};

static void walk_rt_array(struct walk *w, const struct rt_lists *l, vaddr_t array,
			  unsigned depth);

static bool take_rt(struct walk *w, const struct rt_lists *l, vaddr_t entity, u64 priority,
		    unsigned depth)
{
	struct queued e = {.depth = depth, .priority = priority};

	e.queue = group_queue(w, entity);
	if (!e.queue) {
		e.task = entity - w->task_offset;
		e.is_current = e.task == w->q->curr;
		return tell(w, &e);
	}
	e.group = read_optional(w->k, e.queue, "rt_rq", "tg");
	e.is_throttled = read_optional(w->k, e.queue, "rt_rq", "rt_throttled") != 0;
	if (!tell(w, &e))
		return false;
	if (may_go_deeper(w, depth))
		walk_rt_array(w, l, e.queue + l->group_array, depth + 1);
	return !w->is_over;
}

static void walk_rt_list(struct walk *w, const struct rt_lists *l, vaddr_t head,
			 u64 priority, unsigned depth)
{
	vaddr_t node = head;

	for (;;) {
		struct err *err = kernel_read_ptr(w->k, node + l->next, &node);

		if (err) {
			note(w, err_wrap(err, "the list of priority %llu",
					 (unsigned long long)priority));
			return;
		}
		/* One that was never made a list holds 0. */
		if (node == head || !node ||
		    !take_rt(w, l, node - w->node_offset, priority, depth))
			return;
	}
}

static void walk_rt_array(struct walk *w, const struct rt_lists *l, vaddr_t array,
			  unsigned depth)
{
	for (u64 i = 0; i < l->count && !w->is_over; i++)
		walk_rt_list(w, l, array + l->first + i * l->head_size, i, depth);
}

static struct err *walk_rt(struct walk *w)
{
	struct rt_lists l = {.group_array = field_find(w->k, "rt_rq", "active").offset};
	struct field task, node, lists, next;
	struct err *err = field_get(w->k, "task_struct", "rt", &task);

	if (!err)
		err = field_get(w->k, "sched_rt_entity", "run_list", &node);
	if (!err)
		err = field_get(w->k, "rt_prio_array", "queue", &lists);
	if (!err)
		err = field_get(w->k, "list_head", "next", &next);
	if (!err && !type_size_find(w->k, "list_head", &l.head_size))
		err = err_new(ERR_ABSENT, "the size of struct list_head is not known");
	if (err)
		return err;
	w->task_offset = task.offset;
	w->node_offset = node.offset;
	w->my_q = field_find(w->k, "sched_rt_entity", "my_q");
	l.first = lists.offset;
	l.count = min_u64(lists.count, 128);
	l.next = next.offset;
	walk_rt_array(w, &l, w->q->rt_array, 0);
	return NULL;
}

/* ---- the stop class ---- */

static struct err *walk_stop(struct walk *w)
{
	struct queued e = {0};
	struct run_wait wait;
	struct err *err = field_read_by_name(w->k, w->q->addr, "rq", "stop", &e.task);

	if (err || !e.task)
		return err;
	run_wait_read(w->k, e.task, &wait);
	e.priority = wait.priority;
	e.is_current = e.task == w->q->curr;
	if (wait.is_queued)
		(void)tell(w, &e);
	return NULL;
}

/* ---- deadlines ---- */

static bool take_deadline(void *ctx, const struct rbtree_place *p)
{
	struct walk *w = ctx;
	struct queued e = {.task = p->node - w->node_offset - w->task_offset};
	u64 is_server = 0;

	/* Since 63ba8422f876 ("sched/deadline: Introduce deadline servers"), v6.8, one may
	 * stand for a whole class. */
	if (w->server.present)
		note(w, field_read(w->k, p->node - w->node_offset, &w->server, &is_server));
	if (is_server)
		return true;
	e.priority = task_priority(w, e.task);
	e.is_current = e.task == w->q->curr;
	return tell(w, &e);
}

static struct err *walk_deadlines(struct walk *w)
{
	struct field task, node;
	struct err *err = field_get(w->k, "task_struct", "dl", &task);

	if (!err)
		err = field_get(w->k, "sched_dl_entity", "rb_node", &node);
	if (err)
		return err;
	if (!w->q->deadlines)
		return NULL;
	w->server = field_find(w->k, "sched_dl_entity", "dl_server");
	w->task_offset = task.offset;
	w->node_offset = node.offset;
	return rbtree_each(w->k, w->q->deadlines, RBTREE_SORTED, take_deadline, w);
}

struct err *run_queue_each(struct kernel *k, const struct run_queue *q,
			   enum run_queue_class class,
			   bool (*each)(void *ctx, const struct queued *e), void *ctx)
{
	struct walk w = {.k = k,
			 .q = q,
			 .each = each,
			 .ctx = ctx,
			 .num_left = RUN_QUEUE_MAX_ENTITIES,
			 .task_prio = field_find(k, "task_struct", "prio")};
	struct err *(*const walks[])(struct walk * w) = {
		[RUN_QUEUE_STOP] = walk_stop,
		[RUN_QUEUE_DEADLINE] = walk_deadlines,
		[RUN_QUEUE_RT] = walk_rt,
		[RUN_QUEUE_FAIR] = walk_fair,
	};
	struct err *err = walks[class](&w);

	if (err && w.first)
		err_free(err);
	return w.first ? w.first : err;
}

void run_wait_read(struct kernel *k, vaddr_t task, struct run_wait *ret)
{
	struct field queued = field_find(k, "task_struct", "sched_info.last_queued");
	struct run_wait r = {0};

	r.priority = (u32)read_optional(k, task, "task_struct", "prio");
	r.is_queued = (u32)read_optional(k, task, "task_struct", "on_rq") != 0;
	if (queued.present)
		err_ignore(field_read(k, task, &queued, &r.queued_at_ns));
	r.has_queued_at = r.queued_at_ns != 0;
	*ret = r;
}

void run_group_name(struct kernel *k, vaddr_t group, char name[RUN_GROUP_NAME_SIZE])
{
	vaddr_t cgroup = 0, node = 0, text = 0;

	name[0] = '\0';
	if (group)
		cgroup = read_optional(k, group, "task_group", "css.cgroup");
	if (cgroup)
		node = read_optional(k, cgroup, "cgroup", "kn");
	if (node)
		text = read_optional(k, node, "kernfs_node", "name");
	if (text)
		err_ignore(kernel_read_str(k, text, name, RUN_GROUP_NAME_SIZE));
}
