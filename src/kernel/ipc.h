/*
 * System V IPC objects of a namespace: shared memory, semaphores, message queues.
 *
 * Sources: ipc/{shm,sem,msg}.c, include/linux/ipc_namespace.h. Ids are kept in an IDR, an
 * XArray in fact. Plain values.
 */
#ifndef KERNEL_IPC_H
#define KERNEL_IPC_H

#include "kernel/task.h"

/* As ipc_namespace.ids has them. */
enum ipc_kind { IPC_SEMAPHORES, IPC_MESSAGES, IPC_SHARED_MEMORY };

/* Only valid in the call that tells it. What cannot be had is 0. */
struct ipc_object {
	vaddr_t addr; /* struct shmid_kernel, sem_array or msg_queue */
	u32 key;
	s32 id;
	u32 uid, mode;
	u64 size;  /* bytes of memory; semaphores; bytes in messages */
	u64 count; /* times attached; messages */
	/* Of shared memory: */
	vaddr_t inode;
	u64 resident_pages, swapped_pages;
};

/* The namespace of @t, or the first one if @t is NULL. ERR_ABSENT, ERR_FAULT. */
must_check struct err *ipc_namespace_find(struct kernel *k, const struct task *t,
					  vaddr_t *ret);

/* Call @each for every object of the kind, by id, until it returns false. An error is the
 * first of what was in the way; all else has been told. */
must_check struct err *ipc_each(struct kernel *k, vaddr_t ns, enum ipc_kind kind,
				bool (*each)(void *ctx, const struct ipc_object *o),
				void *ctx);

#endif
