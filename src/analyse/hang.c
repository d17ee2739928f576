#include "analyse/hang.h"

#include "kernel/super_block.h"

#include <string.h>

#define STUCK_NS                                                                           \
	5000000000ull /* shorter waits are life, where nobody complained of them           \
		       */
#define SHORT_STUCK_NS 2000000000ull /* locks and I/O are for moments */
#define MAX_TOLD       6	     /* waiters that are named one by one */

/* Did somebody complain of tasks that wait? Then how long they did needs no proof. */
static bool is_complaint(const struct verdict *v)
{
	return v->trigger == TRIGGER_HUNG_TASK;
}

static void blame_task(const struct inquest *q, struct verdict *v, vaddr_t task)
{
	stack_unwind_task(q->k, task, q->room);
	verdict_blame(q, v, q->room, stack_culprit(q->room, 0));
}

static void blame_cpu(const struct inquest *q, struct verdict *v, const struct cpu *cpu)
{
	struct crash_site site;

	if (!panic_unwind(q->k, cpu, q->room))
		return;
	crash_site_find(q->k, q->room, false, &site);
	verdict_blame(q, v, q->room, site.culprit);
}

static void tell_waiter(struct verdict *v, const struct blocked_task *t)
{
	char since[48] = "";

	if (t->has_since)
		snprintf(since, sizeof(since), " for %llu.%llu seconds",
			 (unsigned long long)(t->since_ns / 1000000000u),
			 (unsigned long long)(t->since_ns / 100000000u % 10));
	verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_CERTAIN,
		    "%s (pid %u) waits%s in %s%s%s%s for %s at 0x%llx", t->task.comm,
		    t->task.pid, since, *t->function ? t->function : "?",
		    *t->module ? " [" : "", t->module, *t->module ? "]" : "",
		    wait_kind_phrase(t->wait.kind), (unsigned long long)t->wait.lock.addr);
	verdict_add_addr(v, t->task.addr);
}

static void tell_waiters(const struct blocked *b, struct verdict *v, size_t lock)
{
	unsigned told = 0;

	for (size_t i = 0; i < b->num_tasks && told < MAX_TOLD; i++) {
		if (b->tasks[i].lock != lock)
			continue;
		tell_waiter(v, &b->tasks[i]);
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
		tell_waiter(v, t);
		if (t->lock != BLOCKED_NONE)
			verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_CERTAIN,
				    "which is held by %s (pid %u)",
				    b->locks[t->lock].owner.comm,
				    b->locks[t->lock].owner.pid);
		if (!blamed || is_better(t, blamed))
			blamed = t;
	}
	if (blamed)
		blame_task(q, v, blamed->task.addr);
	return true;
}

static bool is_orphan(const struct blocked_lock *l)
{
	if (l->fate == OWNER_GONE || l->fate == OWNER_REUSED)
		return l->lock.state == LOCK_HELD;
	return (l->lock.kind == LOCK_MUTEX || l->lock.kind == LOCK_RWSEM) &&
	       l->lock.state == LOCK_HELD_NOBODY;
}

static bool find_orphan(const struct inquest *q, struct verdict *v)
{
	const struct blocked *b = q->blocked;

	for (size_t i = 0; i < b->num_locks; i++) {
		const struct blocked_lock *l = &b->locks[i];

		if (!is_orphan(l))
			continue;
		v->class = CRASH_ORPHANED_LOCK;
		verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_LIKELY,
			    "the %s at 0x%llx is held by the task at 0x%llx, %s",
			    lock_kind_name(l->lock.kind), (unsigned long long)l->lock.addr,
			    (unsigned long long)l->lock.owner,
			    l->fate == OWNER_REUSED
				    ? "where there is another task now: the owner exited"
				    : "and there is no such task: it exited");
		verdict_add_addr(v, l->lock.addr);
		tell_waiters(b, v, i);
		for (size_t j = 0; j < b->num_tasks; j++)
			if (b->tasks[j].lock == i) {
				blame_task(q, v, b->tasks[j].task.addr);
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
			    "tasks wait for it to thaw",
			    sb.type, sb.id, (unsigned long long)sb.frozen, l->num_waiters);
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
		    "%zu tasks wait for the %s at 0x%llx, or for somebody who does",
		    l->num_behind, lock_kind_name(l->lock.kind),
		    (unsigned long long)l->lock.addr);
	verdict_add_addr(v, l->lock.addr);
	tell_owner(v, l);
	if (l->owner_index != BLOCKED_NONE)
		tell_waiter(v, &q->blocked->tasks[l->owner_index]);
	tell_waiters(q->blocked, v, (size_t)(l - q->blocked->locks));
	cpu = l->fate == OWNER_RUNNING ? cpu_find_task(q->cpus, l->owner.addr) : NULL;
	if (cpu)
		blame_cpu(q, v, cpu);
	else
		blame_task(q, v, l->owner.addr);
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

static bool find_waiting(const struct inquest *q, struct verdict *v, bool for_io)
{
	const struct blocked *b = q->blocked;
	const struct blocked_task *longest = NULL;
	unsigned num = 0;

	for (size_t i = 0; i < b->num_tasks; i++) {
		const struct blocked_task *t = &b->tasks[i];

		if ((for_io && !is_io(t)) || !is_long(v, t))
			continue;
		if (!longest || t->since_ns > longest->since_ns)
			longest = t;
		if (num++ < MAX_TOLD)
			tell_waiter(v, t);
	}
	if (!longest)
		return false;
	v->class = for_io ? CRASH_STUCK_IO : CRASH_HUNG_TASK;
	if (for_io)
		tell_requests(q, v);
	verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_LIKELY, "%u tasks wait%s for long", num,
		    for_io ? " for I/O" : "");
	blame_task(q, v, longest->task.addr);
	return true;
}

/* ---- CPUs ---- */

/* The CPU that a watchdog complained of, NULL if it did not say. */
static const struct cpu *accused_cpu(const struct inquest *q, const struct verdict *v)
{
	const struct log_event *e = log_events_newest(
		q->log,
		v->trigger == TRIGGER_SOFT_LOCKUP ? LOG_SOFT_LOCKUP : LOG_HARD_LOCKUP);

	if (e && e->has_cpu && e->cpu < CPU_MAX)
		return cpu_find(q->cpus, (unsigned)e->cpu);
	return q->place->has_cpu ? cpu_find(q->cpus, q->place->cpu) : NULL;
}

static bool find_lockup(const struct inquest *q, struct verdict *v)
{
	const struct log_event *e = NULL;
	const struct cpu *cpu;

	if (v->trigger == TRIGGER_SOFT_LOCKUP)
		e = log_events_newest(q->log, LOG_SOFT_LOCKUP);
	else if (v->trigger == TRIGGER_HARD_LOCKUP)
		e = log_events_newest(q->log, LOG_HARD_LOCKUP);
	else if (v->trigger == TRIGGER_RCU_STALL)
		e = log_events_newest(q->log, LOG_RCU_STALL);
	else
		return false;
	v->class = crash_trigger_message(v->trigger);
	if (e)
		verdict_add(v, EVIDENCE_LOG, CONFIDENCE_LIKELY, "%s", e->text);
	cpu = accused_cpu(q, v);
	if (cpu)
		blame_cpu(q, v, cpu);
	return true;
}

static bool is_spinning(const struct stack *s, size_t first)
{
	for (size_t i = first; i < s->num_frames && i < first + 3; i++)
		if (s->frames[i].has_symbol &&
		    (strstr(s->frames[i].symbol.name, "queued_spin_lock_slowpath") ||
		     strncmp(s->frames[i].symbol.name, "_raw_spin_lock", 14) == 0))
			return true;
	return false;
}

/* The registers that a CPU had when the NMI came, and not those of its handler. */
static const struct frame *stopped_frame(const struct stack *s)
{
	for (size_t i = 0; i < s->num_frames; i++)
		if (s->frames[i].kind == FRAME_REGS)
			return &s->frames[i];
	return s->num_frames ? &s->frames[0] : NULL;
}

/* With interrupts off and not in the idle loop, it would have done nothing else. One that
 * waits for a spinlock is the victim of one that does not. */
static bool find_dead_cpu(const struct inquest *q, struct verdict *v)
{
	const struct arch *arch = dump_arch(kernel_dump(q->k));
	bool is_found = false, is_blamed = false;

	for (size_t i = 0; arch && i < q->cpus->count; i++) {
		const struct cpu *cpu = &q->cpus->cpus[i];
		const struct frame *f;
		bool spins;
		size_t at;

		if (cpu->curr == cpu->idle || !panic_unwind(q->k, cpu, q->room))
			continue;
		f = stopped_frame(q->room);
		if (!f || !arch->has_interrupts_off(&f->regs))
			continue;
		at = (size_t)(f - q->room->frames);
		spins = is_spinning(q->room, at);
		verdict_add(v, EVIDENCE_REGISTERS, CONFIDENCE_LIKELY,
			    "CPU %u ran with interrupts off in %s%s", cpu->number,
			    f->has_symbol ? f->symbol.name : "code without a name",
			    spins ? ", waiting for a spinlock" : "");
		verdict_add_addr(v, f->pc);
		if (!is_found || (!spins && !is_blamed))
			verdict_blame(q, v, q->room, stack_culprit(q->room, at));
		is_found = true;
		is_blamed |= !spins;
	}
	if (is_found)
		v->class = CRASH_HARD_LOCKUP;
	return is_found;
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
	    (find_freeze(q, v) || find_lockup(q, v) ||
	     (v->trigger == TRIGGER_NMI && find_dead_cpu(q, v)) || find_held(q, v) ||
	     find_waiting(q, v, true) || find_waiting(q, v, false)))
		return;
	verdict_acquit(v);
	v->confidence = CONFIDENCE_CERTAIN;
	v->class = v->trigger == TRIGGER_NONE ? class_of_calm(q)
					      : crash_trigger_message(v->trigger);
}
