/*
 * The tasks of the crashed machine.
 *
 * Sources: include/linux/sched.h, include/linux/sched/signal.h; fields by name. A struct
 * task is plain values, comm included, which is hostile text. Lists are bounded and cannot
 * loop: a list that breaks is walked from its other end as well, and what that leaves open
 * is told in the notices.
 */
#ifndef KERNEL_TASK_H
#define KERNEL_TASK_H

#include "base/notices.h"
#include "kernel/cpu.h"

#define TASK_COMM_SIZE 17
#define TASKS_MAX      (1 << 20) /* a list longer than this is cut, and that is told */

struct task {
	vaddr_t addr;
	u32 pid, tgid;
	u64 state;	/* __state */
	u64 exit_state; /* EXIT_ZOMBIE, EXIT_DEAD */
	u64 flags;	/* PF_… */
	bool has_cpu;
	unsigned cpu; /* where it runs or ran last */
	bool is_on_cpu;
	vaddr_t stack; /* lowest address */
	vaddr_t mm;    /* 0 for a kernel thread */
	char comm[TASK_COMM_SIZE];
};

/* Read the task_struct at @addr. ERR_FAULT if pid or comm cannot be read; other members
 * that cannot be had stay 0. */
must_check struct err *task_read(struct kernel *k, vaddr_t addr, struct task *ret);

/* The address that crash calls THREAD_INFO: the task_struct itself where thread_info is
 * part of it, else the bottom of its stack. */
vaddr_t task_thread_info(struct kernel *k, const struct task *t);

/* The letter that ps shows: R S D T t X Z P I; '?' for what is none of them. */
char task_state_letter(const struct task *t);

/* "TASK_RUNNING", "TASK_UNINTERRUPTIBLE|TASK_NOLOAD", … */
#define TASK_STATE_TEXT_LEN 192
const char *task_state_text(const struct task *t, char text[TASK_STATE_TEXT_LEN]);

/* Tell @cpus what a CPU was running, if @t was on it and its run queue did not say. */
void task_fill_cpu(const struct task *t, struct cpu_table *cpus);

/* What task_each() tells of the whole list. */
struct task_count {
	size_t count; /* tasks seen, idle tasks of online CPUs included, as crash counts
			 them */
	size_t num_idle;
	size_t num_unreadable; /* on the list, but the task_struct cannot be read */
	size_t num_breaks; /* lists that could not be walked to their end: tasks may be lost
			    */
};

/* Call @each for every task: processes, their threads, and one idle task per CPU.
 * Each address once. The task is only valid in the call. @each may be NULL. The first
 * reason for a break is told in @n. */
must_check struct err *task_each(struct kernel *k, const struct cpu_table *cpus,
				 struct notices *n,
				 void (*each)(void *ctx, const struct task *t), void *ctx,
				 struct task_count *ret);

#endif
