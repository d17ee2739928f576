#include "analyse/blocked.h"

#include "analyse/function_names.h"
#include "kernel/field.h"
#include "kernel/super_block.h"
#include "kernel/symbols.h"

#include <string.h>

#define RTLOCK_WAIT                                                                        \
	0x1000 /* 5f220be21418 ("sched/wakeup: Prepare for RT sleeping locks") */

/* What the clock of the machine and those of the schedulers of its CPUs may differ by. */
#define CLOCK_SLACK_NS 1000000000u

struct gathering {
	struct kernel *k;
	struct cpu_table *cpus;
	struct stack *stack;
	struct blocked *b;
	size_t room;
	bool has_now;
	u64 now_ns;	  /* the scheduler's clock when the machine stopped */
	u64 budget;	  /* for wait_find() */
	bool lacks_tasks; /* some could not be read: who is not found may well live */
	struct err *err;
};

static bool is_blocked(const struct task *t)
{
	return !t->is_on_cpu && (task_state_letter(t) == 'D' || t->state & RTLOCK_WAIT);
}

/* The newest of the run queues' clocks: those of idle CPUs stand still. */
static void read_now(struct gathering *g)
{
	const struct cpu_table *cpus = g->cpus;

	for (size_t i = 0; i < cpus->count; i++) {
		struct err *err;
		vaddr_t rq;
		u64 clock;

		if (!cpus->cpus[i].is_online)
			continue;
		err = kernel_percpu_symbol(g->k, "runqueues", cpus->cpus[i].number, &rq);
		if (!err)
			err = field_read_by_name(g->k, rq, "rq", "clock", &clock);
		if (!err) {
			g->now_ns = max_u64(g->now_ns, clock);
			g->has_now = true;
		}
		err_ignore(err);
	}
}

/* How long a task ran when it last had a CPU; 0 if that is not known. */
static u64 last_run_ns(struct gathering *g, vaddr_t task)
{
	u64 now = 0, before = 0;
	struct err *err =
		field_read_by_name(g->k, task, "task_struct", "se.sum_exec_runtime", &now);

	if (!err)
		err = field_read_by_name(g->k, task, "task_struct",
					 "se.prev_sum_exec_runtime", &before);
	if (err || before > now)
		now = before = 0;
	err_ignore(err);
	return now - before;
}

/* It waits since it lost the CPU: when it last got one, and how long it kept it. */
static void read_since(struct gathering *g, struct blocked_task *t)
{
	u64 arrival = 0, run = last_run_ns(g, t->task.addr);
	struct err *err = field_read_by_name(g->k, t->task.addr, "task_struct",
					     "sched_info.last_arrival", &arrival);

	t->has_since = !err && g->has_now && arrival && arrival <= g->now_ns;
	if (t->has_since)
		t->since_ns = g->now_ns - arrival - min_u64(run, g->now_ns - arrival);
	err_ignore(err);
}

static u64 hash_stack(const struct stack *s)
{
	u64 hash = 0xcbf29ce484222325; /* FNV-1a */

	for (size_t i = 0; i < s->num_frames; i++)
		for (unsigned shift = 0; shift < 64; shift += 8)
			hash = (hash ^ (s->frames[i].pc >> shift & 0xff)) * 0x100000001b3;
	return hash;
}

static void describe(struct gathering *g, struct blocked_task *t)
{
	const struct stack *s = g->stack;
	const struct frame *f;

	stack_unwind_task(g->k, t->task.addr, g->stack);
	wait_find(g->k, &t->task, s, &g->budget, &t->wait);
	t->stack_hash = hash_stack(s);
	read_since(g, t);
	if (t->wait.num_machinery >= s->num_frames)
		return;
	f = &s->frames[t->wait.num_machinery];
	snprintf(t->function, sizeof(t->function), "%.*s", BLOCKED_NAME_SIZE - 1,
		 f->symbol.name);
	snprintf(t->module, sizeof(t->module), "%.*s", BLOCKED_NAME_SIZE - 1,
		 f->symbol.module);
}

static void take_task(void *ctx, const struct task *task)
{
	struct gathering *g = ctx;
	struct blocked *b = g->b;

	task_fill_cpu(task, g->cpus);
	if (g->err || !is_blocked(task))
		return;
	if (b->num_tasks == BLOCKED_MAX_TASKS) {
		b->num_left_out++;
		return;
	}
	if (b->num_tasks == g->room) {
		size_t room = g->room ? 2 * g->room : 16;
		struct blocked_task *more = realloc(b->tasks, room * sizeof(*b->tasks));

		if (!more) {
			g->err = err_nomem();
			return;
		}
		b->tasks = more;
		g->room = room;
	}
	b->tasks[b->num_tasks] = (struct blocked_task){.task = *task, .lock = BLOCKED_NONE};
	describe(g, &b->tasks[b->num_tasks++]);
}

/* ---- locks and their owners ---- */

static size_t find_lock(const struct blocked *b, vaddr_t addr)
{
	for (size_t i = 0; i < b->num_locks; i++)
		if (b->locks[i].lock.addr == addr)
			return i;
	return BLOCKED_NONE;
}

/* Locks of the image have symbols, those that a filesystem is frozen by lie in it. */
static void name_lock(struct kernel *k, struct blocked_lock *l)
{
	struct super_block sb;
	struct symbol symbol;
	u64 offset;

	if (l->lock.kind == LOCK_PERCPU_RWSEM && super_block_of(k, l->lock.addr, &sb))
		snprintf(l->what, sizeof(l->what), "freeze of %s on %s", sb.type, sb.id);
	else if (symbol_at(k, l->lock.addr, UINT64_MAX, &symbol, &offset) &&
		 offset < symbol.size)
		snprintf(l->what, sizeof(l->what), "%.*s", BLOCKED_NAME_SIZE - 1,
			 symbol.name);
}

static struct err *gather_locks(struct kernel *k, struct blocked *b)
{
	b->locks = calloc(b->num_tasks ? b->num_tasks : 1, sizeof(*b->locks));
	if (!b->locks)
		return err_nomem();
	for (size_t i = 0; i < b->num_tasks; i++) {
		struct blocked_task *t = &b->tasks[i];
		struct blocked_lock *l;

		if (!t->wait.has_lock)
			continue;
		t->lock = find_lock(b, t->wait.lock.addr);
		if (t->lock == BLOCKED_NONE) {
			t->lock = b->num_locks++;
			b->locks[t->lock] = (struct blocked_lock){
				.lock = t->wait.lock,
				.fate = t->wait.lock.owner ? OWNER_GONE : OWNER_NONE,
				.owner_index = BLOCKED_NONE};
			name_lock(k, &b->locks[t->lock]);
		}
		l = &b->locks[t->lock];
		l->num_waiters++;
		if (t->has_since)
			l->longest_ns = max_u64(l->longest_ns, t->since_ns);
	}
	return NULL;
}

/* A task_struct can be used again for another task once its owner has exited. It has begun
 * after somebody began to wait for it then. Begin and wait are told by different clocks. */
static bool is_reused(struct gathering *g, const struct blocked_lock *l,
		      const struct task *owner)
{
	u64 start = 0;
	struct err *err =
		field_read_by_name(g->k, owner->addr, "task_struct", "start_time", &start);
	bool is_younger =
		!err && g->has_now && start > g->now_ns - l->longest_ns + CLOCK_SLACK_NS;

	err_ignore(err);
	return is_younger;
}

static enum owner_fate fate_of(struct gathering *g, const struct blocked_lock *l,
			       const struct task *owner)
{
	if (is_reused(g, l, owner))
		return OWNER_REUSED;
	if (owner->is_on_cpu)
		return OWNER_RUNNING;
	if (is_blocked(owner))
		return OWNER_BLOCKED;
	return owner->state ? OWNER_SLEEPING : OWNER_RUNNABLE;
}

static void take_owner(void *ctx, const struct task *task)
{
	struct gathering *g = ctx;

	for (size_t i = 0; i < g->b->num_locks; i++) {
		struct blocked_lock *l = &g->b->locks[i];

		if (l->lock.owner != task->addr)
			continue;
		l->owner = *task;
		l->fate = fate_of(g, l, task);
	}
}

/* A task can be another's heir in other ways than by its age: one that sleeps in a system
 * call that takes no lock did not take this one. */
static bool holds_nothing(struct gathering *g, const struct task *owner)
{
	const struct stack *s = g->stack;

	stack_unwind_task(g->k, owner->addr, g->stack);
	for (size_t i = 0; i < s->num_frames; i++)
		if (s->frames[i].has_symbol &&
		    function_sleeps_without_locks(s->frames[i].symbol.name))
			return s->end_is_user;
	return false;
}

static void check_sleepers(struct gathering *g)
{
	for (size_t i = 0; i < g->b->num_locks; i++) {
		struct blocked_lock *l = &g->b->locks[i];

		if (l->fate == OWNER_SLEEPING && l->lock.state == LOCK_HELD &&
		    holds_nothing(g, &l->owner))
			l->fate = OWNER_REUSED;
	}
}

/* Only of a whole list of tasks can it be said who is not on it. */
static void doubt_exits(struct gathering *g)
{
	for (size_t i = 0; g->lacks_tasks && i < g->b->num_locks; i++)
		if (g->b->locks[i].fate == OWNER_GONE)
			g->b->locks[i].fate = OWNER_UNKNOWN;
}

static void link_owners(struct blocked *b)
{
	for (size_t i = 0; i < b->num_locks; i++)
		for (size_t j = 0; j < b->num_tasks; j++)
			if (b->locks[i].fate == OWNER_BLOCKED &&
			    b->tasks[j].task.addr == b->locks[i].lock.owner)
				b->locks[i].owner_index = j;
}

/* ---- chains and rings ---- */

/* The blocked task that @task waits for, BLOCKED_NONE if there is none. */
static size_t next_of(const struct blocked *b, size_t task)
{
	size_t lock = b->tasks[task].lock;

	return lock == BLOCKED_NONE ? BLOCKED_NONE : b->locks[lock].owner_index;
}

/* Each task waits for one other at most: from any task the way ends, or enters a ring after
 * as many steps as there are tasks. */
static void find_rings(struct blocked *b)
{
	for (size_t i = 0; i < b->num_tasks; i++) {
		size_t at = i;

		for (size_t steps = 0; at != BLOCKED_NONE && steps < b->num_tasks; steps++)
			at = next_of(b, at);
		if (at == BLOCKED_NONE || b->tasks[at].ring)
			continue;
		b->num_rings++;
		for (; !b->tasks[at].ring; at = next_of(b, at))
			b->tasks[at].ring = b->num_rings;
	}
}

/* Follow the way of each task, and count it once at each lock on it. */
static struct err *count_behind(struct blocked *b)
{
	cleanup(freep) size_t *seen_by = calloc(b->num_locks + 1, sizeof(*seen_by));

	if (!seen_by)
		return err_nomem();
	for (size_t i = 0; i < b->num_tasks; i++) {
		for (size_t at = i; at != BLOCKED_NONE; at = next_of(b, at)) {
			size_t lock = b->tasks[at].lock;

			if (lock == BLOCKED_NONE || seen_by[lock] == i + 1)
				break;
			seen_by[lock] = i + 1;
			b->locks[lock].num_behind++;
		}
	}
	return NULL;
}

const struct blocked_lock *blocked_main_lock(const struct blocked *b)
{
	const struct blocked_lock *best = NULL;

	for (size_t i = 0; i < b->num_locks; i++)
		if (!best || b->locks[i].num_behind > best->num_behind)
			best = &b->locks[i];
	return best;
}

struct err *blocked_read(struct kernel *k, struct cpu_table *cpus, struct notices *n,
			 struct stack *stack, struct blocked *ret)
{
	struct blocked b = {0};
	struct gathering g = {
		.k = k, .cpus = cpus, .stack = stack, .b = &b, .budget = WAIT_BUDGET};
	struct task_count count;
	struct err *err;

	read_now(&g);
	err = task_each(k, cpus, n, take_task, &g, &count);
	if (!err)
		err = g.err;
	if (!g.budget)
		notices_add(
			n,
			"locks that tasks wait for: there are more than can be followed");
	if (!err)
		err = gather_locks(k, &b);
	if (!err)
		err = task_each(k, cpus, n, take_owner, &g, &count);
	if (err) {
		blocked_deinit(&b);
		return err;
	}
	g.lacks_tasks = count.num_breaks || count.num_unreadable;
	check_sleepers(&g);
	doubt_exits(&g);
	link_owners(&b);
	find_rings(&b);
	err = count_behind(&b);
	if (err) {
		blocked_deinit(&b);
		return err;
	}
	*ret = b;
	return NULL;
}

void blocked_deinit(struct blocked *b)
{
	free(b->tasks);
	free(b->locks);
	*b = (struct blocked){0};
}
