/*
 * Has a task run over the end of its stack?
 *
 * Sources: include/linux/sched/task_stack.h (STACK_END_MAGIC in the lowest word),
 * include/linux/thread_info.h. Plain values.
 */
#ifndef KERNEL_STACK_CHECK_H
#define KERNEL_STACK_CHECK_H

#include "kernel/task.h"

struct stack_check {
	bool has_end;	   /* the lowest word could be read */
	u64 end;	   /* that word */
	bool is_end_whole; /* it is STACK_END_MAGIC */
	bool has_cpu;
	u64 cpu; /* what thread_info says */
	bool is_cpu_valid;
};

/* Never fails. What cannot be had is not wrong. */
void stack_check_read(struct kernel *k, const struct cpu_table *cpus, const struct task *t,
		      struct stack_check *ret);

/* sizeof(union thread_union), 16 kB if the kernel does not tell. */
u64 stack_size(struct kernel *k);

#endif
