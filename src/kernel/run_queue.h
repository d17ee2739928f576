/*
 * The run queue of a CPU: what it runs, and what is ready to run there.
 *
 * Sources: kernel/sched/sched.h, include/linux/sched.h; fields by name. Entities of the
 * fair class (CFS, EEVDF since 6.6) are in a red-black tree, those of the real-time class
 * in a list per priority, those of deadlines in a tree. An entity may stand for a cgroup,
 * which has queues of its own, per CPU. What a CPU runs, of a group as well, is in the
 * lists of its class, but taken out of its tree. Plain values.
 */
#ifndef KERNEL_RUN_QUEUE_H
#define KERNEL_RUN_QUEUE_H

#include "kernel/kernel.h"

#define RUN_QUEUE_MAX_ENTITIES 65536 /* of one class; more are cut, and that is told */
#define RUN_QUEUE_MAX_DEPTH    16    /* groups in groups */

struct run_queue {
	unsigned cpu;
	vaddr_t addr;	    /* struct rq */
	vaddr_t curr, idle; /* task_structs */
	u64 num_running;    /* by the kernel's count, the current task included */
	u64 clock_ns;	    /* as of its last tick */
	vaddr_t rt_array;   /* struct rt_prio_array */
	vaddr_t fair_queue; /* struct cfs_rq */
	vaddr_t fair_tree;  /* its struct rb_root */
	vaddr_t deadlines;  /* struct rb_root, 0 if there is none */
};

/* ERR_ABSENT, ERR_FAULT. */
must_check struct err *run_queue_read(struct kernel *k, unsigned cpu,
				      struct run_queue *ret);

enum run_queue_class {
	RUN_QUEUE_STOP, /* the one task that runs before all others: migration/… */
	RUN_QUEUE_DEADLINE,
	RUN_QUEUE_RT,
	RUN_QUEUE_FAIR,
};

/* Only valid in the call that tells it. */
struct queued {
	unsigned depth;	   /* in how many groups */
	u64 priority;	   /* the list it is in, of RT; else that of the task */
	vaddr_t task;	   /* task_struct; 0: it is a group, whose members come next */
	vaddr_t group;	   /* of a group: struct task_group, */
	vaddr_t queue;	   /* and its cfs_rq or rt_rq on this CPU */
	bool is_throttled; /* of a group */
	bool is_current;   /* what the CPU runs, or a group of that */
	bool is_delayed;   /* sleeps already, and is only kept in the tree for a while */
};

/* Call @each for what is ready to run, in the order of the tree or of priority, until it
 * returns false; the current task is among it if it is of that class. An error is the first
 * of what was in the way; all else has been told. */
must_check struct err *run_queue_each(struct kernel *k, const struct run_queue *q,
				      enum run_queue_class class,
				      bool (*each)(void *ctx, const struct queued *e),
				      void *ctx);

/* How a task waits for a CPU. */
struct run_wait {
	u64 priority;	/* task_struct.prio: below 100 real-time, 120 is nice 0 */
	bool is_queued; /* task_struct.on_rq: it is on some run queue */
	bool has_queued_at;
	u64 queued_at_ns; /* since when it waits, by its run queue's clock */
};

/* What cannot be had stays 0. */
void run_wait_read(struct kernel *k, vaddr_t task, struct run_wait *ret);

/* The name of the cgroup of struct task_group @group, "" if it has none. Hostile text. */
#define RUN_GROUP_NAME_SIZE 128
void run_group_name(struct kernel *k, vaddr_t group, char name[RUN_GROUP_NAME_SIZE]);

#endif
