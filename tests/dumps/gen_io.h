/*
 * Disks with requests under way, added to the machine of gen_session.h.
 *
 * Disk "sda" has a partition, a hardware queue for both CPUs and an I/O scheduler; "dm-0"
 * has no requests of its own. All members have 8 bytes. CLOCK_MONOTONIC is at 100 seconds.
 */
#ifndef TESTS_DUMPS_GEN_IO_H
#define TESTS_DUMPS_GEN_IO_H

#include "gen_session.h"

enum {
	GEN_IO_CLASS = 0x22000, /* block_class, and its private part */
	GEN_IO_DEVICES =
		0x22200, /* sda, sda1, dm-0: a device_private and a block_device each */
	GEN_IO_DEVICE_LEN = 0x100,
	GEN_IO_DISKS = 0x22800, /* gendisk of sda, dm-0 */
	GEN_IO_DISK_LEN = 0x100,
	GEN_IO_QUEUES = 0x22c00,   /* request_queue of sda, of another disk */
	GEN_IO_CONTEXTS = 0x22d00, /* blk_mq_ctx of CPU 0; CPU 1's is 0x100 on */
	GEN_IO_HCTX = 0x22f00,
	GEN_IO_TAGS = 0x23000, /* blk_mq_tags of the driver, then of the scheduler */
	GEN_IO_TAGS_LEN = 0x100,
	GEN_IO_WORDS = 0x23200,	 /* the two bitmaps */
	GEN_IO_ARRAYS = 0x23400, /* the two arrays of requests */
	GEN_IO_REQUESTS = 0x23800,
	GEN_IO_REQUEST_LEN = 0x80,
};

/* Requests, by number. */
enum {
	GEN_RQ_WRITE,	/* tag 0, in flight for 40 seconds */
	GEN_RQ_READ,	/* tag 1, in flight for 2 seconds */
	GEN_RQ_FOREIGN, /* tag 2, of another queue */
	GEN_RQ_FLUSH,	/* tag 4, no times */
	GEN_RQ_HELD,	/* held by the scheduler for 60 seconds */
	GEN_NUM_REQUESTS,
};

/* Offsets in a request. */
enum {
	GEN_RQ_QUEUE = 0,
	GEN_RQ_STATE = 8,
	GEN_RQ_FLAGS = 16,
	GEN_RQ_SECTOR = 24,
	GEN_RQ_LEN = 32,
	GEN_RQ_START = 40,
	GEN_RQ_IO_START = 48,
	GEN_RQ_TAG = 56,
};

#define GEN_IO_REQUEST(n) (GEN_IO_REQUESTS + (n)*GEN_IO_REQUEST_LEN)

/* To a machine that gen_session_init() made. */
void gen_io_add(struct gen *g);

#endif
