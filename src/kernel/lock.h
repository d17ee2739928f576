/*
 * Sleeping locks of the crashed kernel: what kind, where, and who holds them.
 *
 * Sources: kernel/locking/{mutex,rwsem,semaphore}.c, include/linux/percpu-rwsem.h; the bits
 * in a lock's owner are those since 3ca0ff571b09 ("locking/mutex: Rework mutex::owner") and
 * c71fd893f614 ("locking/rwsem: Make owner available even if !CONFIG_RWSEM_SPIN_ON_OWNER").
 */
#ifndef KERNEL_LOCK_H
#define KERNEL_LOCK_H

#include "kernel/kernel.h"

enum lock_kind {
	LOCK_MUTEX,
	LOCK_RWSEM,
	LOCK_SEMAPHORE,	   /* nobody owns one */
	LOCK_PERCPU_RWSEM, /* a filesystem's freeze, CPU hotplug … */
	LOCK_COMPLETION,   /* not a lock, but waited for like one */
	LOCK_RT_MUTEX,
	LOCK_WAIT_QUEUE,
	LOCK_NUM_KINDS
};

/* "mutex", "rw_semaphore", … : the name of the type. */
const char *lock_kind_name(enum lock_kind kind);

enum lock_state {
	LOCK_UNKNOWN, /* it could not be read, or its kind has no such state */
	LOCK_FREE,
	LOCK_HELD,	/* by `owner` */
	LOCK_HELD_READ, /* by `num_readers`; `owner`, if any, is one that read last: a hint
			 */
	LOCK_HELD_NOBODY, /* taken, and nobody is noted as its owner */
};

struct lock {
	enum lock_kind kind;
	vaddr_t addr;
	enum lock_state state;
	vaddr_t owner; /* a task_struct, 0 if none is known */
	u64 num_readers;
};

/* Read the lock at @addr. What cannot be had leaves `state` LOCK_UNKNOWN. */
void lock_read(struct kernel *k, enum lock_kind kind, vaddr_t addr, struct lock *ret);

#endif
