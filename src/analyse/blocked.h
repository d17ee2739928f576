/*
 * Who waits for what, since when, and who could end it.
 *
 * Each task that sleeps uninterruptibly is unwound and asked what it waits for; locks are
 * put together with their owners, and owners that wait themselves make chains and rings. A
 * struct blocked owns its two arrays. No JSON and no large memory, so that the capture
 * kernel can afford it; names are raw bytes of the dump, and hostile.
 */
#ifndef ANALYSE_BLOCKED_H
#define ANALYSE_BLOCKED_H

#include "base/notices.h"
#include "kernel/wait.h"

#define BLOCKED_MAX_TASKS 1024 /* more are counted, but not looked at */
#define BLOCKED_NAME_SIZE 64
#define BLOCKED_NONE	  SIZE_MAX

struct blocked_task {
	struct task task;
	struct wait wait;
	bool has_since;
	u64 since_ns; /* how long it has not run */
	/* Who wanted what it waits for: the first frame above the waiting itself. */
	char function[BLOCKED_NAME_SIZE], module[BLOCKED_NAME_SIZE];
	u64 stack_hash; /* equal for stacks with the same code addresses */
	size_t lock;	/* index into locks, BLOCKED_NONE if not known */
	size_t ring;	/* number of the deadlock it is part of, from 1; 0: none */
};

/* What became of the task that a lock names as its owner. */
enum owner_fate {
	OWNER_NONE,	/* no owner is noted */
	OWNER_BLOCKED,	/* waits itself: `owner_index` */
	OWNER_RUNNING,	/* on CPU `owner.cpu` */
	OWNER_RUNNABLE, /* could run, but does not */
	OWNER_SLEEPING, /* sleeps and could be woken */
	OWNER_GONE,	/* there is no such task: it exited and kept the lock */
	OWNER_REUSED,	/* there is, but it cannot be the one that took it: likewise */
	OWNER_UNKNOWN,	/* not among the tasks that could be read, and not all could */
};

struct blocked_lock {
	struct lock lock;
	char what[BLOCKED_NAME_SIZE +
		  32];	    /* a symbol, "freeze of ext4 on vda"; "": not known */
	size_t num_waiters; /* tasks known to wait for it */
	size_t num_behind;  /* these, and all who wait for them in turn */
	enum owner_fate fate;
	struct task owner;  /* unless NONE, GONE or UNKNOWN */
	size_t owner_index; /* into tasks, for OWNER_BLOCKED */
	u64 longest_ns;	    /* the longest that one of them has waited */
};

struct blocked {
	struct blocked_task *tasks;
	size_t num_tasks, num_left_out;
	struct blocked_lock *locks;
	size_t num_locks;
	size_t num_rings;
};

/* Fails only without memory; what cannot be had is told in @n. @stack is room to work in.
 * CPUs whose task is not known may be told it by the way. */
must_check struct err *blocked_read(struct kernel *k, struct cpu_table *cpus,
				    struct notices *n, struct stack *stack,
				    struct blocked *ret);
void blocked_deinit(struct blocked *b);

/* The lock that the most tasks wait for, directly or through others; NULL if nobody waits
 * for a lock. */
const struct blocked_lock *blocked_main_lock(const struct blocked *b);

#endif
