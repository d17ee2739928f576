/*
 * What a task has used and what it may use: processor time, limits, scheduling policy.
 *
 * Sources: include/linux/sched.h, include/linux/sched/signal.h,
 * include/uapi/asm-generic/resource.h, include/uapi/linux/sched.h. Plain values.
 */
#ifndef KERNEL_TASK_USAGE_H
#define KERNEL_TASK_USAGE_H

#include "kernel/task.h"

struct task_times {
	u64 start_ns; /* since boot */
	u64 user_ns, system_ns;
};

/* ERR_ABSENT, ERR_FAULT. */
must_check struct err *task_times_read(struct kernel *k, const struct task *t,
				       struct task_times *ret);

#define TASK_NUM_LIMITS	    16
#define TASK_LIMIT_NO_LIMIT UINT64_MAX

struct task_limit {
	u64 current, maximum;
};

/* Those of its process, by their numbers: RLIMIT_CPU is the first. *@ret_count: how many
 * the kernel has. */
must_check struct err *task_limits_read(struct kernel *k, const struct task *t,
					struct task_limit ret[TASK_NUM_LIMITS],
					size_t *ret_count);
/* "CPU", "FSIZE", …; NULL past the last one. */
const char *task_limit_name(size_t number);

#define TASK_NUM_POLICIES 7

/* task_struct.policy: SCHED_NORMAL, SCHED_FIFO, … */
must_check struct err *task_policy_read(struct kernel *k, const struct task *t, u64 *ret);
/* "NORMAL", "FIFO", …; NULL past the last one. */
const char *task_policy_name(u64 policy);

#endif
