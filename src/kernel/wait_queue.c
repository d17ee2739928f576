#include "kernel/wait_queue.h"

#include "kernel/field.h"

static const struct kind {
	const char *head, *list;		     /* type of the queue, its list */
	const char *waiter, *node, *task, *function; /* type of a waiter, its members */
} kinds[] = {
	[WAIT_QUEUE_ORDINARY] = {"wait_queue_head", "head", "wait_queue_entry", "entry",
				 "private", "func"},
	[WAIT_QUEUE_SIMPLE] = {"swait_queue_head", "task_list", "swait_queue", "task_list",
			       "task", NULL},
};

struct layout {
	struct field list, node, task, function;
};

static struct err *read_layout(struct kernel *k, const struct kind *kind,
			       struct layout *ret)
{
	struct err *err = field_get(k, kind->head, kind->list, &ret->list);

	if (!err)
		err = field_get(k, kind->waiter, kind->node, &ret->node);
	if (!err)
		err = field_get(k, kind->waiter, kind->task, &ret->task);
	if (!err && kind->function)
		err = field_get(k, kind->waiter, kind->function, &ret->function);
	return err;
}

static struct err *read_waiter(struct kernel *k, const struct layout *l, vaddr_t node,
			       struct queue_waiter *ret)
{
	struct queue_waiter w = {.addr = node - l->node.offset};
	struct err *err = field_read(k, w.addr, &l->task, &w.task);

	if (!err && l->function.present)
		err = field_read(k, w.addr, &l->function, &w.function);
	if (!err)
		*ret = w;
	return err;
}

struct err *wait_queue_each(struct kernel *k, enum wait_queue_kind kind, vaddr_t queue,
			    bool (*each)(void *ctx, const struct queue_waiter *w),
			    void *ctx)
{
	struct layout l = {0};
	struct queue_waiter w;
	vaddr_t head, node;
	struct err *err = read_layout(k, &kinds[kind], &l);

	if (err)
		return err;
	head = queue + l.list.offset;
	err = kernel_read_ptr(k, head, &node);
	for (size_t i = 0; !err && node != head; i++) {
		if (!node)
			return err_new(ERR_BAD_DATA, "there is no wait queue at 0x%llx",
				       (unsigned long long)queue);
		if (i == WAIT_QUEUE_MAX)
			return err_new(ERR_INCOMPLETE,
				       "the wait queue at 0x%llx has more than %d waiters",
				       (unsigned long long)queue, WAIT_QUEUE_MAX);
		err = read_waiter(k, &l, node, &w);
		if (!err && !each(ctx, &w))
			return NULL;
		if (!err)
			err = kernel_read_ptr(k, node, &node);
	}
	return err_wrap(err, "wait queue at 0x%llx", (unsigned long long)queue);
}
