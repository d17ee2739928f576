#include "analyse/hang.h"

#include "analyse/lockup.h"
#include "kernel/super_block.h"

#include <string.h>

/* Shorter waits are life, where nobody complained of them; locks and I/O are for moments.
 */
#define STUCK_NS       5000000000ull
#define SHORT_STUCK_NS 2000000000ull
#define MAX_TOLD       6 /* waiters that are named one by one */

/* Did somebody complain of tasks that wait? Then how long they did needs no proof. */
static bool is_complaint(const struct verdict *v)
{
	return v->trigger == TRIGGER_HUNG_TASK;
}

/* " (what) at 0x…" */
static void format_lock(const struct blocked *b, const struct blocked_task *t, char *text,
			size_t size)
{
	const char *what = t->lock == BLOCKED_NONE ? "" : b->locks[t->lock].what;

	snprintf(text, size, "%s%s%s at 0x%llx", *what ? " (" : "", what, *what ? ")" : "",
		 (unsigned long long)t->wait.lock.addr);
}

static void tell_waiter(const struct blocked *b, struct verdict *v,
			const struct blocked_task *t)
{
	char since[48] = "", lock[BLOCKED_NAME_SIZE + 64] = "";

	if (t->has_since)
		snprintf(since, sizeof(since), " for %llu.%llu seconds",
			 (unsigned long long)(t->since_ns / 1000000000u),
			 (unsigned long long)(t->since_ns / 100000000u % 10));
	if (t->wait.has_lock)
		format_lock(b, t, lock, sizeof(lock));
	verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_CERTAIN,
		    "%s (pid %u) waits%s in %s%s%s%s for %s%s", t->task.comm, t->task.pid,
		    since, *t->function ? t->function : "?", *t->module ? " [" : "",
		    t->module, *t->module ? "]" : "", wait_kind_phrase(t->wait.kind), lock);
	verdict_add_addr(v, t->task.addr);
}

static void tell_waiters(const struct blocked *b, struct verdict *v, size_t lock)
{
	unsigned told = 0;

	for (size_t i = 0; i < b->num_tasks && told < MAX_TOLD; i++) {
		if (b->tasks[i].lock != lock)
			continue;
		tell_waiter(b, v, &b->tasks[i]);
		told++;
	}
}

/* ---- locks ---- */

/* A module's code before the kernel's own, then by name: the order of tasks is chance, and
 * the same deadlock is to look the same. */
static bool is_better(const struct blocked_task *a, const struct blocked_task *b)
{
	if (!*a->module != !*b->module)
		return *a->module;
	return strcmp(a->function, b->function) < 0;
}

/* Of several readers, a rw_semaphore notes only one that read last, and that one may have
 * left. */
static void tell_holder(struct verdict *v, const struct blocked_lock *l)
{
	bool is_sure = l->lock.state == LOCK_HELD;

	verdict_add(v, EVIDENCE_MEMORY, is_sure ? CONFIDENCE_CERTAIN : CONFIDENCE_HINT,
		    "which %s %s (pid %u)",
		    is_sure ? "is held by" : "readers hold, and was read last by",
		    l->owner.comm, l->owner.pid);
	if (!is_sure)
		v->confidence = CONFIDENCE_LIKELY;
}

/* Who is in a ring, and first of all code that is not the kernel's own. */
static bool find_deadlock(const struct inquest *q, struct verdict *v)
{
	const struct blocked *b = q->blocked;
	const struct blocked_task *blamed = NULL;

	if (!b->num_rings)
		return false;
	v->class = CRASH_DEADLOCK;
	v->confidence = CONFIDENCE_CERTAIN;
	for (size_t i = 0; i < b->num_tasks; i++) {
		const struct blocked_task *t = &b->tasks[i];

		if (t->ring != 1)
			continue;
		tell_waiter(b, v, t);
		if (t->lock != BLOCKED_NONE)
			tell_holder(v, &b->locks[t->lock]);
		if (!blamed || is_better(t, blamed))
			blamed = t;
	}
	if (blamed)
		verdict_blame_task(q, v, blamed->task.addr);
	return true;
}

/* Between two owners a lock has none for a moment, while its next one wakes up. */
static bool is_orphan(const struct blocked_lock *l)
{
	if (l->fate == OWNER_GONE || l->fate == OWNER_REUSED)
		return l->lock.state == LOCK_HELD;
	return (l->lock.kind == LOCK_MUTEX || l->lock.kind == LOCK_RWSEM) &&
	       l->lock.state == LOCK_HELD_NOBODY && l->longest_ns >= SHORT_STUCK_NS;
}

static void tell_orphan(struct verdict *v, const struct blocked_lock *l)
{
	const char *kind = lock_kind_name(l->lock.kind);

	if (l->lock.state == LOCK_HELD_NOBODY)
		verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_LIKELY,
			    "the %s at 0x%llx is taken, but nobody is noted as its owner, "
			    "and its waiters were not woken",
			    kind, (unsigned long long)l->lock.addr);
	else
		verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_LIKELY,
			    "the %s at 0x%llx is held by the task at 0x%llx, %s", kind,
			    (unsigned long long)l->lock.addr,
			    (unsigned long long)l->lock.owner,
			    l->fate == OWNER_REUSED
				    ? "where there is another task now: the owner exited"
				    : "and there is no such task: it exited");
	verdict_add_addr(v, l->lock.addr);
}

static bool find_orphan(const struct inquest *q, struct verdict *v)
{
	const struct blocked *b = q->blocked;

	for (size_t i = 0; i < b->num_locks; i++) {
		const struct blocked_lock *l = &b->locks[i];

		if (!is_orphan(l))
			continue;
		v->class = CRASH_ORPHANED_LOCK;
		tell_orphan(v, l);
		tell_waiters(b, v, i);
		for (size_t j = 0; j < b->num_tasks; j++)
			if (b->tasks[j].lock == i) {
				verdict_blame_task(q, v, b->tasks[j].task.addr);
				break;
			}
		return true;
	}
	return false;
}

static bool find_freeze(const struct inquest *q, struct verdict *v)
{
	const struct blocked *b = q->blocked;

	for (size_t i = 0; i < b->num_locks; i++) {
		const struct blocked_lock *l = &b->locks[i];
		struct super_block sb;

		if (l->lock.kind != LOCK_PERCPU_RWSEM ||
		    !super_block_of(q->k, l->lock.addr, &sb) || !sb.has_frozen ||
		    !sb.frozen)
			continue;
		v->class = CRASH_FROZEN_FILESYSTEM;
		v->confidence = CONFIDENCE_CERTAIN;
		verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_CERTAIN,
			    "the %s filesystem on %s is frozen (level %llu of 4), and %zu "
			    "task%s for it to thaw",
			    sb.type, sb.id, (unsigned long long)sb.frozen, l->num_waiters,
			    l->num_waiters == 1 ? " waits" : "s wait");
		verdict_add_addr(v, sb.addr);
		tell_waiters(b, v, i);
		verdict_acquit(v);
		snprintf(v->subject, sizeof(v->subject), "%s", sb.type);
		return true;
	}
	return false;
}

static void tell_owner(struct verdict *v, const struct blocked_lock *l)
{
	static const char *const doing[] = {
		[OWNER_NONE] = "",
		[OWNER_BLOCKED] = "which waits itself",
		[OWNER_RUNNING] = "which was running",
		[OWNER_RUNNABLE] = "which could run, but got no CPU",
		[OWNER_SLEEPING] = "which sleeps",
		[OWNER_GONE] = "",
		[OWNER_REUSED] = "",
		[OWNER_UNKNOWN] = "",
	};

	if (!*doing[l->fate])
		return;
	verdict_add(v, EVIDENCE_MEMORY,
		    l->lock.state == LOCK_HELD ? CONFIDENCE_CERTAIN : CONFIDENCE_HINT,
		    "%s (pid %u) holds it, %s", l->owner.comm, l->owner.pid,
		    doing[l->fate]);
	verdict_add_addr(v, l->owner.addr);
}

/* At the end of a chain somebody holds a lock and does not wait for one that is held. */
static bool is_end(const struct blocked *b, const struct blocked_lock *l)
{
	size_t next;

	if (l->fate == OWNER_NONE)
		return false;
	if (l->owner_index == BLOCKED_NONE)
		return true;
	next = b->tasks[l->owner_index].lock;
	return next == BLOCKED_NONE || b->locks[next].fate == OWNER_NONE;
}

static const struct blocked_lock *find_end(const struct blocked *b)
{
	const struct blocked_lock *best = NULL;

	for (size_t i = 0; i < b->num_locks; i++) {
		const struct blocked_lock *l = &b->locks[i];

		if (!is_end(b, l))
			continue;
		if (!best || l->num_behind > best->num_behind)
			best = l;
	}
	return best;
}

static bool find_held(const struct inquest *q, struct verdict *v)
{
	const struct blocked_lock *l = find_end(q->blocked);
	const struct cpu *cpu;

	if (!l || (!is_complaint(v) && l->longest_ns < SHORT_STUCK_NS))
		return false;
	v->class = is_complaint(v) ? CRASH_HUNG_TASK : CRASH_LOCK_HELD;
	verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_CERTAIN,
		    "%zu task%s for the %s%s%s%s at 0x%llx, or for somebody who does",
		    l->num_behind, l->num_behind == 1 ? " waits" : "s wait",
		    lock_kind_name(l->lock.kind), *l->what ? " (" : "", l->what,
		    *l->what ? ")" : "", (unsigned long long)l->lock.addr);
	verdict_add_addr(v, l->lock.addr);
	tell_owner(v, l);
	if (l->owner_index != BLOCKED_NONE)
		tell_waiter(q->blocked, v, &q->blocked->tasks[l->owner_index]);
	tell_waiters(q->blocked, v, (size_t)(l - q->blocked->locks));
	cpu = l->fate == OWNER_RUNNING ? cpu_find_task(q->cpus, l->owner.addr) : NULL;
	if (cpu)
		verdict_blame_cpu(q, v, cpu);
	else if (l->owner.addr)
		verdict_blame_task(q, v, l->owner.addr);
	return true;
}

/* ---- I/O and other waits ---- */

static bool is_io(const struct blocked_task *t)
{
	return t->wait.kind == WAIT_IO || t->wait.kind == WAIT_PAGE ||
	       t->wait.kind == WAIT_BIT;
}

static bool is_long(const struct verdict *v, const struct blocked_task *t)
{
	return is_complaint(v) ||
	       (t->has_since && t->since_ns >= (is_io(t) ? SHORT_STUCK_NS : STUCK_NS));
}

/* What the oldest request was, and that of how many. */
static void tell_requests(const struct inquest *q, struct verdict *v)
{
	const struct block_requests *io = q->io;
	const struct block_request *r = &io->oldest[0].request;
	char age[48] = "", place[64] = "";

	if (!io->num_oldest)
		return;
	if (r->has_sector)
		snprintf(place, sizeof(place), " of %u bytes at sector %llu", r->bytes,
			 (unsigned long long)r->sector);
	if (r->has_age)
		snprintf(age, sizeof(age), ", made %llu.%llu seconds before,",
			 (unsigned long long)(r->age_ns / 1000000000u),
			 (unsigned long long)(r->age_ns / 100000000u % 10));
	verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_CERTAIN,
		    "a %s%s of %s%s is %s, the oldest of %llu requests that are not "
		    "finished",
		    block_request_op_name(r), place, io->oldest[0].disk, age,
		    block_request_state_name(r), (unsigned long long)io->count);
	verdict_add_addr(v, r->addr);
}

/* What a driver has had for long is its to finish. */
static void blame_driver(const struct inquest *q, struct verdict *v)
{
	const struct block_requests *io = q->io;
	const struct block_request *r = &io->oldest[0].request;

	if (!io->num_oldest || r->state != BLOCK_REQUEST_IN_FLIGHT || !r->has_age ||
	    r->age_ns < SHORT_STUCK_NS)
		return;
	snprintf(v->disk, sizeof(v->disk), "%s", io->oldest[0].disk);
	verdict_blame_function(q, v, io->oldest[0].driver);
}

static bool find_waiting(const struct inquest *q, struct verdict *v, bool for_io)
{
	const struct blocked *b = q->blocked;
	const struct blocked_task *blamed = NULL;
	unsigned num = 0;

	for (size_t i = 0; i < b->num_tasks; i++) {
		const struct blocked_task *t = &b->tasks[i];

		if ((for_io && !is_io(t)) || !is_long(v, t))
			continue;
		if (!blamed || is_better(t, blamed))
			blamed = t;
		if (num++ < MAX_TOLD)
			tell_waiter(b, v, t);
	}
	if (!blamed)
		return false;
	v->class = for_io ? CRASH_STUCK_IO : CRASH_HUNG_TASK;
	if (for_io)
		tell_requests(q, v);
	verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_LIKELY, "%u task%s%s for long", num,
		    num == 1 ? " waits" : "s wait", for_io ? " for I/O" : "");
	verdict_blame_task(q, v, blamed->task.addr);
	if (for_io)
		blame_driver(q, v);
	return true;
}

/* Nothing is wrong only where it would have been seen. */
static enum crash_class class_of_calm(const struct inquest *q)
{
	return q->log->num_records && q->place->has_cpu && !q->place->is_panic
		       ? CRASH_NONE
		       : CRASH_UNKNOWN;
}

void hang_find(const struct inquest *q, struct verdict *v)
{
	if (find_deadlock(q, v) || find_orphan(q, v))
		return;
	/* What a machine that nobody stopped was waiting for, it may have got since. */
	if (v->trigger != TRIGGER_NONE &&
	    (find_freeze(q, v) || lockup_find(q, v) ||
	     (v->trigger == TRIGGER_NMI && lockup_find_dead_cpu(q, v)) || find_held(q, v) ||
	     find_waiting(q, v, true) || find_waiting(q, v, false)))
		return;
	verdict_acquit(v);
	v->confidence = CONFIDENCE_CERTAIN;
	v->class = v->trigger == TRIGGER_NONE ? class_of_calm(q)
					      : crash_trigger_message(v->trigger);
}
