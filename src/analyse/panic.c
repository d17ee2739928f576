#include "analyse/panic.h"

#include "analyse/function_names.h"

#include <string.h>

#define PANIC_WORDS   "Kernel panic - not syncing"
#define SAME_EVENT_NS 1000000000ull /* lines this close to each other tell of one event */

/* What a kernel says when something went wrong, before it perhaps panics. Sources: the
 * messages of mm/fault.c, traps.c, lib/bug.c, kernel/watchdog.c, kernel/hung_task.c,
 * sysrq.c … */
static const char *const cause_words[] = {
	"BUG: ",
	"kernel BUG at ",
	"general protection fault",
	"Unable to handle kernel",
	"Internal error: ",
	"Oops: ",
	"divide error: ",
	"invalid opcode: ",
	"double fault: ",
	"stack segment: ",
	"detected hard LOCKUP",
	"blocked for more than ",
	"self-detected stall on CPU",
	"detected stalls on CPU",
	"Out of memory and no killable processes",
	"NMI received for unknown reason",
	"Uhhuh. NMI received",
	"[Hardware Error]: ",
	"sysrq: Trigger a crash",
};

/* The place of @word in @text, NULL if it is not there. */
static const char *find(const char *text, size_t len, const char *word)
{
	return memmem(text, len, word, strlen(word));
}

/* Copy the line that starts at @line and ends at @end or before. */
static void take_line(char ret[PANIC_TEXT_SIZE], const char *line, const char *end)
{
	const char *stop = memchr(line, '\n', (size_t)(end - line));
	size_t len = (size_t)((stop ? stop : end) - line);

	len = min_u64(len, PANIC_TEXT_SIZE - 1);
	memcpy(ret, line, len);
	ret[len] = '\0';
	while (len && ret[len - 1] == ' ')
		ret[--len] = '\0';
}

/* Does user space speak, through /dev/kmsg? It must not be believed. */
static bool is_from_user(const struct printk_record *r)
{
	return r->has_level && r->facility != 0;
}

void panic_log_add(struct panic_log *p, const struct printk_record *r)
{
	const char *end = r->text + r->len, *at;

	p->num_records++;
	if (is_from_user(r))
		return;
	at = find(r->text, r->len, PANIC_WORDS);
	if (at && find(r->text, r->len, "end " PANIC_WORDS))
		return; /* "---[ end Kernel panic - not syncing: …" repeats it */
	if (at) {
		take_line(p->message, at, end);
		return;
	}
	if (*p->message)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(cause_words); i++) {
		if (!find(r->text, r->len, cause_words[i]))
			continue;
		if (!*p->cause || r->ts_ns - p->cause_ts_ns > SAME_EVENT_NS)
			take_line(p->cause, r->text, end);
		p->cause_ts_ns = r->ts_ns;
		return;
	}
}

const char *panic_log_text(const struct panic_log *p)
{
	return *p->message ? p->message : p->cause;
}

bool panic_unwind(struct kernel *k, const struct cpu *cpu, struct stack *ret)
{
	if (!cpu->has_regs)
		return false;
	stack_unwind_regs(k, &cpu->regs, ret);
	return true;
}

static bool stack_panics(const struct stack *s)
{
	for (size_t i = 0; i < s->num_frames; i++)
		if (s->frames[i].has_symbol && function_panics(s->frames[i].symbol.name))
			return true;
	return false;
}

static const struct cpu *find_cpu(struct kernel *k, const struct cpu_table *cpus,
				  struct stack *stack, struct panic_place *place)
{
	if (cpus->has_panic_cpu) {
		place->is_panic = true;
		place->how = "panic_cpu";
		return cpu_find(cpus, cpus->panic_cpu);
	}
	for (size_t i = 0; i < cpus->count; i++) {
		if (!panic_unwind(k, &cpus->cpus[i], stack) || !stack_panics(stack))
			continue;
		place->is_panic = true;
		place->how = "a panic function on its stack";
		return &cpus->cpus[i];
	}
	for (size_t i = 0; i < cpus->count; i++) {
		if (!cpus->cpus[i].curr)
			continue;
		place->how = "the first CPU: none panicked";
		return &cpus->cpus[i];
	}
	return NULL;
}

void panic_place_find(struct kernel *k, const struct cpu_table *cpus, struct notices *n,
		      struct stack *stack, struct panic_place *ret)
{
	struct panic_place place = {.how = ""};
	const struct cpu *cpu = find_cpu(k, cpus, stack, &place);
	struct err *err = NULL;

	if (cpu) {
		place.has_cpu = true;
		place.cpu = cpu->number;
	}
	if (cpu && cpu->curr)
		err = task_read(k, cpu->curr, &place.task);
	else if (cpu)
		notices_add(n, "CPU %u: the task it was running is not known", cpu->number);
	place.has_task = cpu && cpu->curr && !err;
	notices_add_err(n, err_wrap(err, "the task that panicked"));
	*ret = place;
}
