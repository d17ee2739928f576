#include "analyse/crash_site.h"

#include "analyse/function_names.h"

static const char *name_of(const struct frame *f)
{
	return f->has_symbol && !*f->symbol.module ? f->symbol.name : "";
}

size_t stack_culprit(const struct stack *s, size_t first)
{
	for (size_t i = first; i < s->num_frames; i++) {
		const struct frame *f = &s->frames[i];

		if (f->has_symbol &&
		    (*f->symbol.module || !function_is_infrastructure(f->symbol.name)))
			return i;
	}
	return CRASH_SITE_NONE;
}

/* The outermost frame of those that only dying CPUs run, before the first exception. */
static size_t find_panic(const struct stack *s)
{
	size_t found = CRASH_SITE_NONE;

	for (size_t i = 0; i < s->num_frames && s->frames[i].kind != FRAME_REGS; i++)
		if (function_panics(name_of(&s->frames[i])))
			found = i;
	return found;
}

/* Some functions are on many stacks, and mean something only if they called panic(). */
static bool must_call_panic(enum crash_trigger t)
{
	return t == TRIGGER_INIT_KILLED || t == TRIGGER_NO_ROOT || t == TRIGGER_STACK_END ||
	       t == TRIGGER_HUNG_TASK || t == TRIGGER_OUT_OF_MEMORY;
}

static void find_trigger(struct crash_site *c, size_t panic_frame)
{
	const struct stack *s = c->stack;
	size_t first = panic_frame == CRASH_SITE_NONE ? 0 : panic_frame + 1;

	for (size_t i = 0; i < s->num_frames && s->frames[i].kind != FRAME_REGS; i++) {
		enum crash_trigger t = function_trigger(name_of(&s->frames[i]));

		if (t == TRIGGER_NONE || (must_call_panic(t) && i > first + 1))
			continue;
		c->trigger = t;
		c->trigger_frame = i;
		return;
	}
	if (c->panics)
		c->trigger = TRIGGER_PANIC;
}

static bool is_by_exception(enum crash_trigger t)
{
	return t != TRIGGER_NONE && t != TRIGGER_SYSRQ && t != TRIGGER_HUNG_TASK &&
	       t != TRIGGER_OUT_OF_MEMORY && t != TRIGGER_INIT_KILLED &&
	       t != TRIGGER_NO_ROOT && t != TRIGGER_STACK_END && t != TRIGGER_PANIC;
}

static size_t find_exception(const struct stack *s, size_t first)
{
	for (size_t i = first; i < s->num_frames; i++)
		if (s->frames[i].kind == FRAME_REGS)
			return i;
	return CRASH_SITE_NONE;
}

/* WARN() and BUG() are told from other invalid opcodes by the kernel's list of them. */
static void find_bug(struct kernel *k, struct crash_site *c)
{
	if ((c->trigger == TRIGGER_INVALID_OPCODE || c->is_exception) &&
	    c->exception_frame != CRASH_SITE_NONE)
		c->has_bug = bug_find(k, c->stack->frames[c->exception_frame].pc, &c->bug);
}

/* A double fault runs on a stack of its own, and sets off nothing else on the way. */
static size_t first_own_frame(const struct crash_site *c, size_t panic_frame)
{
	if (c->exception_frame != CRASH_SITE_NONE)
		return c->exception_frame;
	if (c->trigger_frame != CRASH_SITE_NONE)
		return c->trigger_frame + 1;
	return panic_frame == CRASH_SITE_NONE ? 0 : panic_frame + 1;
}

void crash_site_find(struct kernel *k, const struct stack *s, bool is_panic,
		     struct crash_site *ret)
{
	struct crash_site c = {.stack = s,
			       .trigger_frame = CRASH_SITE_NONE,
			       .exception_frame = CRASH_SITE_NONE};
	size_t panic_frame = find_panic(s);

	c.panics = panic_frame != CRASH_SITE_NONE;
	find_trigger(&c, panic_frame);
	c.is_exception =
		is_panic && !c.panics && s->num_frames && c.trigger == TRIGGER_NONE;
	if (c.is_exception)
		c.exception_frame = 0;
	else if (is_by_exception(c.trigger))
		c.exception_frame = find_exception(s, c.trigger_frame + 1);
	find_bug(k, &c);
	if (c.is_exception && c.has_bug)
		c.trigger = TRIGGER_INVALID_OPCODE;
	c.first_own = first_own_frame(&c, panic_frame);
	c.culprit = stack_culprit(s, c.first_own);
	*ret = c;
}
