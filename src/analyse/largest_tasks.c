#include "analyse/largest_tasks.h"

void task_list_add(struct task_list *l, const struct task *t)
{
	if (!t->mm || l->count == LARGEST_TASKS_MAX)
		return;
	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 64;
		struct task_row *grown = reallocarray(l->rows, room, sizeof(*l->rows));

		if (!grown)
			return;
		l->rows = grown;
		l->room = room;
	}
	l->rows[l->count++] = (struct task_row){.task = *t};
}

void task_list_deinit(struct task_list *l)
{
	free(l->rows);
	*l = (struct task_list){0};
}

/* By memory; of those that share it, first threads first. */
static int compare(const void *a, const void *b)
{
	const struct task *x = &((const struct task_row *)a)->task;
	const struct task *y = &((const struct task_row *)b)->task;
	bool x_first = x->pid == x->tgid, y_first = y->pid == y->tgid;

	if (x->mm != y->mm)
		return x->mm < y->mm ? -1 : 1;
	if (x_first != y_first)
		return x_first ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* Put @t where it belongs among the @count largest so far. */
static size_t insert(struct large_task *largest, size_t count, struct large_task t)
{
	size_t i = count;

	if (count == LARGEST_TASKS) {
		if (t.memory.resident_pages <= largest[count - 1].memory.resident_pages)
			return count;
		i--;
	} else {
		count++;
	}
	for (; i && largest[i - 1].memory.resident_pages < t.memory.resident_pages; i--)
		largest[i] = largest[i - 1];
	largest[i] = t;
	return count;
}

size_t largest_tasks_find(struct kernel *k, const struct cpu_table *cpus,
			  const struct task_list *l, struct large_task ret[LARGEST_TASKS])
{
	static const struct cpu_table no_cpus;
	static const struct task_table no_threads;
	struct large_task roughly[LARGEST_TASKS];
	struct task_table table = {.rows = l->rows, .count = l->count};
	size_t count = 0, num = 0;

	if (l->count)
		qsort(l->rows, l->count, sizeof(*l->rows), compare);
	for (size_t i = 0; i < l->count; i++) {
		struct large_task t = {.task = &l->rows[i].task};

		if (i && l->rows[i - 1].task.mm == t.task->mm)
			continue;
		task_memory_read(k, &no_cpus, &no_threads, t.task, &t.memory);
		count = insert(roughly, count, t);
	}
	for (size_t i = 0; i < count; i++) {
		task_memory_read(k, cpus, &table, roughly[i].task, &roughly[i].memory);
		num = insert(ret, num, roughly[i]);
	}
	return num;
}
