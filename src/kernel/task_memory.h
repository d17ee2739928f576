/*
 * How much memory a process has: what it mapped, and what of that is resident.
 *
 * Sources: include/linux/mm_types.h, include/linux/mm_types_task.h, lib/percpu_counter.c.
 * Plain values in pages; a kernel thread has none. What cannot be had is 0.
 */
#ifndef KERNEL_TASK_MEMORY_H
#define KERNEL_TASK_MEMORY_H

#include "kernel/task_table.h"

struct task_memory {
	u64 mapped_pages;   /* mm.total_vm */
	u64 resident_pages; /* file, anonymous and shared memory pages */
};

/* @cpus and @tasks: counters are kept per CPU, in older kernels also per thread of
 * @task. */
void task_memory_read(struct kernel *k, const struct cpu_table *cpus,
		      const struct task_table *tasks, const struct task *task,
		      struct task_memory *ret);

#endif
