#include "analyse/lockup.h"

#include "kernel/rcu.h"
#include "kernel/spinlock.h"
#include "kernel/symbols.h"

#include <string.h>

/* The CPU that a watchdog complained of; of itself if the log does not say. */
static const struct cpu *accused_cpu(const struct inquest *q, const struct log_event *e)
{
	if (e && e->has_cpu && e->cpu < CPU_MAX)
		return cpu_find(q->cpus, (unsigned)e->cpu);
	return q->place->has_cpu ? cpu_find(q->cpus, q->place->cpu) : NULL;
}

/* Of the CPUs that the grace period waits for, one that is not just idle. */
static const struct cpu *stalled_cpu(const struct inquest *q, struct verdict *v,
				     const struct rcu_wait *r)
{
	const struct cpu *stalled = NULL;

	for (size_t i = 0; i < r->num_cpus && i < RCU_MAX_TASKS; i++) {
		const struct cpu *cpu = cpu_find(q->cpus, r->cpus[i].number);

		verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_CERTAIN,
			    "RCU waits for CPU %u to pass through a quiescent state",
			    r->cpus[i].number);
		verdict_add_addr(v, r->cpus[i].node);
		if (cpu && (!stalled || stalled->curr == stalled->idle))
			stalled = cpu;
	}
	return stalled;
}

/* Whoever notices a stall need not be the one who stalls: memory tells whom RCU waits for,
 * a CPU or a task that was preempted while it read. */
static void blame_stalled(const struct inquest *q, struct verdict *v)
{
	struct rcu_wait r = {0};
	const struct cpu *cpu;
	struct err *err = rcu_wait_read(q->k, q->cpus, &r);

	if (err)
		verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_HINT, "%s", err_message(err));
	err_ignore(err);
	cpu = stalled_cpu(q, v, &r);
	if (cpu) {
		verdict_blame_cpu(q, v, cpu);
		return;
	}
	if (!r.num_tasks)
		return;
	verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_CERTAIN,
		    "RCU waits for %zu task%s that lost the CPU while reading", r.num_tasks,
		    r.num_tasks == 1 ? "" : "s");
	verdict_add_addr(v, r.tasks[0]);
	cpu = cpu_find_task(q->cpus, r.tasks[0]);
	if (cpu)
		verdict_blame_cpu(q, v, cpu);
	else
		verdict_blame_task(q, v, r.tasks[0]);
}

static bool is_spinning(const struct stack *s, size_t first)
{
	for (size_t i = first; i < s->num_frames && i < first + 3; i++)
		if (s->frames[i].has_symbol && spinlock_spins(s->frames[i].symbol.name))
			return true;
	return false;
}

/* ", waiting for the spinlock name at 0x…"; "" if the frame @f of @s does not spin. */
static void format_spinlock(const struct inquest *q, const struct stack *s,
			    const struct frame *f, char *text, size_t size)
{
	struct symbol symbol;
	vaddr_t lock;
	u64 offset;

	text[0] = '\0';
	if (!is_spinning(s, (size_t)(f - s->frames)))
		return;
	if (!spinlock_waited_for(q->k, q->cpus, &f->regs, &lock))
		snprintf(text, size, ", waiting for a spinlock");
	else if (symbol_at(q->k, lock, UINT64_MAX, &symbol, &offset) &&
		 offset < symbol.size)
		snprintf(text, size, ", waiting for the spinlock %.*s at 0x%llx",
			 BLOCKED_NAME_SIZE, symbol.name, (unsigned long long)lock);
	else
		snprintf(text, size, ", waiting for the spinlock at 0x%llx",
			 (unsigned long long)lock);
}

/* The registers that a CPU had when the NMI came, and not those of its handler. */
static const struct frame *stopped_frame(const struct stack *s)
{
	for (size_t i = 0; i < s->num_frames; i++)
		if (s->frames[i].kind == FRAME_REGS)
			return &s->frames[i];
	return s->num_frames ? &s->frames[0] : NULL;
}

/* Whoever spins is the victim of whoever has the lock. */
static void tell_spinning(const struct inquest *q, struct verdict *v, const struct cpu *cpu)
{
	char lock[BLOCKED_NAME_SIZE + 64];
	const struct frame *f;

	if (!panic_unwind(q->k, cpu, q->room))
		return;
	f = stopped_frame(q->room);
	if (!f)
		return;
	format_spinlock(q, q->room, f, lock, sizeof(lock));
	if (!*lock)
		return;
	verdict_add(v, EVIDENCE_REGISTERS, CONFIDENCE_LIKELY, "CPU %u ran in %s%s",
		    cpu->number, f->has_symbol ? f->symbol.name : "code without a name",
		    lock);
	verdict_add_addr(v, f->pc);
}

static enum log_event_kind complaint_of(enum crash_trigger t)
{
	if (t == TRIGGER_SOFT_LOCKUP)
		return LOG_SOFT_LOCKUP;
	return t == TRIGGER_HARD_LOCKUP ? LOG_HARD_LOCKUP : LOG_RCU_STALL;
}

bool lockup_find(const struct inquest *q, struct verdict *v)
{
	const struct log_event *e;
	const struct cpu *cpu;

	if (v->trigger != TRIGGER_SOFT_LOCKUP && v->trigger != TRIGGER_HARD_LOCKUP &&
	    v->trigger != TRIGGER_RCU_STALL)
		return false;
	e = log_events_newest(q->log, complaint_of(v->trigger));
	v->class = crash_trigger_message(v->trigger);
	if (e)
		verdict_add(v, EVIDENCE_LOG, CONFIDENCE_LIKELY, "%s", e->text);
	if (v->trigger == TRIGGER_RCU_STALL) {
		blame_stalled(q, v);
		return true;
	}
	cpu = accused_cpu(q, e);
	if (cpu)
		verdict_blame_cpu(q, v, cpu);
	for (size_t i = 0; i < q->cpus->count; i++)
		tell_spinning(q, v, &q->cpus->cpus[i]);
	return true;
}

/* With interrupts off and not in the idle loop, it would have done nothing else. One that
 * waits for a spinlock is the victim of one that does not. */
bool lockup_find_dead_cpu(const struct inquest *q, struct verdict *v)
{
	const struct arch *arch = dump_arch(kernel_dump(q->k));
	bool is_found = false, is_blamed = false;

	for (size_t i = 0; arch && i < q->cpus->count; i++) {
		const struct cpu *cpu = &q->cpus->cpus[i];
		const struct frame *f;
		char lock[BLOCKED_NAME_SIZE + 64];

		if (cpu->curr == cpu->idle || !panic_unwind(q->k, cpu, q->room))
			continue;
		f = stopped_frame(q->room);
		if (!f || !arch->has_interrupts_off(&f->regs))
			continue;
		format_spinlock(q, q->room, f, lock, sizeof(lock));
		verdict_add(v, EVIDENCE_REGISTERS, CONFIDENCE_LIKELY,
			    "CPU %u ran with interrupts off in %s%s", cpu->number,
			    f->has_symbol ? f->symbol.name : "code without a name", lock);
		verdict_add_addr(v, f->pc);
		if (!is_found || (!*lock && !is_blamed))
			verdict_blame_on_cpu(
				q, v, q->room,
				stack_culprit(q->room, (size_t)(f - q->room->frames)), cpu);
		is_found = true;
		is_blamed |= !*lock;
	}
	if (is_found)
		v->class = CRASH_HARD_LOCKUP;
	return is_found;
}
