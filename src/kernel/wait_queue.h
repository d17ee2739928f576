/*
 * Wait queues: who waits on one.
 *
 * Sources: include/linux/wait.h, include/linux/swait.h. A waiter mostly stands for a task;
 * one of epoll, or of a poll that only marks something, does not. Nothing is kept.
 */
#ifndef KERNEL_WAIT_QUEUE_H
#define KERNEL_WAIT_QUEUE_H

#include "kernel/kernel.h"

#define WAIT_QUEUE_MAX 65536 /* waiters; more are cut, and that is told */

enum wait_queue_kind {
	WAIT_QUEUE_ORDINARY, /* struct wait_queue_head */
	WAIT_QUEUE_SIMPLE,   /* struct swait_queue_head */
};

/* Only valid in the call that tells it. */
struct queue_waiter {
	vaddr_t addr;	  /* struct wait_queue_entry or swait_queue */
	vaddr_t task;	  /* what it says is its task: may be something else, or 0 */
	vaddr_t function; /* that wakes it up, 0 for a simple queue */
};

/* Call @each for every waiter of the queue at @queue, in its order, until it returns false.
 * ERR_ABSENT without types, ERR_FAULT, ERR_INCOMPLETE, ERR_BAD_DATA where nothing was ever
 * put there. */
must_check struct err *
wait_queue_each(struct kernel *k, enum wait_queue_kind kind, vaddr_t queue,
		bool (*each)(void *ctx, const struct queue_waiter *w), void *ctx);

#endif
