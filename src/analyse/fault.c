#include "analyse/fault.h"

#include "analyse/function_names.h"
#include "base/str.h"
#include "kernel/slab_object.h"

#include <string.h>

#define SMALL_ADDR   4096  /* a member of a struct at NULL lies below */
#define ERROR_VALUES 4095  /* -1 … -MAX_ERRNO: include/linux/err.h */
#define NEAR	     65536 /* a member lies at most so far from its struct */

/* include/linux/poison.h, with POISON_POINTER_DELTA of x86-64. */
#define LIST_POISON1 0xdead000000000100u
#define LIST_POISON2 0xdead000000000122u
#define POISON_NEAR  4096
#define POISON_FREE  0x6b6b6b6b6b6b6b6bu
#define POISON_INUSE 0x5a5a5a5a5a5a5a5au

static bool is_near(u64 value, u64 mark)
{
	return value - mark + POISON_NEAR < 2 * POISON_NEAR;
}

static bool is_list_poison(u64 value)
{
	return is_near(value, LIST_POISON1) || is_near(value, LIST_POISON2);
}

static bool is_free_poison(u64 value)
{
	return is_near(value, POISON_FREE) || is_near(value, POISON_INUSE);
}

/* The exception's frame, NULL if there is none. */
static const struct frame *exception_of(const struct inquest *q)
{
	size_t i = q->site->exception_frame;

	return i == CRASH_SITE_NONE ? NULL : &q->site->stack->frames[i];
}

/* The register of the exception whose value @is_it says, NULL if none. */
static const char *find_register(const struct inquest *q, bool (*is_it)(u64 value),
				 u64 *ret_value)
{
	const struct arch *arch = dump_arch(kernel_dump(q->k));
	const struct frame *f = exception_of(q);

	for (unsigned i = 0; f && arch && i < arch->reg_pc; i++)
		if (regs_get(&f->regs, i, ret_value) && is_it(*ret_value))
			return arch->reg_names[i];
	return NULL;
}

/* The register that holds an address a little below @addr: what was dereferenced. */
static const char *find_base(const struct inquest *q, u64 addr, u64 *ret_value)
{
	const struct arch *arch = dump_arch(kernel_dump(q->k));
	const struct frame *f = exception_of(q);
	const char *best = NULL;
	u64 best_distance = NEAR;

	for (unsigned i = 0; f && arch && i < arch->num_regs; i++) {
		u64 value;

		if (i >= arch->reg_pc || i == arch->reg_sp ||
		    !regs_get(&f->regs, i, &value) || addr - value >= best_distance)
			continue;
		best_distance = addr - value;
		*ret_value = value;
		best = arch->reg_names[i];
	}
	return best;
}

/* The log's last word about a fault of this kind. */
static const struct log_event *fault_event(const struct inquest *q, enum crash_trigger t)
{
	static const enum log_event_kind page[] = {LOG_NULL_POINTER, LOG_PAGE_FAULT};
	const struct log_event *newest = NULL;

	if (t == TRIGGER_PROTECTION_FAULT)
		return log_events_newest(q->log, LOG_PROTECTION_FAULT);
	for (size_t i = 0; i < ARRAY_SIZE(page); i++) {
		const struct log_event *e = log_events_newest(q->log, page[i]);

		if (e && e->has_addr && (!newest || e->ts_ns >= newest->ts_ns))
			newest = e;
	}
	return newest;
}

static void classify_addr(const struct inquest *q, struct verdict *v, u64 addr)
{
	const struct frame *f = exception_of(q);

	v->has_fault_addr = true;
	v->fault_addr = addr;
	v->class = CRASH_BAD_POINTER;
	if (addr < SMALL_ADDR)
		v->class = CRASH_NULL_POINTER;
	else if (is_list_poison(addr))
		v->class = CRASH_POISONED_POINTER;
	else if (is_free_poison(addr))
		v->class = CRASH_USE_AFTER_FREE;
	else if (addr >= -(u64)ERROR_VALUES)
		verdict_add(v, EVIDENCE_LOG, CONFIDENCE_LIKELY,
			    "0x%llx is the error value -%llu used as a pointer",
			    (unsigned long long)addr, (unsigned long long)-addr);
	if (f && f->pc == addr)
		verdict_add(v, EVIDENCE_REGISTERS, CONFIDENCE_CERTAIN,
			    "it jumped there: a call through a bad function pointer");
}

static bool is_zero(u64 value)
{
	return value == 0;
}

/* Does memory bear out the address that the log tells? */
static void check_addr(const struct inquest *q, struct verdict *v, u64 addr)
{
	const struct frame *f = exception_of(q);
	const char *base;
	u64 value;

	if (!f || f->pc == addr)
		return;
	/* Many a register is 0: which one was meant, they do not tell. */
	if (addr < SMALL_ADDR && find_register(q, is_zero, &value)) {
		v->confidence = CONFIDENCE_CERTAIN;
		return;
	}
	base = find_base(q, addr, &value);
	if (base) {
		verdict_add(v, EVIDENCE_REGISTERS, CONFIDENCE_LIKELY,
			    "%s held 0x%llx, %llu bytes below the address of the fault",
			    base, (unsigned long long)value,
			    (unsigned long long)(addr - value));
		v->confidence = CONFIDENCE_CERTAIN;
		return;
	}
	verdict_add(
		v, EVIDENCE_REGISTERS, CONFIDENCE_HINT,
		"no register held anything near 0x%llx: the log may tell of another fault",
		(unsigned long long)addr);
	v->confidence = CONFIDENCE_HINT;
}

/* Poison that is in a register although the address does not show it. */
static void look_for_poison(const struct inquest *q, struct verdict *v)
{
	const char *name;
	u64 value;

	name = find_register(q, is_free_poison, &value);
	if (name && v->class == CRASH_BAD_POINTER)
		v->class = CRASH_USE_AFTER_FREE;
	if (name)
		verdict_add(v, EVIDENCE_REGISTERS, CONFIDENCE_LIKELY,
			    "%s held 0x%llx, which the allocator writes into freed memory",
			    name, (unsigned long long)value);
	name = find_register(q, is_list_poison, &value);
	if (name && v->class == CRASH_BAD_POINTER)
		v->class = CRASH_POISONED_POINTER;
	if (name)
		verdict_add(v, EVIDENCE_REGISTERS, CONFIDENCE_LIKELY,
			    "%s held 0x%llx, which list_del() leaves in what it unlinks",
			    name, (unsigned long long)value);
}

/* Does a register point into memory that was freed? What was read from there is not what
 * the code that read it had put there. */
static void look_for_freed(const struct inquest *q, struct verdict *v)
{
	const struct arch *arch = dump_arch(kernel_dump(q->k));
	const struct frame *f = exception_of(q);

	for (unsigned i = 0; f && arch && i < arch->reg_pc; i++) {
		struct slab_object o;
		u64 value;

		if (!regs_get(&f->regs, i, &value) ||
		    !slab_object_at(q->k, q->cpus, value, &o) || !o.is_free)
			continue;
		verdict_add(v, EVIDENCE_MEMORY, CONFIDENCE_LIKELY,
			    "%s pointed %llu bytes into an object of slab cache %s that is "
			    "free",
			    arch->reg_names[i], (unsigned long long)o.offset, o.cache.name);
		verdict_add_addr(v, o.addr);
		if (v->class == CRASH_BAD_POINTER)
			v->class = CRASH_USE_AFTER_FREE;
	}
}

static void find_pointer(const struct inquest *q, struct verdict *v)
{
	const struct log_event *e = fault_event(q, v->trigger);

	v->class = CRASH_BAD_POINTER;
	if (e && e->has_addr) {
		verdict_add(v, EVIDENCE_LOG, CONFIDENCE_LIKELY, "%s", e->text);
		classify_addr(q, v, e->addr);
		check_addr(q, v, e->addr);
	} else {
		verdict_add(v, EVIDENCE_LOG, CONFIDENCE_HINT,
			    "the log does not tell the address of the fault");
	}
	look_for_poison(q, v);
	look_for_freed(q, v);
}

/* BUG() in lib/list_debug.c, with or without the words of it in the log. */
static bool is_list_debug(const struct verdict *v, const struct inquest *q)
{
	return str_has_suffix(v->file, "lib/list_debug.c") ||
	       (q->log->counts[LOG_LIST_CORRUPTION] && !*v->file);
}

static void find_bug(const struct inquest *q, struct verdict *v)
{
	const struct crash_site *c = q->site;
	const struct log_event *e = log_events_newest(q->log, LOG_BUG);

	v->class = CRASH_EXCEPTION;
	if (c->has_bug) {
		v->class = c->bug.is_warning ? CRASH_WARNING : CRASH_BUG;
		v->confidence = CONFIDENCE_CERTAIN;
		if (c->bug.has_place) {
			snprintf(v->file, sizeof(v->file), "%s", c->bug.file);
			v->line = c->bug.line;
		}
		verdict_add(v, EVIDENCE_BUG_TABLE, CONFIDENCE_CERTAIN,
			    "the instruction is a %s of the kernel's own list, %s:%u",
			    c->bug.is_warning ? "WARN" : "BUG", v->file, v->line);
		verdict_add_addr(v, c->bug.entry);
	} else if (e) {
		v->class = CRASH_BUG;
		snprintf(v->file, sizeof(v->file), "%s", e->file);
		v->line = (u32)e->line;
	}
	if (!is_list_debug(v, q))
		return;
	v->class = CRASH_LIST_CORRUPTION;
	e = log_events_newest(q->log, LOG_LIST_CORRUPTION);
	if (e)
		verdict_add(v, EVIDENCE_LOG, CONFIDENCE_LIKELY, "%s", e->text);
}

/* A WARN that panics has called __warn() on its way. */
static void find_panic(const struct inquest *q, struct verdict *v)
{
	const struct log_event *e = log_events_newest(q->log, LOG_WARN);
	const struct stack *s = q->site->stack;

	for (size_t i = 0; i < s->num_frames && s->frames[i].kind != FRAME_REGS; i++) {
		if (!s->frames[i].has_symbol ||
		    !function_is(s->frames[i].symbol.name, "__warn"))
			continue;
		v->class = CRASH_WARNING;
		if (e) {
			snprintf(v->file, sizeof(v->file), "%s", e->file);
			v->line = (u32)e->line;
		}
		return;
	}
	e = log_events_panic(q->log);
	if (e)
		verdict_add(v, EVIDENCE_LOG, CONFIDENCE_LIKELY, "%s", e->text);
}

static void find_exception(const struct inquest *q, struct verdict *v)
{
	v->class = CRASH_EXCEPTION;
	if (log_events_newest(q->log, LOG_DIVIDE_ERROR))
		snprintf(v->subject, sizeof(v->subject), "divide error");
}

void fault_find(const struct inquest *q, struct verdict *v)
{
	static const struct {
		enum crash_trigger trigger;
		enum log_event_kind kind;
	} sayings[] = {
		{TRIGGER_DOUBLE_FAULT, LOG_DOUBLE_FAULT},
		{TRIGGER_STACK_GUARD, LOG_STACK_GUARD},
		{TRIGGER_STACK_END, LOG_STACK_END},
		{TRIGGER_MACHINE_CHECK, LOG_MACHINE_CHECK},
		{TRIGGER_OUT_OF_MEMORY, LOG_OUT_OF_MEMORY},
		{TRIGGER_INIT_KILLED, LOG_INIT_KILLED},
		{TRIGGER_NO_ROOT, LOG_NO_ROOT},
		{TRIGGER_OTHER_EXCEPTION, LOG_DIVIDE_ERROR},
	};

	if (v->trigger == TRIGGER_PAGE_FAULT || v->trigger == TRIGGER_PROTECTION_FAULT)
		find_pointer(q, v);
	else if (v->trigger == TRIGGER_INVALID_OPCODE)
		find_bug(q, v);
	else if (v->trigger == TRIGGER_PANIC)
		find_panic(q, v);
	else if (v->trigger == TRIGGER_OTHER_EXCEPTION)
		find_exception(q, v);
	for (size_t i = 0; i < ARRAY_SIZE(sayings); i++) {
		const struct log_event *e = log_events_newest(q->log, sayings[i].kind);

		if (e && v->trigger == sayings[i].trigger)
			verdict_add(v, EVIDENCE_LOG, CONFIDENCE_LIKELY, "%s", e->text);
	}
	/* These are done to the kernel, or to all of it: nobody's code is to blame. */
	if (v->class == CRASH_MACHINE_CHECK || v->class == CRASH_INIT_KILLED ||
	    v->class == CRASH_NO_ROOT)
		verdict_acquit(v);
}
