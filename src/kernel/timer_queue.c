#include "kernel/timer_queue.h"

#include "kernel/clock.h"
#include "kernel/field.h"
#include "kernel/rbtree.h"

#define NS_PER_S     1000000000ull
#define BOOT_SECONDS 300  /* jiffies start so that 32 bits wrap so long after boot */
#define MAX_VECTORS  4096 /* of a wheel: it has 512 or 576 */
#define MAX_WHEELS   8
#define MAX_CLOCKS   16

void timer_queue_deinit(struct timer_queue *q)
{
	free(q->timers);
	*q = (struct timer_queue){0};
}

static struct err *add(struct timer_queue *q, const struct queued_timer *t)
{
	if (q->count == TIMER_QUEUE_MAX)
		return err_new(ERR_INCOMPLETE, "there are more than %u timers",
			       TIMER_QUEUE_MAX);
	if (q->count == q->capacity) {
		size_t bigger = q->capacity ? 2 * q->capacity : 64;
		struct queued_timer *timers =
			reallocarray(q->timers, bigger, sizeof(*timers));

		if (!timers)
			return err_nomem();
		q->timers = timers;
		q->capacity = bigger;
	}
	q->timers[q->count] = *t;
	q->timers[q->count].place = q->count;
	q->count++;
	return NULL;
}

static int compare_timers(const void *a, const void *b)
{
	const struct queued_timer *x = a, *y = b;

	if (x->expires != y->expires)
		return x->expires < y->expires ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* ---- wheels ---- */

struct err *timer_wheel_count(struct types *t, size_t *ret)
{
	struct object bases;
	u64 size, each;
	struct err *err = object_variable(t, "timer_bases", &bases);

	if (err)
		return err;
	if (!object_size(&bases, &size) ||
	    !type_size_find(types_kernel(t), "timer_base", &each) || !each || size < each ||
	    size / each > MAX_WHEELS)
		return err_new(ERR_ABSENT, "how many timer wheels a CPU has is not known");
	*ret = (size_t)(size / each);
	return NULL;
}

struct err *timer_wheel_find(struct kernel *k, unsigned cpu, size_t index, vaddr_t *ret)
{
	vaddr_t bases;
	u64 size;
	struct err *err = kernel_percpu_symbol(k, "timer_bases", cpu, &bases);

	if (err)
		return err;
	if (!type_size_find(k, "timer_base", &size))
		return err_new(ERR_ABSENT, "the size of struct timer_base is not known");
	*ret = bases + index * size;
	return NULL;
}

struct wheel_layout {
	struct field vectors, entry, next, expires, function;
};

static struct err *read_wheel_layout(struct kernel *k, struct wheel_layout *ret)
{
	struct err *err = field_get(k, "timer_base", "vectors", &ret->vectors);

	if (!err)
		err = field_get(k, "timer_list", "entry", &ret->entry);
	if (!err)
		err = field_get(k, "hlist_node", "next", &ret->next);
	if (!err)
		err = field_get(k, "timer_list", "expires", &ret->expires);
	if (!err)
		err = field_get(k, "timer_list", "function", &ret->function);
	return err;
}

static struct err *read_vector(struct kernel *k, const struct wheel_layout *l, vaddr_t head,
			       struct timer_queue *q)
{
	vaddr_t node;
	struct err *err = kernel_read_ptr(k, head, &node);

	while (!err && node) {
		struct queued_timer t = {.addr = node - l->entry.offset};

		err = field_read(k, t.addr, &l->expires, &t.expires);
		if (!err)
			err = field_read(k, t.addr, &l->function, &t.function);
		t.soft_expires = t.expires;
		if (!err)
			err = add(q, &t);
		if (!err)
			err = kernel_read_ptr(k, node + l->next.offset, &node);
	}
	return err;
}

struct err *timer_wheel_read(struct kernel *k, vaddr_t base, struct timer_queue *ret)
{
	struct wheel_layout l;
	struct err *err = read_wheel_layout(k, &l), *first = NULL;

	*ret = (struct timer_queue){0};
	if (err)
		return err;
	/* struct hlist_head is one pointer. */
	for (u64 i = 0; i < min_u64(l.vectors.count, MAX_VECTORS); i++) {
		vaddr_t head = base + l.vectors.offset + i * sizeof(vaddr_t);

		err = read_vector(k, &l, head, ret);
		if (err && first)
			err_free(err);
		else if (err)
			first = err_wrap(err, "timer wheel at 0x%llx, list %llu",
					 (unsigned long long)base, (unsigned long long)i);
		if (ret->count == TIMER_QUEUE_MAX)
			break;
	}
	if (ret->count)
		qsort(ret->timers, ret->count, sizeof(*ret->timers), compare_timers);
	return first;
}

/* ---- high resolution ---- */

struct err *hrtimer_base_find(struct kernel *k, unsigned cpu, vaddr_t *ret,
			      size_t *ret_clocks)
{
	struct field clocks;
	struct err *err = field_get(k, "hrtimer_cpu_base", "clock_base", &clocks);

	if (!err)
		err = kernel_percpu_symbol(k, "hrtimer_bases", cpu, ret);
	if (!err)
		*ret_clocks = (size_t)min_u64(clocks.count, MAX_CLOCKS);
	return err;
}

struct err *hrtimer_clock_read(struct kernel *k, vaddr_t base, size_t index,
			       struct hrtimer_clock *ret)
{
	struct field clocks, get_time = field_find(k, "hrtimer_clock_base", "get_time");
	struct field offset = field_find(k, "hrtimer_clock_base", "offset");
	struct hrtimer_clock c = {0};
	u64 size;
	struct err *err = field_get(k, "hrtimer_cpu_base", "clock_base", &clocks);

	if (err)
		return err;
	if (!type_size_find(k, "hrtimer_clock_base", &size))
		return err_new(ERR_ABSENT,
			       "the size of struct hrtimer_clock_base is not known");
	c.addr = base + clocks.offset + index * size;
	if (get_time.present)
		err_ignore(field_read(k, c.addr, &get_time, &c.get_time));
	if (offset.present)
		err_ignore(field_read(k, c.addr, &offset, &c.offset_ns));
	*ret = c;
	return NULL;
}

struct hrtimer_walk {
	struct kernel *k;
	struct timer_queue *q;
	struct field soft, function;
	u64 node_offset, rb_offset, expires_offset;
	struct err *err;
};

static bool take_hrtimer(void *ctx, const struct rbtree_place *p)
{
	struct hrtimer_walk *w = ctx;
	vaddr_t node = p->node - w->rb_offset; /* struct timerqueue_node */
	struct queued_timer t = {.addr = node - w->node_offset};
	struct err *err = kernel_read_u64(w->k, node + w->expires_offset, &t.expires);

	if (!err)
		err = field_read(w->k, t.addr, &w->soft, &t.soft_expires);
	if (!err)
		err = field_read(w->k, t.addr, &w->function, &t.function);
	if (!err)
		err = add(w->q, &t);
	if (err && w->err)
		err_free(err);
	else if (err)
		w->err = err;
	return w->q->count < TIMER_QUEUE_MAX;
}

struct err *hrtimer_queue_read(struct kernel *k, const struct hrtimer_clock *clock,
			       struct timer_queue *ret)
{
	struct hrtimer_walk w = {.k = k, .q = ret};
	struct field active, node, rb, expires;
	struct err *err = field_get(k, "hrtimer_clock_base", "active", &active);

	*ret = (struct timer_queue){0};
	if (!err)
		err = field_get(k, "hrtimer", "node", &node);
	if (!err)
		err = field_get(k, "timerqueue_node", "node", &rb);
	if (!err)
		err = field_get(k, "timerqueue_node", "expires", &expires);
	if (!err)
		err = field_get(k, "hrtimer", "_softexpires", &w.soft);
	if (!err)
		err = field_get(k, "hrtimer", "function", &w.function);
	if (err)
		return err;
	w.node_offset = node.offset;
	w.rb_offset = rb.offset;
	w.expires_offset = expires.offset;
	/* A timerqueue_head is an rb_root_cached since 511885d7061e ("lib/timerqueue:
	 * Rely on rbtree semantics for next timer"), v5.5; before, it began with its root.
	 */
	err = rbtree_each(k, clock->addr + active.offset, RBTREE_SORTED, take_hrtimer, &w);
	if (err && w.err)
		err_free(err);
	return w.err ? w.err : err;
}

void timer_now(struct kernel *k, u64 *ret_jiffies, u64 *ret_ns)
{
	struct kernel_clock clock;
	vaddr_t addr;
	u64 jiffies = 0, start;

	kernel_clock_read(k, &clock);
	if (kernel_symbol_find(k, "jiffies_64", &addr))
		err_ignore(kernel_read_u64(k, addr, &jiffies));
	*ret_jiffies = jiffies;
	*ret_ns = 0;
	if (!clock.hz)
		return;
	start = (u32) - (BOOT_SECONDS * (s32)clock.hz);
	if (jiffies > start)
		*ret_ns = (jiffies - start) * (NS_PER_S / clock.hz);
}
