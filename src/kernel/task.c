#include "kernel/task.h"

#include "base/str.h"
#include "kernel/field.h"
#include "kernel/pid_table.h"
#include "kernel/task_set_priv.h"

#include <string.h>

/* Bits of __state and exit_state: include/linux/sched.h since 4.14. */
#define STATE_UNINTERRUPTIBLE 0x02
#define STATE_NOLOAD	      0x400
#define STATE_WAKING	      0x200
#define STATE_NEW	      0x800
#define STATE_REPORT	      0x7f /* what has a letter */

static const struct state_name {
	u64 bit;
	const char *name;
} state_names[] = {
	{0x01, "TASK_INTERRUPTIBLE"}, {0x02, "TASK_UNINTERRUPTIBLE"},
	{0x04, "TASK_STOPPED"},	      {0x08, "TASK_TRACED"},
	{0x10, "EXIT_DEAD"},	      {0x20, "EXIT_ZOMBIE"},
	{0x40, "TASK_PARKED"},	      {0x80, "TASK_DEAD"},
	{0x100, "TASK_WAKEKILL"},     {0x200, "TASK_WAKING"},
	{0x400, "TASK_NOLOAD"},	      {0x800, "TASK_NEW"},
	{0x1000, "TASK_RTLOCK_WAIT"}, {0x2000, "TASK_FREEZABLE"},
	{0x8000, "TASK_FROZEN"},
};

const char *task_state_text(const struct task *t, char text[TASK_STATE_TEXT_LEN])
{
	u64 state = t->state | t->exit_state;
	size_t used = 0;

	snprintf(text, TASK_STATE_TEXT_LEN, "%s", state ? "" : "TASK_RUNNING");
	for (size_t i = 0; i < ARRAY_SIZE(state_names); i++) {
		if (!(state & state_names[i].bit))
			continue;
		used += (size_t)snprintf(text + used, TASK_STATE_TEXT_LEN - used, "%s%s",
					 used ? "|" : "", state_names[i].name);
		if (used >= TASK_STATE_TEXT_LEN)
			break;
	}
	if (state && !used)
		snprintf(text, TASK_STATE_TEXT_LEN, "0x%llx", (unsigned long long)state);
	return text;
}

char task_state_letter(const struct task *t)
{
	static const char letters[] = "RSDTtXZPI";
	u64 state = t->state | t->exit_state;
	unsigned index = 0;

	if ((state & (STATE_UNINTERRUPTIBLE | STATE_NOLOAD)) ==
	    (STATE_UNINTERRUPTIBLE | STATE_NOLOAD))
		return 'I';
	/* About to be ready: ps says that it is. */
	if (state == STATE_WAKING || state == STATE_NEW)
		return 'R';
	if (state && !(state & STATE_REPORT))
		return '?';
	for (state &= STATE_REPORT; state; state >>= 1)
		index++;
	return letters[index];
}

/* Read a member that may be missing: @ret keeps its value then. */
static void read_optional(struct kernel *k, vaddr_t base, struct field f, u64 *ret)
{
	struct err *err = NULL;
	u64 value;

	if (!f.present)
		return;
	err = field_read(k, base, &f, &value);
	if (!err)
		*ret = value;
	err_ignore(err);
}

static void read_cpu(struct kernel *k, struct task *t)
{
	/* In thread_info since bcf9033e5449 (v5.16), in the task before that, and in the
	 * thread_info at the bottom of the stack before c65eacbe290b (v4.9). */
	struct field cpu = field_find(k, "task_struct", "thread_info.cpu");
	struct field in_task = field_find(k, "task_struct", "thread_info");
	struct field old_cpu = field_find(k, "thread_info", "cpu");
	vaddr_t base = t->addr;
	u64 value;
	struct err *err;

	if (!cpu.present)
		cpu = field_find(k, "task_struct", "cpu");
	if (!cpu.present && !in_task.present && t->stack) {
		cpu = old_cpu;
		base = t->stack;
	}
	if (!cpu.present)
		return;
	err = field_read(k, base, &cpu, &value);
	t->has_cpu = !err && value < CPU_MAX;
	if (t->has_cpu)
		t->cpu = (unsigned)value;
	err_ignore(err);
}

struct err *task_read(struct kernel *k, vaddr_t addr, struct task *ret)
{
	struct task t = {.addr = addr};
	struct field comm, state = field_find(k, "task_struct", "__state");
	u64 pid = 0, on_cpu = 0, tgid = 0;
	struct err *err = field_read_by_name(k, addr, "task_struct", "pid", &pid);

	if (!err)
		err = field_get(k, "task_struct", "comm", &comm);
	if (!err)
		err = kernel_read_str(k, addr + comm.offset, t.comm, sizeof(t.comm));
	if (err)
		return err_wrap(err, "task at %llx", (unsigned long long)addr);
	/* Since 2f064a59a11f ("sched: Change task_struct::state"), v5.14, it is __state. */
	if (!state.present)
		state = field_find(k, "task_struct", "state");
	t.pid = (u32)pid;
	read_optional(k, addr, field_find(k, "task_struct", "tgid"), &tgid);
	t.tgid = (u32)tgid;
	read_optional(k, addr, state, &t.state);
	read_optional(k, addr, field_find(k, "task_struct", "exit_state"), &t.exit_state);
	read_optional(k, addr, field_find(k, "task_struct", "flags"), &t.flags);
	read_optional(k, addr, field_find(k, "task_struct", "stack"), &t.stack);
	read_optional(k, addr, field_find(k, "task_struct", "mm"), &t.mm);
	read_optional(k, addr, field_find(k, "task_struct", "on_cpu"), &on_cpu);
	t.is_on_cpu = on_cpu != 0;
	read_cpu(k, &t);
	*ret = t;
	return NULL;
}

void task_fill_cpu(const struct task *t, struct cpu_table *cpus)
{
	for (size_t i = 0; t->is_on_cpu && t->has_cpu && i < cpus->count; i++)
		if (cpus->cpus[i].number == t->cpu && !cpus->cpus[i].curr)
			cpus->cpus[i].curr = t->addr;
}

vaddr_t task_thread_info(struct kernel *k, const struct task *t)
{
	struct field f = field_find(k, "task_struct", "thread_info");

	return f.present ? t->addr + f.offset : t->stack;
}

/* A walk over all tasks. */
struct walk {
	struct kernel *k;
	struct notices *n;
	void (*each)(void *ctx, const struct task *t);
	void *ctx;
	struct task_set *seen;
	vaddr_t leader; /* the process whose threads are walked, until they led over it */
	struct field tasks, thread_node, signal, thread_head;
	struct task_count count;
	bool has_told;
};

/* One reason is enough: the others mostly follow from the same hole. */
static void tell_break(struct walk *w, struct err *err)
{
	if (!w->has_told)
		notices_add_err(w->n, err);
	else
		err_ignore(err);
	w->has_told = true;
}

/* Tell of the task at @addr unless it was already. *@ret_is_new says which. */
static struct err *visit(struct walk *w, vaddr_t addr, bool *ret_is_new)
{
	struct task t;
	struct err *err = task_set_add(w->seen, addr, ret_is_new);

	if (err || !*ret_is_new)
		return err;
	w->count.count++;
	err = task_read(w->k, addr, &t);
	if (err) {
		w->count.num_unreadable++;
		tell_break(w, err);
	} else if (w->each) {
		w->each(w->ctx, &t);
	}
	return NULL;
}

/* Visit the list of tasks whose head is at @head and whose nodes are at @offset in the
 * task.
 * @member_offset is 0 for next and one pointer for prev. *@ret_is_whole: it led back to
 * @head. */
static struct err *walk_list(struct walk *w, vaddr_t head, u64 offset, bool backwards,
			     struct err *(*visit_one)(struct walk *w, vaddr_t task,
						      bool *ret_is_new),
			     bool *ret_is_whole)
{
	struct field link = field_find(w->k, "list_head", backwards ? "prev" : "next");
	vaddr_t node = head;

	*ret_is_whole = false;
	if (!link.present) {
		link.present = true;
		link.offset = backwards ? 8 : 0;
	}
	for (;;) {
		struct err *err = kernel_read_ptr(w->k, node + link.offset, &node);
		bool is_new = false;

		if (err) {
			tell_break(w, err_wrap(err, "list of tasks"));
			return NULL;
		}
		if (node == head) {
			*ret_is_whole = true;
			return NULL;
		}
		if (w->count.count >= TASKS_MAX) {
			notices_add(w->n, "list of tasks: cut after %d", TASKS_MAX);
			return NULL;
		}
		err = visit_one(w, node - offset, &is_new);
		if (err)
			return err;
		if (!is_new) {
			if (!backwards)
				tell_break(w, err_new(ERR_BAD_DATA,
						      "list of tasks: loops at %llx",
						      (unsigned long long)node));
			return NULL;
		}
	}
}

/* Walk a list forwards, and backwards too if it breaks. */
static struct err *walk_both_ways(struct walk *w, vaddr_t head, u64 offset,
				  struct err *(*visit_one)(struct walk *w, vaddr_t task,
							   bool *ret_is_new))
{
	bool is_whole;
	struct err *err = walk_list(w, head, offset, false, visit_one, &is_whole);

	if (err || is_whole)
		return err;
	w->count.num_breaks++;
	return walk_list(w, head, offset, true, visit_one, &is_whole);
}

/* A thread. The first of a process is the process itself, which was visited before. */
static struct err *visit_thread(struct walk *w, vaddr_t addr, bool *ret_is_new)
{
	if (addr == w->leader) {
		w->leader = 0;
		*ret_is_new = true;
		return NULL;
	}
	return visit(w, addr, ret_is_new);
}

/* A process and its threads. */
static struct err *visit_process(struct walk *w, vaddr_t addr, bool *ret_is_new)
{
	vaddr_t signal;
	struct err *err = visit(w, addr, ret_is_new);

	if (err || !*ret_is_new || !w->signal.present || !w->thread_node.present ||
	    !w->thread_head.present)
		return err;
	err = kernel_read_ptr(w->k, addr + w->signal.offset, &signal);
	if (err || !signal) {
		err_ignore(err);
		return NULL;
	}
	w->leader = addr;
	return walk_both_ways(w, signal + w->thread_head.offset, w->thread_node.offset,
			      visit_thread);
}

static struct err *walk_idle(struct walk *w, const struct cpu_table *cpus)
{
	for (size_t i = 0; i < cpus->count; i++) {
		bool is_new = false;
		struct err *err = NULL;

		if (!cpus->cpus[i].is_present || !cpus->cpus[i].idle)
			continue;
		err = visit(w, cpus->cpus[i].idle, &is_new);
		if (err)
			return err;
		w->count.num_idle += is_new;
	}
	return NULL;
}

static struct err *walk_all(struct walk *w, const struct cpu_table *cpus)
{
	vaddr_t init_task;
	bool is_new = false;
	struct err *err = walk_idle(w, cpus);

	if (!err)
		err = kernel_symbol_get(w->k, "init_task", &init_task);
	/* The first CPU's idle task, if that CPU's run queue could not be read. */
	if (!err)
		err = visit(w, init_task, &is_new);
	w->count.num_idle += is_new;
	if (!err)
		err = field_get(w->k, "task_struct", "tasks", &w->tasks);
	if (err)
		return err;
	w->signal = field_find(w->k, "task_struct", "signal");
	w->thread_node = field_find(w->k, "task_struct", "thread_node");
	w->thread_head = field_find(w->k, "signal_struct", "thread_head");
	return walk_both_ways(w, init_task + w->tasks.offset, w->tasks.offset,
			      visit_process);
}

struct salvage {
	struct walk *walk;
	struct err *err;
};

static bool visit_salvaged(void *ctx, vaddr_t task)
{
	struct salvage *s = ctx;
	bool is_new;

	s->err = visit(s->walk, task, &is_new);
	return !s->err && s->walk->count.count < TASKS_MAX;
}

/* Where the lists break, their other parts are still in the table of process IDs. */
static struct err *salvage_tasks(struct walk *w)
{
	struct salvage s = {.walk = w};
	size_t before = w->count.count;
	struct err *err;

	if (!w->count.num_breaks && !w->count.num_unreadable)
		return NULL;
	err = pid_table_each(w->k, visit_salvaged, &s);
	if (s.err) {
		err_ignore(err);
		return s.err;
	}
	notices_add_err(w->n, err);
	if (w->count.count > before)
		notices_add(w->n,
			    "list of tasks: %zu more were found through their process IDs",
			    w->count.count - before);
	return NULL;
}

struct err *task_each(struct kernel *k, const struct cpu_table *cpus, struct notices *n,
		      void (*each)(void *ctx, const struct task *t), void *ctx,
		      struct task_count *ret)
{
	cleanup(task_set_freep) struct task_set *seen = NULL;
	struct walk w = {.k = k, .n = n, .each = each, .ctx = ctx};
	struct err *err = task_set_new(&seen);

	w.seen = seen;
	if (!err)
		err = walk_all(&w, cpus);
	if (!err)
		err = salvage_tasks(&w);
	if (err)
		return err;
	*ret = w.count;
	return NULL;
}
