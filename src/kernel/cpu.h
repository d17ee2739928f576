/*
 * The CPUs of the crashed machine: which there were, what each was running, its registers.
 *
 * A struct cpu_table is a snapshot that owns its array and nothing else; it may be kept
 * after the kernel is closed. What cannot be had of one CPU is a value (has_…), not an
 * error.
 */
#ifndef KERNEL_CPU_H
#define KERNEL_CPU_H

#include "base/notices.h"
#include "kernel/kernel.h"

#define CPU_MAX 8192 /* the largest CONFIG_NR_CPUS of any distribution */

struct cpu {
	unsigned number;
	bool is_present; /* plugged in */
	bool is_online;
	vaddr_t curr; /* the task_struct it was running, 0 if not known */
	vaddr_t idle; /* the task_struct of its idle task, 0 if not known */
	bool has_regs;
	struct arch_regs regs; /* when it was stopped */
};

/* Possible CPUs, by number. Layout public. */
struct cpu_table {
	struct cpu *cpus;
	size_t count;
	size_t num_present, num_online;
	bool has_panic_cpu;
	unsigned panic_cpu; /* the CPU that panicked */
};

/* Fails only without memory, or where not even the mask of CPUs can be had. CPUs that left
 * no registers are told in @n. */
must_check struct err *cpu_table_read(struct kernel *k, struct notices *n,
				      struct cpu_table *ret);
void cpu_table_deinit(struct cpu_table *t);

/* The CPU of that number, NULL if there is none. */
const struct cpu *cpu_find(const struct cpu_table *t, unsigned number);
/* The CPU whose current task is @task, NULL if none. */
const struct cpu *cpu_find_task(const struct cpu_table *t, vaddr_t task);

#endif
