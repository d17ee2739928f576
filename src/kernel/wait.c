#include "kernel/wait.h"

#include "kernel/field.h"

#include <string.h>

#define WORD 8
/* How much of the stack above the innermost frame may hold the waiter. */
#define MAX_SEARCH_LEN 4096
/* Where the size of a stack is not told: THREAD_SIZE of x86-64. */
#define DEFAULT_STACK_LEN 16384

/* Functions in which tasks wait, without the .constprop and the like that compilers add.
 * Those that call others of the list are in it too, since each may be inlined. */
static const struct waiting_function {
	const char *name;
	enum wait_kind kind;
} waiting_functions[] = {
	{"__mutex_lock", WAIT_MUTEX},
	{"__mutex_lock_slowpath", WAIT_MUTEX},
	{"__mutex_lock_killable_slowpath", WAIT_MUTEX},
	{"__mutex_lock_interruptible_slowpath", WAIT_MUTEX},
	{"__ww_mutex_lock", WAIT_MUTEX},
	{"__ww_mutex_lock_slowpath", WAIT_MUTEX},
	{"__ww_mutex_lock_interruptible_slowpath", WAIT_MUTEX},
	{"mutex_lock", WAIT_MUTEX},
	{"mutex_lock_io", WAIT_MUTEX},
	{"mutex_lock_killable", WAIT_MUTEX},
	{"mutex_lock_interruptible", WAIT_MUTEX},
	{"ww_mutex_lock", WAIT_MUTEX},
	{"ww_mutex_lock_interruptible", WAIT_MUTEX},
	{"rwsem_down_read_slowpath", WAIT_RWSEM_READ},
	{"down_read", WAIT_RWSEM_READ},
	{"down_read_killable", WAIT_RWSEM_READ},
	{"down_read_interruptible", WAIT_RWSEM_READ},
	{"rwsem_down_write_slowpath", WAIT_RWSEM_WRITE},
	{"down_write", WAIT_RWSEM_WRITE},
	{"down_write_killable", WAIT_RWSEM_WRITE},
	{"__down", WAIT_SEMAPHORE},
	{"__down_common", WAIT_SEMAPHORE},
	{"___down_common", WAIT_SEMAPHORE},
	{"__down_interruptible", WAIT_SEMAPHORE},
	{"__down_killable", WAIT_SEMAPHORE},
	{"__down_timeout", WAIT_SEMAPHORE},
	{"down", WAIT_SEMAPHORE},
	{"down_interruptible", WAIT_SEMAPHORE},
	{"down_killable", WAIT_SEMAPHORE},
	{"down_timeout", WAIT_SEMAPHORE},
	{"percpu_rwsem_wait", WAIT_PERCPU_RWSEM},
	{"__percpu_down_read", WAIT_PERCPU_RWSEM},
	{"percpu_down_write", WAIT_PERCPU_RWSEM},
	{"do_wait_for_common", WAIT_COMPLETION},
	{"__wait_for_common", WAIT_COMPLETION},
	{"wait_for_common", WAIT_COMPLETION},
	{"wait_for_completion", WAIT_COMPLETION},
	{"wait_for_completion_io", WAIT_COMPLETION},
	{"wait_for_completion_io_timeout", WAIT_COMPLETION},
	{"wait_for_completion_killable", WAIT_COMPLETION},
	{"wait_for_completion_interruptible", WAIT_COMPLETION},
	{"wait_for_completion_state", WAIT_COMPLETION},
	{"wait_for_completion_timeout", WAIT_COMPLETION},
	{"rt_mutex_schedule", WAIT_RT_MUTEX},
	{"rt_mutex_slowlock_block", WAIT_RT_MUTEX},
	{"rt_mutex_slowlock", WAIT_RT_MUTEX},
	{"__rt_mutex_slowlock", WAIT_RT_MUTEX},
	{"__rt_mutex_slowlock_locked", WAIT_RT_MUTEX},
	{"rtlock_slowlock_locked", WAIT_RT_MUTEX},
	{"rwbase_write_lock", WAIT_RT_MUTEX},
	{"__rwbase_read_lock", WAIT_RT_MUTEX},
	{"io_schedule", WAIT_IO},
	{"io_schedule_timeout", WAIT_IO},
	{"blk_io_schedule", WAIT_IO},
	{"bio_wait", WAIT_IO},
	{"folio_wait_bit_common", WAIT_PAGE},
	{"folio_wait_bit", WAIT_PAGE},
	{"folio_wait_writeback", WAIT_PAGE},
	{"folio_wait_stable", WAIT_PAGE},
	{"__folio_lock", WAIT_PAGE},
	{"__folio_lock_killable", WAIT_PAGE},
	{"folio_put_wait_locked", WAIT_PAGE},
	{"wait_on_page_bit_common", WAIT_PAGE},
	{"wait_on_page_bit", WAIT_PAGE},
	{"wait_on_page_writeback", WAIT_PAGE},
	{"__lock_page", WAIT_PAGE},
	{"bit_wait", WAIT_BIT},
	{"bit_wait_io", WAIT_BIT},
	{"__wait_on_bit", WAIT_BIT},
	{"__wait_on_bit_lock", WAIT_BIT},
	{"out_of_line_wait_on_bit", WAIT_BIT},
	{"out_of_line_wait_on_bit_lock", WAIT_BIT},
	{"__wait_on_buffer", WAIT_BIT},
	{"__lock_buffer", WAIT_BIT},
};

/* Functions below those, which say nothing of what is waited for. */
static const char *const scheduling_functions[] = {
	"__schedule",
	"__schedule_loop",
	"schedule",
	"preempt_schedule",
	"schedule_rtlock",
	"schedule_preempt_disabled",
	"schedule_timeout",
	"io_schedule",
	"schedule_hrtimeout_range_clock",
	"schedule_hrtimeout_range",
};

/* The struct that a waiting function keeps on its stack, and the head it is linked to. */
static const struct waiter_type {
	enum wait_kind kind;
	enum lock_kind lock;
	const char *name, *task, *list;
	const char *lock_name, *lock_list;
} waiter_types[] = {
	{WAIT_MUTEX, LOCK_MUTEX, "mutex_waiter", "task", "list", "mutex", "wait_list"},
	{WAIT_RWSEM_READ, LOCK_RWSEM, "rwsem_waiter", "task", "list", "rw_semaphore",
	 "wait_list"},
	{WAIT_RWSEM_WRITE, LOCK_RWSEM, "rwsem_waiter", "task", "list", "rw_semaphore",
	 "wait_list"},
	{WAIT_SEMAPHORE, LOCK_SEMAPHORE, "semaphore_waiter", "task", "list", "semaphore",
	 "wait_list"},
	{WAIT_PERCPU_RWSEM, LOCK_PERCPU_RWSEM, "wait_queue_entry", "private", "entry",
	 "percpu_rw_semaphore", "waiters.head"},
	{WAIT_COMPLETION, LOCK_COMPLETION, "swait_queue", "task", "task_list", "completion",
	 "wait.task_list"},
	{WAIT_QUEUE, LOCK_WAIT_QUEUE, "wait_queue_entry", "private", "entry",
	 "wait_queue_head", "head"},
};

/* Where the members of a waiter_type lie. */
struct waiter_layout {
	const struct waiter_type *type;
	u64 task, list; /* in the waiter */
	u64 lock_list;	/* in the lock */
	u64 stack_len;
};

const char *wait_kind_phrase(enum wait_kind kind)
{
	static const char *const phrases[] = {
		[WAIT_OTHER] = "something",
		[WAIT_MUTEX] = "a mutex",
		[WAIT_RWSEM_READ] = "an rw_semaphore, to read",
		[WAIT_RWSEM_WRITE] = "an rw_semaphore, to write",
		[WAIT_SEMAPHORE] = "a semaphore",
		[WAIT_PERCPU_RWSEM] = "a percpu_rw_semaphore",
		[WAIT_COMPLETION] = "a completion",
		[WAIT_RT_MUTEX] = "an rt_mutex",
		[WAIT_IO] = "I/O",
		[WAIT_PAGE] = "a page",
		[WAIT_BIT] = "a bit",
		[WAIT_QUEUE] = "a wait queue",
	};

	return phrases[kind];
}

/* Is @symbol function @name, whatever the compiler hung on it? */
static bool is_function(const char *symbol, const char *name)
{
	size_t len = strlen(name);

	return strncmp(symbol, name, len) == 0 && (!symbol[len] || symbol[len] == '.');
}

static const struct waiting_function *find_waiting(const char *symbol)
{
	for (size_t i = 0; i < ARRAY_SIZE(waiting_functions); i++)
		if (is_function(symbol, waiting_functions[i].name))
			return &waiting_functions[i];
	return NULL;
}

static bool is_scheduling(const char *symbol)
{
	for (size_t i = 0; i < ARRAY_SIZE(scheduling_functions); i++)
		if (is_function(symbol, scheduling_functions[i]))
			return true;
	return false;
}

/* The innermost function that tells what is waited for, past those that merely sleep: the
 * page of io_schedule() in folio_wait_bit_common(), the I/O of a completion. */
static void find_kind(const struct stack *s, struct wait *w)
{
	for (size_t i = 0; i < s->num_frames; i++) {
		const struct frame *f = &s->frames[i];
		const struct waiting_function *found;

		if (!f->has_symbol)
			return;
		found = find_waiting(f->symbol.name);
		if (!found && !is_scheduling(f->symbol.name))
			return;
		w->num_machinery = i + 1;
		if (found && (w->kind == WAIT_OTHER || w->kind == WAIT_IO)) {
			w->kind = found->kind;
			w->function = found->name;
		}
	}
}

static bool read_layout(struct kernel *k, const struct waiter_type *type,
			struct waiter_layout *ret)
{
	struct field task = field_find(k, type->name, type->task);
	struct field list = field_find(k, type->name, type->list);
	struct field lock_list = field_find(k, type->lock_name, type->lock_list);

	*ret = (struct waiter_layout){.type = type,
				      .task = task.offset,
				      .list = list.offset,
				      .lock_list = lock_list.offset};
	if (!type_size_find(k, "thread_union", &ret->stack_len) ||
	    ret->stack_len > MAX_SEARCH_LEN << 6)
		ret->stack_len = DEFAULT_STACK_LEN;
	return task.present && list.present && lock_list.present;
}

/* Is there a waiter at @waiter on the stack of the task it points to? */
static bool is_waiter(struct kernel *k, const struct waiter_layout *l, vaddr_t waiter)
{
	vaddr_t task, stack;
	struct err *err = kernel_read_ptr(k, waiter + l->task, &task);

	if (!err)
		err = field_read_by_name(k, task, "task_struct", "stack", &stack);
	if (err) {
		err_free(err);
		return false;
	}
	return waiter - stack < l->stack_len;
}

/* Walk from the node of the waiter at @waiter until back at it. Exactly one node is on
 * nobody's stack: that of the lock. */
static bool find_head(struct kernel *k, const struct waiter_layout *l, vaddr_t waiter,
		      u64 *budget, vaddr_t *ret_head, size_t *ret_count)
{
	vaddr_t start = waiter + l->list, node = start, head = 0;
	size_t count = 0;

	do {
		vaddr_t next, prev;
		struct err *err;

		if (!*budget)
			return false;
		--*budget;
		err = kernel_read_ptr(k, node, &next);
		if (!err)
			err = kernel_read_ptr(k, next + WORD, &prev);
		if (err || prev != node || ++count > WAIT_MAX_WAITERS) {
			err_ignore(err);
			return false;
		}
		if (next != start && !is_waiter(k, l, next - l->list)) {
			if (head)
				return false;
			head = next;
		}
		node = next;
	} while (node != start);
	*ret_head = head;
	*ret_count = count - 1;
	return head != 0;
}

/* Search the stack, from where the task left it upwards. */
static bool find_waiter(struct kernel *k, const struct task *t, const struct stack *s,
			const struct waiter_layout *l, u64 *budget, struct wait *w)
{
	vaddr_t start = s->frames[0].sp, end = start + MAX_SEARCH_LEN;

	if (w->num_machinery < s->num_frames)
		end = s->frames[w->num_machinery].sp;
	if (end - start > MAX_SEARCH_LEN)
		end = start + MAX_SEARCH_LEN;
	for (vaddr_t at = start; at < end; at += WORD) {
		vaddr_t word, head;
		struct err *err = kernel_read_ptr(k, at, &word);

		if (err) {
			err_free(err);
			return false;
		}
		if (word != t->addr || !is_waiter(k, l, at - l->task) ||
		    !find_head(k, l, at - l->task, budget, &head, &w->num_waiters))
			continue;
		w->waiter = at - l->task;
		lock_read(k, l->type->lock, head - l->lock_list, &w->lock);
		return true;
	}
	return false;
}

/* A task that waits for an rt_mutex notes that by itself. */
static bool find_rt_mutex(struct kernel *k, const struct task *t, struct wait *w)
{
	vaddr_t lock = 0;
	struct err *err =
		field_read_by_name(k, t->addr, "task_struct", "pi_blocked_on", &w->waiter);

	if (!err && w->waiter)
		err = field_read_by_name(k, w->waiter, "rt_mutex_waiter", "lock", &lock);
	err_ignore(err);
	if (!lock)
		return false;
	lock_read(k, LOCK_RT_MUTEX, lock, &w->lock);
	return true;
}

static bool find_lock(struct kernel *k, const struct task *t, const struct stack *s,
		      u64 *budget, struct wait *w)
{
	enum wait_kind kind =
		w->kind == WAIT_OTHER || w->kind == WAIT_IO ? WAIT_QUEUE : w->kind;

	if (w->kind == WAIT_RT_MUTEX)
		return find_rt_mutex(k, t, w);
	for (size_t i = 0; i < ARRAY_SIZE(waiter_types); i++) {
		struct waiter_layout l;

		if (waiter_types[i].kind != kind || !read_layout(k, &waiter_types[i], &l) ||
		    !find_waiter(k, t, s, &l, budget, w))
			continue;
		return true;
	}
	return false;
}

void wait_find(struct kernel *k, const struct task *t, const struct stack *s, u64 *budget,
	       struct wait *ret)
{
	struct wait w = {.function = ""};

	find_kind(s, &w);
	if (s->num_frames)
		w.has_lock = find_lock(k, t, s, budget, &w);
	if (w.kind == WAIT_OTHER && w.has_lock)
		w.kind = WAIT_QUEUE;
	*ret = w;
}
