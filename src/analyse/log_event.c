#include "analyse/log_event.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define PANIC_WORDS "Kernel panic - not syncing"

/*
 * A sentence of the kernel. It may stand anywhere in a line. What follows a % is taken:
 *   %x hexadecimal address    %c CPU    %p pid    %s seconds    %n comm, up to what follows
 *   %l FILE:LINE, up to a blank or a !            %. anything, up to what follows
 * More telling ones stand above those that are part of them.
 */
static const struct sentence {
	const char *text;
	enum log_event_kind kind;
} sentences[] = {
	{"BUG: kernel NULL pointer dereference, address: %x", LOG_NULL_POINTER},
	{"BUG: unable to handle page fault for address: %x", LOG_PAGE_FAULT},
	{"kernel tried to execute NX-protected page", LOG_PAGE_FAULT},
	{"general protection fault, probably for non-canonical address %x",
	 LOG_PROTECTION_FAULT},
	{"general protection fault", LOG_PROTECTION_FAULT},
	{"stack guard page was hit at %x", LOG_STACK_GUARD},
	{"kernel stack overflow", LOG_STACK_GUARD},
	{"corrupted stack end detected inside scheduler", LOG_STACK_END},
	{"kernel BUG at %l", LOG_BUG},
	{"WARNING: CPU: %c PID: %p at %l", LOG_WARN},
	{"list_del corruption", LOG_LIST_CORRUPTION},
	{"list_add corruption", LOG_LIST_CORRUPTION},
	{"list_add double add", LOG_LIST_CORRUPTION},
	{"BUG: KASAN: use-after-free", LOG_USE_AFTER_FREE},
	{"BUG: KASAN: slab-use-after-free", LOG_USE_AFTER_FREE},
	{"refcount_t: addition on 0; use-after-free", LOG_USE_AFTER_FREE},
	{"refcount_t: underflow; use-after-free", LOG_USE_AFTER_FREE},
	{"Poison overwritten", LOG_USE_AFTER_FREE},
	{"soft lockup - CPU#%c stuck for %ss! [%n:%p]", LOG_SOFT_LOCKUP},
	{"Watchdog detected hard LOCKUP on cpu %c", LOG_HARD_LOCKUP},
	{"panic - not syncing: Hard LOCKUP", LOG_HARD_LOCKUP},
	{"INFO: task %n:%p blocked for more than %s seconds", LOG_HUNG_TASK},
	{"self-detected stall on CPU", LOG_RCU_STALL},
	{"detected stalls on CPUs/tasks", LOG_RCU_STALL},
	{"detected expedited stalls on CPUs/tasks", LOG_RCU_STALL},
	{"Out of memory: Killed process %p (%n)", LOG_OOM_KILL},
	{"panic - not syncing: Out of memory", LOG_OUT_OF_MEMORY},
	{"Out of memory and no killable processes", LOG_OUT_OF_MEMORY},
	{"panic - not syncing: System is deadlocked on memory", LOG_OUT_OF_MEMORY},
	{"PANIC: double fault", LOG_DOUBLE_FAULT},
	{"double fault: ", LOG_DOUBLE_FAULT},
	{"invalid opcode: ", LOG_INVALID_OPCODE},
	{"divide error: ", LOG_DIVIDE_ERROR},
	{"[Hardware Error]: CPU %c: Machine Check", LOG_MACHINE_CHECK},
	{"[Hardware Error]: Machine check", LOG_MACHINE_CHECK},
	{"panic - not syncing: Fatal machine check", LOG_MACHINE_CHECK},
	{"panic - not syncing: Fatal local machine check", LOG_MACHINE_CHECK},
	{"panic - not syncing: Timeout: Not all CPUs entered broadcast exception handler",
	 LOG_MACHINE_CHECK},
	{"sysrq: Trigger a crash", LOG_SYSRQ_CRASH},
	{"panic - not syncing: sysrq triggered crash", LOG_SYSRQ_CRASH},
	{"NMI received for unknown reason %. on CPU %c", LOG_NMI},
	{"panic - not syncing: NMI: Not continuing", LOG_NMI},
	{"panic - not syncing: Attempted to kill init!", LOG_INIT_KILLED},
	{"panic - not syncing: No working init found", LOG_NO_ROOT},
	{"panic - not syncing: Requested init", LOG_NO_ROOT},
	{"panic - not syncing: VFS: Unable to mount root", LOG_NO_ROOT},
	{PANIC_WORDS, LOG_PANIC},
};

/* The rest of a line. */
struct rest {
	const char *at, *end;
};

static void copy(char *to, size_t size, const char *from, size_t len)
{
	len = min_u64(len, size - 1);
	memcpy(to, from, len);
	to[len] = '\0';
}

static bool take_number(struct rest *r, int base, u64 *ret)
{
	char digits[24];
	size_t len = 0, skip = 0;
	char *stop;

	if (base == 16 && r->end - r->at > 2 && r->at[0] == '0' && r->at[1] == 'x')
		skip = 2;
	while (r->at + skip + len < r->end && len < sizeof(digits) - 1 &&
	       r->at[skip + len] && strchr("0123456789abcdef", r->at[skip + len])) {
		digits[len] = r->at[skip + len];
		len++;
	}
	digits[len] = '\0';
	*ret = strtoull(digits, &stop, base);
	if (stop == digits)
		return false;
	r->at += skip + (size_t)(stop - digits);
	return true;
}

/* The bytes up to the last place where @next stands, all if it is nothing. A comm may hold
 * anything, so that what follows it is sought from behind. */
static bool take_until(struct rest *r, const char *next, char *to, size_t size)
{
	size_t len = strcspn(next, "%");
	const char *found = NULL;

	for (const char *p = r->at; len && p + len <= r->end; p++)
		if (memcmp(p, next, len) == 0)
			found = p;
	if (!len)
		found = r->end;
	if (!found)
		return false;
	if (to)
		copy(to, size, r->at, (size_t)(found - r->at));
	r->at = found;
	return true;
}

/* FILE:LINE. Of a long path the end is kept. */
static bool take_place(struct rest *r, struct log_event *e)
{
	const char *end = r->at, *colon = NULL;
	struct rest number;
	size_t len;

	for (; end < r->end && *end != ' ' && *end != '!'; end++)
		if (*end == ':')
			colon = end;
	if (!colon)
		return false;
	number = (struct rest){colon + 1, end};
	if (!take_number(&number, 10, &e->line))
		return false;
	len = (size_t)(colon - r->at);
	if (len >= sizeof(e->file))
		r->at += len - (sizeof(e->file) - 1);
	copy(e->file, sizeof(e->file), r->at, (size_t)(colon - r->at));
	r->at = end;
	return true;
}

static bool take(struct rest *r, char what, const char *next, struct log_event *e)
{
	switch (what) {
	case 'x':
		e->has_addr = take_number(r, 16, &e->addr);
		return e->has_addr;
	case 'c':
		e->has_cpu = take_number(r, 10, &e->cpu);
		return e->has_cpu;
	case 'p':
		e->has_pid = take_number(r, 10, &e->pid);
		return e->has_pid;
	case 's':
		e->has_seconds = take_number(r, 10, &e->seconds);
		return e->has_seconds;
	case 'n':
		return take_until(r, next, e->comm, sizeof(e->comm));
	case 'l':
		return take_place(r, e);
	default:
		return take_until(r, next, NULL, 0);
	}
}

static bool matches(const char *sentence, const char *line, const char *end,
		    struct log_event *ret)
{
	size_t len = strcspn(sentence, "%");
	struct rest r = {memmem(line, (size_t)(end - line), sentence, len), end};
	struct log_event e = {0};

	if (!r.at)
		return false;
	for (;;) {
		r.at += len;
		sentence += len;
		if (!*sentence)
			break;
		if (!take(&r, sentence[1], sentence + 2, &e))
			return false;
		sentence += 2;
		len = strcspn(sentence, "%");
		if ((size_t)(r.end - r.at) < len || memcmp(r.at, sentence, len) != 0)
			return false;
	}
	*ret = e;
	return true;
}

static void keep(struct log_events *e, const struct log_event *event)
{
	if (e->num < LOG_EVENTS_FIRST)
		e->first[e->num] = *event;
	e->last[e->num++ % LOG_EVENTS_LAST] = *event;
	e->counts[event->kind]++;
}

static void add_line(struct log_events *e, u64 ts_ns, const char *line, const char *end)
{
	struct log_event event;

	/* "---[ end Kernel panic - not syncing: …" repeats what was said. */
	if (end - line > 8 && memcmp(line, "---[ end", 8) == 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(sentences); i++) {
		if (!matches(sentences[i].text, line, end, &event))
			continue;
		event.kind = sentences[i].kind;
		event.is_panic = memmem(line, (size_t)(end - line), PANIC_WORDS,
					strlen(PANIC_WORDS)) != NULL;
		event.ts_ns = ts_ns;
		copy(event.text, sizeof(event.text), line, (size_t)(end - line));
		keep(e, &event);
		return;
	}
}

void log_events_add(struct log_events *e, const struct printk_record *r)
{
	const char *line = r->text, *end = r->text + r->len;

	e->num_records++;
	e->newest_ts_ns = r->ts_ns;
	/* User space speaks through /dev/kmsg. It must not be believed. */
	if (r->has_level && r->facility != 0)
		return;
	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		stop = stop ? stop : end;
		add_line(e, r->ts_ns, line, stop);
		line = stop + 1;
	}
}

const struct log_event *log_events_back(const struct log_events *e, size_t back)
{
	if (back >= e->num)
		return NULL;
	if (back < LOG_EVENTS_LAST)
		return &e->last[(e->num - 1 - back) % LOG_EVENTS_LAST];
	return e->num - 1 - back < LOG_EVENTS_FIRST ? &e->first[e->num - 1 - back] : NULL;
}

const struct log_event *log_events_newest(const struct log_events *e,
					  enum log_event_kind kind)
{
	for (size_t i = 0; i < LOG_EVENTS_LAST; i++) {
		const struct log_event *event = log_events_back(e, i);

		if (event && event->kind == kind)
			return event;
	}
	return NULL;
}

const struct log_event *log_events_panic(const struct log_events *e)
{
	for (size_t i = 0; i < LOG_EVENTS_LAST; i++) {
		const struct log_event *event = log_events_back(e, i);

		if (event && event->is_panic)
			return event;
	}
	return NULL;
}
