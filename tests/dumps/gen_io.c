#include "gen_io.h"

#include <string.h>

#define IMAGE	GEN_SESSION_IMAGE
#define PRIVATE (GEN_IO_CLASS + 0x40)
#define CLOCK	0x5400 /* tk_core of gen_session.c, with a timekeeper 8 bytes on */
#define SECOND	1000000000ull

static const char vmcoreinfo[] =
	"SYMBOL(block_class)=ffffffff80022000\n"
	"OFFSET(class.p)=0\nOFFSET(subsys_private.klist_devices.k_list)=0\n"
	"OFFSET(device_private.knode_class.n_node)=0\nOFFSET(device_private.device)=16\n"
	"OFFSET(block_device.bd_device)=16\nOFFSET(block_device.bd_disk)=0\n"
	"OFFSET(gendisk.disk_name)=40\nOFFSET(gendisk.major)=0\nOFFSET(gendisk.first_minor)=8\n"
	"OFFSET(gendisk.fops)=16\nOFFSET(gendisk.queue)=24\nOFFSET(gendisk.part0)=32\n"
	"OFFSET(request_queue.queue_ctx)=0\nOFFSET(blk_mq_ctx.hctxs)=0\n"
	"OFFSET(blk_mq_hw_ctx.queue_num)=0\nOFFSET(blk_mq_hw_ctx.tags)=8\n"
	"OFFSET(blk_mq_hw_ctx.sched_tags)=16\n"
	"OFFSET(blk_mq_tags.nr_tags)=0\nOFFSET(blk_mq_tags.nr_reserved_tags)=8\n"
	"OFFSET(blk_mq_tags.rqs)=16\nOFFSET(blk_mq_tags.static_rqs)=24\n"
	"OFFSET(blk_mq_tags.bitmap_tags)=32\nOFFSET(blk_mq_tags.breserved_tags)=72\n"
	"OFFSET(sbitmap_queue.sb)=0\nOFFSET(sbitmap.depth)=0\nOFFSET(sbitmap.shift)=8\n"
	"OFFSET(sbitmap.map_nr)=16\nOFFSET(sbitmap.map)=24\nSIZE(sbitmap_word)=16\n"
	"OFFSET(sbitmap_word.word)=0\nOFFSET(sbitmap_word.cleared)=8\n"
	"OFFSET(request.q)=0\nOFFSET(request.state)=8\nOFFSET(request.cmd_flags)=16\n"
	"OFFSET(request.__sector)=24\nOFFSET(request.__data_len)=32\n"
	"OFFSET(request.start_time_ns)=40\nOFFSET(request.io_start_time_ns)=48\n"
	"OFFSET(request.tag)=56\nOFFSET(timekeeper.tkr_mono.base)=32\n"
	"OFFSET(timekeeper.tkr_mono.xtime_nsec)=40\nOFFSET(timekeeper.tkr_mono.shift)=48\n";

static void put_text(struct gen *g, u64 at, const char *text)
{
	strcpy((char *)gen_page(g, at >> 12) + (at & 4095), text);
}

static void put_disk(struct gen *g, unsigned n, const char *name, u64 major, u64 part0,
		     u64 queue)
{
	u64 at = GEN_IO_DISKS + n * GEN_IO_DISK_LEN;

	gen_put64(g, at, major);
	gen_put64(g, at + 8, n * 16);
	gen_put64(g, at + 16, IMAGE + GEN_SESSION_TEXT);
	gen_put64(g, at + 24, queue);
	gen_put64(g, at + 32, IMAGE + part0);
	put_text(g, at + 40, name);
}

/* The class's list of devices, whose block_device is 0x40 behind the device_private. */
static void put_devices(struct gen *g)
{
	static const unsigned disks[] = {0, 0, 1};
	u64 previous = PRIVATE;

	gen_put64(g, GEN_IO_CLASS, IMAGE + PRIVATE);
	for (unsigned n = 0; n < ARRAY_SIZE(disks); n++) {
		u64 at = GEN_IO_DEVICES + n * GEN_IO_DEVICE_LEN;

		gen_put64(g, previous, IMAGE + at);
		gen_put64(g, at, IMAGE + PRIVATE);
		gen_put64(g, at + 16, IMAGE + at + 0x40 + 16);
		gen_put64(g, at + 0x40, IMAGE + GEN_IO_DISKS + disks[n] * GEN_IO_DISK_LEN);
		previous = at;
	}
	put_disk(g, 0, "sda", 8, GEN_IO_DEVICES + 0x40, IMAGE + GEN_IO_QUEUES);
	put_disk(g, 1, "dm-0\033[m", 253, GEN_IO_DEVICES + 2 * GEN_IO_DEVICE_LEN + 0x40,
		 IMAGE + GEN_IO_QUEUES + 0x80);
}

/* Tags 0 and 1 are reserved, the rest in words of 4 bits. */
static void put_tags(struct gen *g, unsigned n, u64 reserved, u64 first_word,
		     u64 second_word, u64 cleared)
{
	u64 at = GEN_IO_TAGS + n * GEN_IO_TAGS_LEN, words = GEN_IO_WORDS + n * 0x100;

	gen_put64(g, at, 8);
	gen_put64(g, at + 8, 2);
	gen_put64(g, at + 16 + 8 * n, IMAGE + GEN_IO_ARRAYS + n * 0x100);
	for (unsigned i = 0; i < 2; i++) {
		gen_put64(g, at + 32 + 40 * i, i ? 2 : 6);
		gen_put64(g, at + 40 + 40 * i, 2);
		gen_put64(g, at + 48 + 40 * i, i ? 1 : 2);
		gen_put64(g, at + 56 + 40 * i, IMAGE + words + 0x80 * i);
	}
	gen_put64(g, words, first_word);
	gen_put64(g, words + 8, cleared);
	gen_put64(g, words + 16, second_word);
	gen_put64(g, words + 0x80, reserved);
}

static void put_request(struct gen *g, unsigned n, u64 state, u64 op, u64 sector, u64 len,
			u64 age_s)
{
	u64 at = GEN_IO_REQUEST(n);

	gen_put64(g, at + GEN_RQ_QUEUE,
		  IMAGE + GEN_IO_QUEUES + (n == GEN_RQ_FOREIGN) * 0x80);
	gen_put64(g, at + GEN_RQ_STATE, state);
	gen_put64(g, at + GEN_RQ_FLAGS, op | 0x800);
	gen_put64(g, at + GEN_RQ_SECTOR, sector);
	gen_put64(g, at + GEN_RQ_LEN, len);
	gen_put64(g, at + GEN_RQ_START, age_s ? (100 - age_s) * SECOND : 0);
	gen_put64(g, at + GEN_RQ_TAG, n == GEN_RQ_HELD ? UINT32_MAX : n);
}

static void put_requests(struct gen *g)
{
	static const unsigned tags[] = {GEN_RQ_WRITE, GEN_RQ_READ, GEN_RQ_FOREIGN,
					GEN_RQ_HELD, GEN_RQ_FLUSH};

	put_request(g, GEN_RQ_WRITE, 1, 1, 2048, 4096, 40);
	put_request(g, GEN_RQ_READ, 1, 0, 8, 512, 2);
	put_request(g, GEN_RQ_FOREIGN, 1, 0, 8, 512, 90);
	put_request(g, GEN_RQ_FLUSH, 1, 2, UINT64_MAX, 0, 0);
	put_request(g, GEN_RQ_HELD, 0, 3, 99, 8192, 60);
	gen_put64(g, GEN_IO_REQUEST(GEN_RQ_WRITE) + GEN_RQ_IO_START, 61 * SECOND);
	for (unsigned i = 0; i < ARRAY_SIZE(tags); i++)
		gen_put64(g, GEN_IO_ARRAYS + 8 * i, IMAGE + GEN_IO_REQUEST(tags[i]));
	/* The scheduler has the write, which the driver has too, and one of its own. */
	gen_put64(g, GEN_IO_ARRAYS + 0x100 + 8 * 2, IMAGE + GEN_IO_REQUEST(GEN_RQ_WRITE));
	gen_put64(g, GEN_IO_ARRAYS + 0x100 + 8 * 7, IMAGE + GEN_IO_REQUEST(GEN_RQ_HELD));
}

void gen_io_add(struct gen *g)
{
	buf_add_str(&g->vmcoreinfo, vmcoreinfo);
	put_devices(g);
	gen_put64(g, GEN_IO_QUEUES, IMAGE + GEN_IO_CONTEXTS);
	for (unsigned cpu = 0; cpu < 2; cpu++)
		gen_put64(g, GEN_IO_CONTEXTS + cpu * 0x100, IMAGE + GEN_IO_HCTX);
	gen_put64(g, GEN_IO_HCTX + 8, IMAGE + GEN_IO_TAGS);
	gen_put64(g, GEN_IO_HCTX + 16, IMAGE + GEN_IO_TAGS + GEN_IO_TAGS_LEN);
	/* Tag 3 is given back, in the bitmap of what was cleared. */
	put_tags(g, 0, 3, 7, 0, 2);
	put_tags(g, 1, 0, 1, 2, 0);
	put_requests(g);
	gen_put64(g, CLOCK + 8 + 32, 99 * SECOND);
	gen_put64(g, CLOCK + 8 + 40, SECOND << 8);
	gen_put64(g, CLOCK + 8 + 48, 8);
}
