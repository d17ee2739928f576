/*
 * The machine of gen_session.h with what else is told of tasks: run queues, timers,
 * signals, wait queues, all by VMCOREINFO.
 */
#ifndef TESTS_UNIT_SHELL_TASK_WORLD_H
#define TESTS_UNIT_SHELL_TASK_WORLD_H

#include "world.h"

#define IMAGE	 GEN_SESSION_IMAGE
#define TASK(n)	 (IMAGE + GEN_SESSION_TASK(n))
#define RUNQUEUE 0x4000 /* of CPU 0; that of CPU 1 is 0x100 further */
#define FREE	 0xb000 /* memory from here on is nobody's */
#define RLIM	 0x9000 /* in signal_struct: behind them all */

/* Members of task_struct behind those that every session knows. */
enum {
	TASK_START = 128,
	TASK_UTIME = 136,
	TASK_STIME = 144,
	TASK_POLICY = 152,
	TASK_SP = 160,
	TASK_PRIO = 168,
	TASK_ON_RQ = 176,
	TASK_SE = 184, /* struct sched_entity: its node, and the queue of a group */
	TASK_RT = 216, /* struct sched_rt_entity: its list */
};

/* Members of struct rb_node. */
enum {
	NODE_RIGHT = 8,
	NODE_LEFT = 16,
};

/* To be opened with open_world(), after what the test changes. */
struct world *new_task_world(void);

void put(struct world *w, u64 at, u64 value);
void put_task(struct world *w, unsigned n, u64 member, u64 value);
/* A struct list_head with nothing in it. */
void empty_list(struct world *w, u64 head);

#endif
