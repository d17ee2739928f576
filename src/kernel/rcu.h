/*
 * What the grace period of RCU that was under way waits for: CPUs that have not yet passed
 * through a quiescent state, and tasks that were preempted while they read.
 *
 * Source: kernel/rcu/tree.h (struct rcu_data, struct rcu_node), kernel/rcu/tree_plugin.h
 * (rcu_print_task_stall).
 */
#ifndef KERNEL_RCU_H
#define KERNEL_RCU_H

#include "kernel/cpu.h"
#include "kernel/kernel.h"

#define RCU_MAX_TASKS 16 /* more are counted, but not listed */

struct rcu_wait {
	size_t num_cpus; /* that it waits for */
	struct {
		unsigned number;
		vaddr_t node; /* the struct rcu_node that says so */
	} cpus[RCU_MAX_TASKS];
	size_t num_tasks;
	vaddr_t tasks[RCU_MAX_TASKS]; /* task_structs; the one that began first comes last
				       */
	bool is_cut; /* there may be more: something could not be read, or was too much */
};

/* Of @cpus. ERR_ABSENT if the kernel's RCU is another one (CONFIG_TINY_RCU), or the types
 * are not known. */
must_check struct err *rcu_wait_read(struct kernel *k, const struct cpu_table *cpus,
				     struct rcu_wait *ret);

#endif
