/*
 * Block I/O that was under way when the machine stopped: the requests that a disk's queue
 * had tags for.
 *
 * Each hardware queue has a bitmap of the tags that are in use, and an array that leads
 * from a tag to its request; with an I/O scheduler there is a second such pair, for what it
 * holds back. A tag may still name a request of another queue, or a request be seen twice:
 * only those of this queue count, once each. Sources: block/blk-mq-tag.c,
 * include/linux/blk-mq.h, include/linux/sbitmap.h. Plain values.
 */
#ifndef KERNEL_BLOCK_REQUEST_H
#define KERNEL_BLOCK_REQUEST_H

#include "kernel/cpu.h"
#include "kernel/disk.h"

#define BLOCK_REQUESTS_MAX 32	 /* that are told one by one */
#define BLOCK_TAGS_MAX	   65536 /* of one hardware queue */
#define BLOCK_QUEUES_MAX   CPU_MAX

/* enum mq_rq_state, and the one place where its order matters. */
enum block_request_state {
	BLOCK_REQUEST_WAITING, /* not given to the driver yet, or taken back */
	BLOCK_REQUEST_IN_FLIGHT,
	BLOCK_REQUEST_COMPLETE, /* done by the device, not finished by the kernel */
};

struct block_request {
	vaddr_t addr;
	enum block_request_state state;
	u32 op;		 /* REQ_OP_… */
	bool has_sector; /* a flush is about none */
	u64 sector;	 /* of 512 bytes, on the whole disk */
	u32 bytes;
	bool has_age;
	u64 age_ns; /* since it was made */
	bool has_driver_age;
	u64 driver_age_ns; /* since the driver got it; few queues note that */
};

/* Call @each for every request that the queue of @d has under way, in the order of tags,
 * until it returns false. */
must_check struct err *
block_request_each(struct kernel *k, const struct cpu_table *cpus, const struct disk *d,
		   bool (*each)(void *ctx, const struct block_request *r), void *ctx);

/* "read", "write", "flush", …; "operation" for one without a name here. */
const char *block_request_op_name(const struct block_request *r);
/* "in flight", … */
const char *block_request_state_name(const struct block_request *r);

/* What all disks had under way, the oldest first. */
struct block_requests {
	bool is_known; /* the disks could be gone through */
	struct {
		struct block_request request;
		char disk[DISK_NAME_SIZE];
		vaddr_t driver; /* disk_driver() */
	} oldest[BLOCK_REQUESTS_MAX];
	size_t num_oldest;
	u64 count, num_in_flight;
	size_t num_disks;
};

/* Never fails; what cannot be had is told in @n. */
void block_requests_read(struct kernel *k, const struct cpu_table *cpus, struct notices *n,
			 struct block_requests *ret);

#endif
