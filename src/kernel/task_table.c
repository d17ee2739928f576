#include "kernel/task_table.h"

#include "kernel/field.h"

struct gathering {
	struct kernel *k;
	struct task_table *t;
	size_t capacity;
	bool is_out_of_memory;
};

static u64 read_member(struct kernel *k, vaddr_t task, const char *path)
{
	u64 value = 0;

	err_ignore(field_read_by_name(k, task, "task_struct", path, &value));
	return value;
}

static void take(void *ctx, const struct task *task)
{
	struct gathering *g = ctx;
	struct task_table *t = g->t;

	if (t->count == g->capacity) {
		size_t bigger = g->capacity ? 2 * g->capacity : 256;
		struct task_row *rows = reallocarray(t->rows, bigger, sizeof(*rows));

		if (!rows) {
			g->is_out_of_memory = true;
			return;
		}
		t->rows = rows;
		g->capacity = bigger;
	}
	t->rows[t->count++] = (struct task_row){
		.task = *task,
		.parent = read_member(g->k, task->addr, "parent"),
		.last_run_ns = read_member(g->k, task->addr, "sched_info.last_arrival"),
	};
}

static int compare(u64 a, u64 b)
{
	return a < b ? -1 : a > b;
}

static int compare_rows(const void *a, const void *b)
{
	const struct task *x = &((const struct task_row *)a)->task;
	const struct task *y = &((const struct task_row *)b)->task;

	if (x->pid != y->pid)
		return compare(x->pid, y->pid);
	if (x->cpu != y->cpu)
		return compare(x->cpu, y->cpu);
	return compare(x->addr, y->addr);
}

static int compare_addresses(const void *a, const void *b, void *ctx)
{
	const struct task_row *rows = ctx;

	return compare(rows[*(const size_t *)a].task.addr,
		       rows[*(const size_t *)b].task.addr);
}

static struct err *index_addresses(struct task_table *t)
{
	t->by_address = calloc(t->count + 1, sizeof(*t->by_address));
	if (!t->by_address)
		return err_nomem();
	for (size_t i = 0; i < t->count; i++)
		t->by_address[i] = i;
	qsort_r(t->by_address, t->count, sizeof(*t->by_address), compare_addresses,
		t->rows);
	return NULL;
}

struct err *task_table_read(struct kernel *k, const struct cpu_table *cpus,
			    struct notices *n, struct task_table *ret)
{
	cleanup(task_table_deinit) struct task_table t = {0};
	struct gathering g = {.k = k, .t = &t};
	struct err *err = task_each(k, cpus, n, take, &g, &t.tasks);

	if (!err && g.is_out_of_memory)
		err = err_nomem();
	if (err)
		return err;
	if (t.count)
		qsort(t.rows, t.count, sizeof(*t.rows), compare_rows);
	err = index_addresses(&t);
	if (err)
		return err;
	for (size_t i = 0; i < t.count; i++) {
		const struct task_row *parent = task_table_find(&t, t.rows[i].parent);

		t.rows[i].ppid = parent ? parent->task.pid : 0;
	}
	*ret = t;
	t = (struct task_table){0};
	return NULL;
}

void task_table_deinit(struct task_table *t)
{
	free(t->rows);
	free(t->by_address);
}

const struct task_row *task_table_find(const struct task_table *t, vaddr_t addr)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->rows[t->by_address[middle]].task.addr < addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == t->count || t->rows[t->by_address[low]].task.addr != addr)
		return NULL;
	return &t->rows[t->by_address[low]];
}

const struct task_row *task_table_find_pid(const struct task_table *t, u32 pid)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->rows[middle].task.pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->count && t->rows[low].task.pid == pid ? &t->rows[low] : NULL;
}
