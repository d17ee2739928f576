#include "analyse/judge.h"

#include "analyse/fault.h"
#include "analyse/hang.h"
#include "analyse/leak.h"

/* What some triggers are by themselves. */
static enum crash_class class_of_trigger(enum crash_trigger t)
{
	switch (t) {
	case TRIGGER_DOUBLE_FAULT:
		return CRASH_DOUBLE_FAULT;
	case TRIGGER_STACK_GUARD:
	case TRIGGER_STACK_END:
		return CRASH_STACK_OVERFLOW;
	case TRIGGER_MACHINE_CHECK:
		return CRASH_MACHINE_CHECK;
	case TRIGGER_OUT_OF_MEMORY:
		return CRASH_OUT_OF_MEMORY;
	case TRIGGER_INIT_KILLED:
		return CRASH_INIT_KILLED;
	case TRIGGER_NO_ROOT:
		return CRASH_NO_ROOT;
	case TRIGGER_PANIC:
		return CRASH_PANIC;
	default:
		return CRASH_UNKNOWN;
	}
}

/* Without a stack to go by, the log is all there is. */
static enum crash_trigger trigger_of_log(const struct log_events *log)
{
	static const struct {
		enum log_event_kind kind;
		enum crash_trigger trigger;
	} rows[] = {
		{LOG_STACK_GUARD, TRIGGER_STACK_GUARD},
		{LOG_DOUBLE_FAULT, TRIGGER_DOUBLE_FAULT},
		{LOG_STACK_END, TRIGGER_STACK_END},
		{LOG_MACHINE_CHECK, TRIGGER_MACHINE_CHECK},
		{LOG_HARD_LOCKUP, TRIGGER_HARD_LOCKUP},
		{LOG_INIT_KILLED, TRIGGER_INIT_KILLED},
		{LOG_NO_ROOT, TRIGGER_NO_ROOT},
		{LOG_SYSRQ_CRASH, TRIGGER_SYSRQ},
		{LOG_OUT_OF_MEMORY, TRIGGER_OUT_OF_MEMORY},
		{LOG_NULL_POINTER, TRIGGER_PAGE_FAULT},
		{LOG_PAGE_FAULT, TRIGGER_PAGE_FAULT},
		{LOG_PROTECTION_FAULT, TRIGGER_PROTECTION_FAULT},
		{LOG_BUG, TRIGGER_INVALID_OPCODE},
		{LOG_SOFT_LOCKUP, TRIGGER_SOFT_LOCKUP},
		{LOG_RCU_STALL, TRIGGER_RCU_STALL},
		{LOG_HUNG_TASK, TRIGGER_HUNG_TASK},
		{LOG_NMI, TRIGGER_NMI},
		{LOG_PANIC, TRIGGER_PANIC},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (log->counts[rows[i].kind])
			return rows[i].trigger;
	return TRIGGER_NONE;
}

/* What kind of exception it was whose registers the CPU left: the log's newest word. */
static enum crash_trigger trigger_of_exception(const struct log_events *log)
{
	static const enum crash_trigger triggers[LOG_NUM_KINDS] = {
		[LOG_NULL_POINTER] = TRIGGER_PAGE_FAULT,
		[LOG_PAGE_FAULT] = TRIGGER_PAGE_FAULT,
		[LOG_PROTECTION_FAULT] = TRIGGER_PROTECTION_FAULT,
		[LOG_INVALID_OPCODE] = TRIGGER_INVALID_OPCODE,
		[LOG_BUG] = TRIGGER_INVALID_OPCODE,
		[LOG_DIVIDE_ERROR] = TRIGGER_OTHER_EXCEPTION,
		[LOG_DOUBLE_FAULT] = TRIGGER_DOUBLE_FAULT,
		[LOG_STACK_GUARD] = TRIGGER_STACK_GUARD,
	};
	const struct log_event *e;

	for (size_t i = 0; (e = log_events_back(log, i)); i++)
		if (triggers[e->kind] != TRIGGER_NONE)
			return triggers[e->kind];
	return TRIGGER_OTHER_EXCEPTION;
}

static void find_trigger(const struct inquest *q, struct verdict *v)
{
	v->trigger = q->site->trigger;
	if (v->trigger == TRIGGER_NONE && q->site->is_exception) {
		v->trigger = trigger_of_exception(q->log);
		verdict_add(v, EVIDENCE_REGISTERS, CONFIDENCE_LIKELY,
			    "the CPU that panicked left the registers of an exception: %s",
			    crash_trigger_name(v->trigger));
		verdict_add_addr(v, q->site->stack->frames[0].pc);
	}
	if (v->trigger == TRIGGER_NONE && log_events_panic(q->log))
		v->trigger = trigger_of_log(q->log);
	/* Whoever overflows a stack faults on its guard page, on the stack for that. */
	if (v->trigger == TRIGGER_DOUBLE_FAULT && q->log->counts[LOG_STACK_GUARD])
		v->trigger = TRIGGER_STACK_GUARD;
	if (v->trigger != TRIGGER_NONE && q->site->trigger_frame != CRASH_SITE_NONE) {
		const struct frame *f = &q->site->stack->frames[q->site->trigger_frame];

		verdict_add(v, EVIDENCE_STACK, CONFIDENCE_CERTAIN,
			    "%s is on the stack of the CPU that panicked: %s",
			    f->symbol.name, crash_trigger_name(v->trigger));
		verdict_add_addr(v, f->pc);
	}
}

void judge_find(const struct inquest *q, struct verdict *ret)
{
	struct verdict v = {.class = CRASH_UNKNOWN, .confidence = CONFIDENCE_LIKELY};

	find_trigger(q, &v);
	v.class = class_of_trigger(v.trigger);
	/* Whoever ran when a messenger came only happened to run. */
	if (crash_trigger_is_messenger(v.trigger)) {
		hang_find(q, &v);
	} else {
		verdict_blame(q, &v, q->site->stack, q->site->culprit);
		fault_find(q, &v);
	}
	if (v.class == CRASH_OUT_OF_MEMORY) {
		leak_find(q, &v);
		leak_suspect(q, &v);
	} else if (v.class == CRASH_NMI && q->memory->leak != LEAK_NONE) {
		leak_find(q, &v);
	}
	*ret = v;
}
