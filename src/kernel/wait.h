/*
 * What a sleeping task waits for.
 *
 * The function in which it sleeps tells the kind; the object is found by the waiter that
 * such a function keeps on its own stack: a small struct that points to the task and is
 * linked into the list of the lock. A word that happens to look like one is told from it by
 * walking that list: every waiter on it must lie on the stack of the task it points to,
 * except for the one node that is the lock's own. Sources: kernel/locking/mutex.h,
 * rwsem.c, semaphore.c, rtmutex_common.h, include/linux/{swait,wait}.h.
 */
#ifndef KERNEL_WAIT_H
#define KERNEL_WAIT_H

#include "kernel/lock.h"
#include "kernel/stack.h"
#include "kernel/task.h"

enum wait_kind {
	WAIT_OTHER, /* asleep, in none of the functions below */
	WAIT_MUTEX,
	WAIT_RWSEM_READ,
	WAIT_RWSEM_WRITE,
	WAIT_SEMAPHORE,
	WAIT_PERCPU_RWSEM,
	WAIT_COMPLETION,
	WAIT_RT_MUTEX,
	WAIT_IO,   /* for a device */
	WAIT_PAGE, /* for a page to be read, written or unlocked */
	WAIT_BIT,  /* for a bit, mostly of a buffer */
	WAIT_QUEUE,
};

#define WAIT_MAX_WAITERS 4096 /* of one lock, that are walked */

struct wait {
	enum wait_kind kind;
	size_t num_machinery; /* frames of the stack that only wait: the next one is who
				 wanted something */
	const char *function; /* that told the kind, "" for WAIT_OTHER; a name of ours */
	bool has_lock;
	struct lock lock;   /* what it waits for, as it was at the time of the dump */
	vaddr_t waiter;	    /* on its stack */
	size_t num_waiters; /* on the list of that lock, this one included */
};

/* Find out for task @t, which does not run and whose stack is @s. Never fails. *@budget is
 * how many nodes of lists may still be looked at, for all tasks together: a hostile dump
 * could have each word of each stack begin a long one. With none left no lock is found. */
void wait_find(struct kernel *k, const struct task *t, const struct stack *s, u64 *budget,
	       struct wait *ret);
#define WAIT_BUDGET 1000000u /* is plenty */

/* What ps would say: "a mutex", "a page of a file", … A phrase of ours. */
const char *wait_kind_phrase(enum wait_kind kind);

#endif
