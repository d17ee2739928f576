#include "analyse/verdict.h"

#include "analyse/fault.h"
#include "analyse/function_names.h"
#include "analyse/hang.h"
#include "base/str.h"
#include "kernel/module.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#define TAINT_OUT_OF_TREE 12 /* TAINT_OOT_MODULE: include/linux/panic.h */

const char *confidence_name(enum confidence c)
{
	static const char *const names[] = {[CONFIDENCE_HINT] = "hint",
					    [CONFIDENCE_LIKELY] = "likely",
					    [CONFIDENCE_CERTAIN] = "certain"};

	return names[c];
}

const char *evidence_source_name(enum evidence_source s)
{
	static const char *const names[] = {
		[EVIDENCE_LOG] = "log",
		[EVIDENCE_STACK] = "stack",
		[EVIDENCE_REGISTERS] = "registers",
		[EVIDENCE_MEMORY] = "memory",
		[EVIDENCE_BUG_TABLE] = "bug table",
	};

	return names[s];
}

void verdict_add(struct verdict *v, enum evidence_source source, enum confidence confidence,
		 const char *fmt, ...)
{
	cleanup(buf_deinit) struct buf escaped = BUF_INIT;
	char text[VERDICT_TEXT_SIZE];
	struct evidence *e;
	va_list args;

	if (v->num_evidence == VERDICT_MAX_EVIDENCE) {
		v->num_left_out++;
		return;
	}
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	str_escape(&escaped, text, strlen(text), false);
	e = &v->evidence[v->num_evidence++];
	*e = (struct evidence){.source = source, .confidence = confidence};
	snprintf(e->text, sizeof(e->text), "%s", buf_text(&escaped));
}

void verdict_add_addr(struct verdict *v, vaddr_t addr)
{
	if (!v->num_evidence || v->num_left_out)
		return;
	v->evidence[v->num_evidence - 1].has_addr = true;
	v->evidence[v->num_evidence - 1].addr = addr;
}

static void copy_plain(char to[BLOCKED_NAME_SIZE], const char *symbol)
{
	size_t len = min_u64(function_plain_len(symbol), BLOCKED_NAME_SIZE - 1);

	memcpy(to, symbol, len);
	to[len] = '\0';
}

void verdict_acquit(struct verdict *v)
{
	v->culprit = (struct culprit){0};
	v->num_frames = 0;
}

static void blame_symbol(const struct inquest *q, struct verdict *v, vaddr_t pc,
			 const struct symbol_at *at)
{
	const struct kernel_module *m = kernel_module_at(q->k, pc);

	verdict_acquit(v);
	v->culprit.is_known = true;
	v->culprit.pc = pc;
	copy_plain(v->culprit.function, at->name);
	snprintf(v->culprit.module, sizeof(v->culprit.module), "%s", at->module);
	v->culprit.is_out_of_tree = m && m->taints >> TAINT_OUT_OF_TREE & 1;
	copy_plain(v->frames[v->num_frames++], at->name);
}

void verdict_blame(const struct inquest *q, struct verdict *v, const struct stack *s,
		   size_t index)
{
	if (index >= s->num_frames || !s->frames[index].has_symbol)
		return;
	blame_symbol(q, v, s->frames[index].pc, &s->frames[index].symbol);
	for (size_t i = index + 1; i < s->num_frames; i++) {
		const struct frame *f = &s->frames[i];

		if (v->num_frames == VERDICT_MAX_FRAMES || !f->has_symbol ||
		    function_is_entry(f->symbol.name))
			return;
		copy_plain(v->frames[v->num_frames++], f->symbol.name);
	}
}

void verdict_blame_task(const struct inquest *q, struct verdict *v, vaddr_t task)
{
	stack_unwind_task(q->k, task, q->room);
	verdict_blame(q, v, q->room, stack_culprit(q->room, 0));
}

void verdict_blame_cpu(const struct inquest *q, struct verdict *v, const struct cpu *cpu)
{
	struct crash_site site;

	if (!panic_unwind(q->k, cpu, q->room))
		return;
	crash_site_find(q->k, q->room, false, &site);
	verdict_blame(q, v, q->room, site.culprit);
}

void verdict_blame_function(const struct inquest *q, struct verdict *v, vaddr_t pc)
{
	struct symbol_at at;

	if (kernel_symbol_at(q->k, pc, &at))
		blame_symbol(q, v, pc, &at);
}

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

static void tell_share(const struct inquest *q, struct verdict *v,
		       enum memory_count_kind kind, const char *what)
{
	const struct memory_counts *c = &q->memory->counts;
	char text[STR_SIZE_TEXT_LEN];
	u64 bytes, total;

	if (!memory_count_get(c, kind, &bytes) ||
	    !memory_count_get(c, MEMORY_TOTAL, &total) || !total)
		return;
	verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_CERTAIN, "%s: %s, %llu %% of memory",
		    what, str_format_size(text, bytes),
		    (unsigned long long)percent_of(bytes, total));
}

/* vmalloc notes who asked: that is the one to look at. */
static void tell_vmalloc(const struct inquest *q, struct verdict *v, const char *size)
{
	const struct vmalloc_caller *c = q->memory->callers;
	struct symbol_at at;
	bool is_known = q->memory->num_callers && c->caller &&
			kernel_symbol_at(q->k, c->caller - 1, &at);

	verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_LIKELY,
		    "%s in vmalloc, %llu areas of them asked for by %s", size,
		    (unsigned long long)(q->memory->num_callers ? c->num_areas : 0),
		    is_known ? at.name : "code without a name");
	if (!is_known)
		return;
	verdict_add_addr(v, c->caller);
	blame_symbol(q, v, c->caller, &at);
}

/* Who ran out of memory is seldom who took it; a leak stands out in the counters. */
static void find_leak(const struct inquest *q, struct verdict *v)
{
	const struct memory_use *m = q->memory;
	char text[STR_SIZE_TEXT_LEN];

	tell_share(q, v, MEMORY_FREE, "free");
	tell_share(q, v, MEMORY_ANON, "in processes");
	if (m->leak == LEAK_NONE)
		return;
	v->class = CRASH_MEMORY_LEAK;
	v->confidence = CONFIDENCE_LIKELY;
	str_format_size(text, m->leaked);
	if (m->leak == LEAK_SLAB)
		verdict_add(
			v, EVIDENCE_MEMORY, CONFIDENCE_LIKELY,
			"%s in %llu objects of slab cache %s, which cannot be reclaimed",
			text, (unsigned long long)m->top[0].num_objects, m->top[0].name);
	else if (m->leak == LEAK_VMALLOC)
		tell_vmalloc(q, v, text);
	else
		verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_LIKELY,
			    "%s in pages that nobody accounts for: a driver's, mostly",
			    text);
	if (m->leak != LEAK_SLAB)
		return;
	verdict_add_addr(v, m->top[0].addr);
	snprintf(v->subject, sizeof(v->subject), "%s", m->top[0].name);
}

/* A module that was allocating when memory ran out is worth a look, no more. */
static void suspect(const struct inquest *q, struct verdict *v)
{
	if (v->class == CRASH_MEMORY_LEAK && q->memory->leak == LEAK_VMALLOC)
		return;
	if (v->culprit.is_known && *v->culprit.module && v->class == CRASH_MEMORY_LEAK)
		verdict_add(v, EVIDENCE_STACK, CONFIDENCE_HINT,
			    "%s [%s] was allocating when memory ran out",
			    v->culprit.function, v->culprit.module);
	else
		verdict_acquit(v);
}

void verdict_find(const struct inquest *q, struct verdict *ret)
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
		find_leak(q, &v);
		suspect(q, &v);
	} else if (v.class == CRASH_NMI && q->memory->leak != LEAK_NONE) {
		find_leak(q, &v);
	}
	*ret = v;
}

static void add_name(struct buf *b, const char *name)
{
	str_escape(b, name, strlen(name), false);
}

/* What there is to say where no class fits. */
static void add_unknown(struct buf *b, const struct inquest *q)
{
	if (q->place->is_panic)
		buf_printf(b, "Kernel panic, and the log %s",
			   q->log->num_records ? "does not say why" : "cannot be read");
	else
		buf_printf(b,
			   "What this machine died of is not known: its %s cannot be read",
			   q->log->num_records ? "CPUs"
			   : q->place->has_cpu ? "log"
					       : "log and CPUs");
}

static void add_what(struct buf *b, const struct verdict *v, const struct inquest *q)
{
	const struct log_event *panic = log_events_panic(q->log);
	const char *phrase = crash_class_phrase(v->class);

	if ((v->class == CRASH_UNKNOWN || v->class == CRASH_PANIC) && panic) {
		add_name(b, panic->text);
		return;
	}
	if (v->class == CRASH_UNKNOWN) {
		add_unknown(b, q);
		return;
	}
	buf_add_char(b, (char)toupper((unsigned char)*phrase));
	buf_add_str(b, phrase + 1);
}

void verdict_format(struct buf *b, const struct verdict *v, const struct inquest *q)
{
	if (v->class == CRASH_NONE) {
		buf_add_str(b, "No panic: this machine was running when it was dumped");
		return;
	}
	add_what(b, v, q);
	if (*v->subject) {
		buf_add_str(b, " (");
		add_name(b, v->subject);
		buf_add_char(b, ')');
	}
	if (*v->disk) {
		buf_add_str(b, " on ");
		add_name(b, v->disk);
	}
	if (*v->file) {
		buf_add_str(b, " at ");
		add_name(b, v->file);
		buf_printf(b, ":%u", v->line);
	}
	if (v->has_fault_addr)
		buf_printf(b, " at address 0x%llx", (unsigned long long)v->fault_addr);
	if (v->culprit.is_known) {
		buf_add_str(b, " in ");
		add_name(b, v->culprit.function);
	}
	if (v->culprit.is_known && *v->culprit.module) {
		buf_add_str(b, " [");
		add_name(b, v->culprit.module);
		buf_add_char(b, ']');
	}
	if (crash_trigger_is_messenger(v->trigger) && v->trigger != TRIGGER_NONE &&
	    v->class != crash_trigger_message(v->trigger))
		buf_printf(b, ", ended by %s", crash_trigger_name(v->trigger));
	if (!q->place->is_panic || !q->place->has_cpu)
		return;
	buf_printf(b, ", CPU %u", q->place->cpu);
	if (!q->place->has_task)
		return;
	buf_add_str(b, ", task ");
	add_name(b, q->place->task.comm);
	buf_printf(b, " (pid %u)", q->place->task.pid);
}
