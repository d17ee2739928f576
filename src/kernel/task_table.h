/*
 * All tasks of the crashed machine at once, to be looked up by pid and by address, in the
 * order in which ps prints them.
 *
 * A snapshot that owns its rows and nothing else. Layout public. A pid or address that two
 * rows claim belongs to the first of them.
 */
#ifndef KERNEL_TASK_TABLE_H
#define KERNEL_TASK_TABLE_H

#include "kernel/task.h"

struct task_row {
	struct task task;
	vaddr_t parent;	 /* task_struct of the parent, 0 if not known */
	u32 ppid;	 /* its pid, 0 if not known */
	u64 last_run_ns; /* sched_info.last_arrival: when it last got a CPU; 0 if not known
			  */
};

struct task_table {
	struct task_row *rows; /* idle tasks by CPU, then all others by pid */
	size_t count;
	size_t *by_address; /* indexes of rows */
	struct task_count tasks;
};

/* As task_each(). */
must_check struct err *task_table_read(struct kernel *k, const struct cpu_table *cpus,
				       struct notices *n, struct task_table *ret);
void task_table_deinit(struct task_table *t);

/* NULL if there is none. All idle tasks have pid 0: the first is found. */
const struct task_row *task_table_find(const struct task_table *t, vaddr_t addr);
const struct task_row *task_table_find_pid(const struct task_table *t, u32 pid);

#endif
