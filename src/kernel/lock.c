#include "kernel/lock.h"

#include "kernel/field.h"

#define MUTEX_FLAGS    7u /* kernel/locking/mutex.h: waiters, handoff, pickup */
#define RWSEM_FLAGS    3u /* kernel/locking/rwsem.c: reader owned, not spinnable */
#define RWSEM_WRITER   1u /* of the count */
#define RWSEM_READER   8  /* readers are counted from this bit on */
#define RT_MUTEX_FLAGS 1u /* kernel/locking/rtmutex_common.h: has waiters */

const char *lock_kind_name(enum lock_kind kind)
{
	static const char *const names[LOCK_NUM_KINDS] = {
		[LOCK_MUTEX] = "mutex",
		[LOCK_RWSEM] = "rw_semaphore",
		[LOCK_SEMAPHORE] = "semaphore",
		[LOCK_PERCPU_RWSEM] = "percpu_rw_semaphore",
		[LOCK_COMPLETION] = "completion",
		[LOCK_RT_MUTEX] = "rt_mutex",
		[LOCK_WAIT_QUEUE] = "wait queue",
	};

	return names[kind];
}

static bool read_member(struct kernel *k, vaddr_t addr, const char *type,
			const char *member, u64 *ret)
{
	struct err *err = field_read_by_name(k, addr, type, member, ret);
	bool is_read = !err;

	err_ignore(err);
	return is_read;
}

static void read_mutex(struct kernel *k, struct lock *l)
{
	u64 owner;

	if (!read_member(k, l->addr, "mutex", "owner.counter", &owner))
		return;
	l->owner = owner & ~(u64)MUTEX_FLAGS;
	if (l->owner)
		l->state = LOCK_HELD;
	else
		l->state = owner ? LOCK_HELD_NOBODY : LOCK_FREE;
}

static void read_rwsem(struct kernel *k, struct lock *l)
{
	u64 count, owner = 0;

	if (!read_member(k, l->addr, "rw_semaphore", "count.counter", &count))
		return;
	read_member(k, l->addr, "rw_semaphore", "owner.counter", &owner);
	l->owner = owner & ~(u64)RWSEM_FLAGS;
	/* The highest bit is set while readers fail to enter. */
	l->num_readers = (count & ~((u64)1 << 63)) >> RWSEM_READER;
	if (count & RWSEM_WRITER)
		l->state = l->owner ? LOCK_HELD : LOCK_HELD_NOBODY;
	else
		l->state = l->num_readers ? LOCK_HELD_READ : LOCK_FREE;
	if (l->state == LOCK_FREE)
		l->owner = 0;
}

static void read_rt_mutex(struct kernel *k, struct lock *l)
{
	u64 owner;

	if (!read_member(k, l->addr, "rt_mutex_base", "owner", &owner))
		return;
	l->owner = owner & ~(u64)RT_MUTEX_FLAGS;
	l->state = l->owner ? LOCK_HELD : LOCK_FREE;
}

static void read_percpu_rwsem(struct kernel *k, struct lock *l)
{
	u64 block, writer = 0;

	if (!read_member(k, l->addr, "percpu_rw_semaphore", "block.counter", &block))
		return;
	read_member(k, l->addr, "percpu_rw_semaphore", "writer.task", &writer);
	l->owner = writer;
	if (!block)
		l->state = LOCK_FREE;
	else
		l->state = writer ? LOCK_HELD : LOCK_HELD_NOBODY;
}

void lock_read(struct kernel *k, enum lock_kind kind, vaddr_t addr, struct lock *ret)
{
	struct lock l = {.kind = kind, .addr = addr};

	if (kind == LOCK_MUTEX)
		read_mutex(k, &l);
	else if (kind == LOCK_RWSEM)
		read_rwsem(k, &l);
	else if (kind == LOCK_RT_MUTEX)
		read_rt_mutex(k, &l);
	else if (kind == LOCK_PERCPU_RWSEM)
		read_percpu_rwsem(k, &l);
	*ret = l;
}
