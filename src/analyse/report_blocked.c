/* Who waits for what: the tasks, the locks between them, and rings of both. */
#include "analyse/report_priv.h"

#define MAX_STACKS 64 /* different ones that are told in full */

static json_t *blocked_task(struct report *r, const struct blocked_task *t)
{
	json_t *j = report_task(r, &t->task);

	tree_set(&r->tree, j, "waits_for", json_string(wait_kind_phrase(t->wait.kind)));
	if (t->has_since)
		tree_set_int(&r->tree, j, "since_ms", t->since_ns / 1000000);
	if (*t->function)
		tree_set_text(&r->tree, j, "function", t->function);
	if (*t->module)
		tree_set_text(&r->tree, j, "module", t->module);
	tree_set_hex(&r->tree, j, "stack_hash", t->stack_hash);
	if (t->lock != BLOCKED_NONE)
		tree_set_hex(&r->tree, j, "lock", t->wait.lock.addr);
	if (t->ring)
		tree_set_int(&r->tree, j, "ring", t->ring);
	return j;
}

static json_t *blocked_lock(struct report *r, const struct blocked_lock *l)
{
	static const char *const states[] = {
		[LOCK_UNKNOWN] = "unknown",
		[LOCK_FREE] = "free",
		[LOCK_HELD] = "held",
		[LOCK_HELD_READ] = "held by readers",
		[LOCK_HELD_NOBODY] = "held, owner not noted",
	};
	static const char *const fates[] = {
		[OWNER_NONE] = "none",
		[OWNER_BLOCKED] = "blocked",
		[OWNER_RUNNING] = "running",
		[OWNER_RUNNABLE] = "runnable",
		[OWNER_SLEEPING] = "asleep",
		[OWNER_GONE] = "gone",
		[OWNER_REUSED] = "gone, its memory used again",
		[OWNER_UNKNOWN] = "not among the tasks that could be read",
	};
	json_t *j = tree_object(&r->tree);

	tree_set_hex(&r->tree, j, "address", l->lock.addr);
	tree_set(&r->tree, j, "kind", json_string(lock_kind_name(l->lock.kind)));
	if (*l->what)
		tree_set_text(&r->tree, j, "what", l->what);
	tree_set(&r->tree, j, "state", json_string(states[l->lock.state]));
	if (l->lock.state == LOCK_HELD_READ)
		tree_set_int(&r->tree, j, "readers", l->lock.num_readers);
	tree_set(&r->tree, j, "owner_is", json_string(fates[l->fate]));
	if (l->lock.owner)
		tree_set_hex(&r->tree, j, "owner_address", l->lock.owner);
	if (l->owner.addr)
		tree_set(&r->tree, j, "owner", report_task(r, &l->owner));
	tree_set_int(&r->tree, j, "waiters", l->num_waiters);
	tree_set_int(&r->tree, j, "waiters_behind", l->num_behind);
	return j;
}

static size_t first_of_stack(const struct blocked *b, u64 hash)
{
	size_t i = 0;

	while (b->tasks[i].stack_hash != hash)
		i++;
	return i;
}

/* The stack that task @first has in common with others. */
static json_t *stack(struct report *r, size_t first)
{
	const struct blocked *b = &r->e->blocked;
	json_t *j = tree_object(&r->tree), *pids = tree_array(&r->tree);

	for (size_t i = first; i < b->num_tasks; i++)
		if (b->tasks[i].stack_hash == b->tasks[first].stack_hash)
			tree_append(&r->tree, pids, json_integer(b->tasks[i].task.pid));
	tree_set_hex(&r->tree, j, "stack_hash", b->tasks[first].stack_hash);
	tree_set(&r->tree, j, "pids", pids);
	stack_unwind_task(r->k, b->tasks[first].task.addr, r->e->room);
	tree_set(&r->tree, j, "backtrace", report_backtrace(r, r->e->room));
	return j;
}

/* Each stack once, however many tasks have it. */
static json_t *stacks(struct report *r)
{
	const struct blocked *b = &r->e->blocked;
	json_t *j = tree_array(&r->tree);

	for (size_t i = 0; i < b->num_tasks && json_array_size(j) < MAX_STACKS; i++)
		if (first_of_stack(b, b->tasks[i].stack_hash) == i)
			tree_append(&r->tree, j, stack(r, i));
	return j;
}

json_t *report_blocked(struct report *r)
{
	const struct blocked *b = &r->e->blocked;
	json_t *j = tree_object(&r->tree), *tasks = tree_array(&r->tree),
	       *locks = tree_array(&r->tree);

	for (size_t i = 0; i < b->num_tasks; i++)
		tree_append(&r->tree, tasks, blocked_task(r, &b->tasks[i]));
	for (size_t i = 0; i < b->num_locks; i++)
		tree_append(&r->tree, locks, blocked_lock(r, &b->locks[i]));
	tree_set(&r->tree, j, "tasks", tasks);
	tree_set(&r->tree, j, "locks", locks);
	tree_set(&r->tree, j, "stacks", stacks(r));
	tree_set_int(&r->tree, j, "rings", b->num_rings);
	if (b->num_left_out)
		tree_set_int(&r->tree, j, "tasks_left_out", b->num_left_out);
	return j;
}
