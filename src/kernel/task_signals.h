/*
 * Signals of a task: what it does about each, which it blocks, which wait for it.
 *
 * Sources: include/linux/sched/signal.h, include/linux/signal_types.h. Plain values; what
 * cannot be had is 0.
 */
#ifndef KERNEL_TASK_SIGNALS_H
#define KERNEL_TASK_SIGNALS_H

#include "kernel/task.h"

#define SIGNAL_COUNT	  64   /* numbered from 1 on */
#define SIGNAL_MAX_QUEUED 4096 /* of one list, that are looked at */

struct signal_action {
	vaddr_t addr;	 /* struct k_sigaction */
	vaddr_t handler; /* 0: the default; 1: none, it is ignored */
	u64 mask, flags;
};

/* Signals that were sent and are not delivered yet. */
struct signal_pending {
	vaddr_t addr; /* struct sigpending */
	u64 set;      /* bit 0: signal 1 */
};

struct task_signals {
	vaddr_t signal;	  /* struct signal_struct, 0 if there is none */
	vaddr_t handlers; /* struct sighand_struct, 0 if there is none any more */
	u64 num_threads;
	bool is_pending; /* TIF_SIGPENDING: there is one to deliver */
	u64 blocked;
	struct signal_pending own, shared; /* for this thread, for its process */
};

/* ERR_ABSENT, ERR_FAULT. */
must_check struct err *task_signals_read(struct kernel *k, const struct task *t,
					 struct task_signals *ret);

/* What struct sighand_struct @handlers says about signal @number. */
must_check struct err *signal_action_read(struct kernel *k, vaddr_t handlers,
					  unsigned number, struct signal_action *ret);

/* Call @each with the number of every queued signal and the address of its siginfo. */
must_check struct err *signal_queue_each(struct kernel *k, const struct signal_pending *p,
					 void (*each)(void *ctx, u64 number, vaddr_t info),
					 void *ctx);

#endif
