#include "analyse/brief.h"

#include "analyse/examination.h"
#include "analyse/frames.h"
#include "base/str.h"

#include <string.h>

#define MAX_CPUS    32
#define MAX_BLOCKED 16
#define TAIL_LEN    8
#define LINE_SIZE   192

/* The newest lines of the log. */
struct log_tail {
	struct {
		u64 ts_ns;
		size_t len;
		char text[LINE_SIZE];
	} lines[TAIL_LEN];
	u64 count; /* seen */
};

static void tail_add(struct log_tail *t, const struct printk_record *r)
{
	size_t at = t->count++ % TAIL_LEN;

	t->lines[at].ts_ns = r->ts_ns;
	t->lines[at].len = min_u64(r->len, LINE_SIZE);
	memcpy(t->lines[at].text, r->text, t->lines[at].len);
}

static void read_log(struct examination *e, struct log_tail *tail)
{
	cleanup(printk_log_freep) struct printk_log *log = NULL;
	struct dump *d = kernel_dump(e->k);
	struct printk_source src;
	struct printk_record r;
	struct err *err = printk_source_from_dump(d, &src);

	if (!err)
		err = printk_open(&src, &log);
	while (!err && printk_next(log, &r)) {
		examination_add_log(e, &r);
		tail_add(tail, &r);
	}
	notices_add_err(dump_notices(d), err);
}

static struct err *examine(struct kernel *k, struct log_tail *tail,
			   struct examination **ret)
{
	cleanup(examination_freep) struct examination *e = NULL;
	struct err *err = examination_new(k, &e);

	if (err)
		return err;
	read_log(e, tail);
	examination_make(e);
	if (!e->has_cpus && !*panic_log_text(&e->panic_log))
		return err_new(ERR_ABSENT, "%s: neither a kernel log nor CPUs",
			       dump_path(kernel_dump(k)));
	*ret = steal(e);
	return NULL;
}

static void add_text(struct buf *b, const char *text)
{
	str_escape(b, text, strlen(text), false);
}

static void add_task(struct buf *b, const struct task *t)
{
	add_text(b, t->comm);
	buf_printf(b, " (pid %u)", t->pid);
}

/* " in function [module]" */
static void add_function(struct buf *b, const char *function, const char *module)
{
	if (!*function)
		return;
	buf_add_str(b, " in ");
	add_text(b, function);
	if (!*module)
		return;
	buf_add_str(b, " [");
	add_text(b, module);
	buf_add_char(b, ']');
}

static void add_seconds(struct buf *b, u64 ns)
{
	buf_printf(b, " for %llu.%llu s", (unsigned long long)(ns / 1000000000u),
		   (unsigned long long)(ns / 100000000u % 10));
}

/* What it did before it was stopped. */
static void add_place(struct buf *b, const struct examination *e)
{
	const struct frame *f;
	struct crash_site site;

	crash_site_find(e->k, e->room, false, &site);
	if (site.first_own >= e->room->num_frames)
		return;
	f = &e->room->frames[site.first_own];
	if (f->has_symbol)
		add_function(b, f->symbol.name, f->symbol.module);
}

static void add_cpu(struct buf *b, const struct examination *e, const struct cpu *cpu)
{
	struct task task;
	struct err *err = cpu->curr ? task_read(e->k, cpu->curr, &task) : NULL;

	buf_printf(b, "  CPU %u%s:", cpu->number, cpu->is_online ? "" : ", offline");
	if (cpu->curr && !err) {
		buf_add_char(b, ' ');
		add_task(b, &task);
	} else {
		buf_add_str(b, " task not known");
	}
	err_ignore(err);
	if (cpu->curr && cpu->curr == cpu->idle)
		buf_add_str(b, ", idle");
	if (panic_unwind(e->k, cpu, e->room))
		add_place(b, e);
	buf_add_char(b, '\n');
}

static void add_cpus(struct buf *b, const struct examination *e)
{
	unsigned told = 0;

	for (size_t i = 0; i < e->cpus.count && told < MAX_CPUS; i++) {
		if (!e->cpus.cpus[i].is_present)
			continue;
		if (!told++)
			buf_add_str(b, "CPUs:\n");
		add_cpu(b, e, &e->cpus.cpus[i]);
	}
	if (e->cpus.num_present > told)
		buf_printf(b, "  and %zu more\n", e->cpus.num_present - told);
}

static void add_lock(struct buf *b, const struct blocked_lock *l)
{
	buf_printf(b, " at 0x%llx", (unsigned long long)l->lock.addr);
	if (*l->what) {
		buf_add_str(b, " (");
		add_text(b, l->what);
		buf_add_char(b, ')');
	}
	if (l->fate == OWNER_GONE || l->fate == OWNER_REUSED) {
		buf_add_str(b, ", held by a task that is gone");
	} else if (l->fate != OWNER_NONE) {
		buf_add_str(b, ", held by ");
		add_task(b, &l->owner);
	}
}

static void add_blocked_task(struct buf *b, const struct blocked *blocked,
			     const struct blocked_task *t)
{
	buf_add_str(b, "  ");
	add_task(b, &t->task);
	if (t->has_since)
		add_seconds(b, t->since_ns);
	add_function(b, t->function, t->module);
	buf_printf(b, ": waits for %s", wait_kind_phrase(t->wait.kind));
	if (t->lock != BLOCKED_NONE)
		add_lock(b, &blocked->locks[t->lock]);
	if (t->ring)
		buf_printf(b, ", deadlock %zu", t->ring);
	buf_add_char(b, '\n');
}

static void add_blocked(struct buf *b, const struct blocked *blocked)
{
	size_t told = min_u64(blocked->num_tasks, MAX_BLOCKED);
	size_t all = blocked->num_tasks + blocked->num_left_out;

	if (told)
		buf_add_str(b, "Blocked:\n");
	for (size_t i = 0; i < told; i++)
		add_blocked_task(b, blocked, &blocked->tasks[i]);
	if (all > told)
		buf_printf(b, "  and %zu more\n", all - told);
}

static void add_memory(struct buf *b, const struct memory_use *m)
{
	bool is_first = true;

	for (int kind = 0; kind < MEMORY_NUM_COUNTS; kind++) {
		u64 bytes;

		if (!memory_count_get(&m->counts, (enum memory_count_kind)kind, &bytes) ||
		    bytes < 1u << 20)
			continue;
		buf_printf(b, "%s %llu MiB %s", is_first ? "Memory:" : ";",
			   (unsigned long long)(bytes >> 20),
			   memory_count_name((enum memory_count_kind)kind));
		is_first = false;
	}
	if (!is_first)
		buf_add_char(b, '\n');
}

static void add_tail(struct buf *b, const struct log_tail *t)
{
	u64 first = t->count > TAIL_LEN ? t->count - TAIL_LEN : 0;

	if (t->count)
		buf_add_str(b, "Log:\n");
	for (u64 i = first; i < t->count; i++) {
		u64 ns = t->lines[i % TAIL_LEN].ts_ns;

		buf_printf(b, "  %llu.%06llu: ", (unsigned long long)(ns / 1000000000u),
			   (unsigned long long)(ns / 1000 % 1000000));
		str_escape(b, t->lines[i % TAIL_LEN].text, t->lines[i % TAIL_LEN].len,
			   false);
		buf_add_char(b, '\n');
	}
}

static void add_backtrace(struct buf *b, const struct examination *e)
{
	if (!e->place.has_cpu)
		return;
	if (e->stack->num_frames)
		stack_format(b, e->stack);
	else
		buf_printf(b, "CPU %u left no registers, so there is no backtrace\n",
			   e->place.cpu);
}

struct err *brief_format(struct buf *b, struct kernel *k)
{
	cleanup(examination_freep) struct examination *e = NULL;
	struct log_tail tail = {.count = 0};
	struct err *err = examine(k, &tail, &e);

	if (err)
		return err;
	examination_format(b, e);
	buf_add_char(b, '\n');
	if (*panic_log_text(&e->panic_log)) {
		buf_add_str(b, "  ");
		add_text(b, panic_log_text(&e->panic_log));
		buf_add_char(b, '\n');
	}
	for (size_t i = 0; i < e->verdict.num_evidence; i++)
		buf_printf(b, "  %s\n", e->verdict.evidence[i].text);
	add_backtrace(b, e);
	add_cpus(b, e);
	add_blocked(b, &e->blocked);
	add_memory(b, &e->memory);
	add_tail(b, &tail);
	return NULL;
}
