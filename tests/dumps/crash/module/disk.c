// SPDX-License-Identifier: GPL-2.0-or-later
/* The disk /dev/tessera0: full of zeros, and after the request 25 no request ends any more.
 */
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/module.h>

#include "tessera.h"

static struct blk_mq_tag_set tsr_disk_tags;
static struct gendisk *tsr_disk;
static int tsr_disk_major;
static bool tsr_disk_paused;

static blk_status_t tsr_disk_queue(struct blk_mq_hw_ctx *hctx,
				   const struct blk_mq_queue_data *bd)
{
	struct req_iterator iter;
	struct bio_vec vec;

	blk_mq_start_request(bd->rq);
	if (READ_ONCE(tsr_disk_paused))
		return BLK_STS_OK;
	if (rq_data_dir(bd->rq) == READ)
		rq_for_each_segment(vec, bd->rq, iter) memzero_bvec(&vec);
	blk_mq_end_request(bd->rq, BLK_STS_OK);
	return BLK_STS_OK;
}

static const struct blk_mq_ops tsr_disk_queue_operations = {
	.queue_rq = tsr_disk_queue,
};

static const struct block_device_operations tsr_disk_operations = {
	.owner = THIS_MODULE,
};

/* Since 27e32cd23fed ("block: pass a queue_limits argument to blk_mq_alloc_disk"), v6.9,
 * there is a second argument; kernels have BLK_FEAT_* since v6.11. */
static struct gendisk *tsr_disk_alloc(void)
{
#ifdef BLK_FEAT_WRITE_CACHE
	return blk_mq_alloc_disk(&tsr_disk_tags, NULL, NULL);
#else
	return blk_mq_alloc_disk(&tsr_disk_tags, NULL);
#endif
}

int tsr_disk_add(void)
{
	int err;

	tsr_disk_tags.ops = &tsr_disk_queue_operations;
	tsr_disk_tags.nr_hw_queues = 1;
	tsr_disk_tags.queue_depth = 32;
	tsr_disk_tags.numa_node = NUMA_NO_NODE;
	tsr_disk_tags.flags = BLK_MQ_F_SHOULD_MERGE;
	tsr_disk_major = register_blkdev(0, "tessera");
	if (tsr_disk_major < 0)
		return tsr_disk_major;
	err = blk_mq_alloc_tag_set(&tsr_disk_tags);
	if (err)
		goto unregister;
	tsr_disk = tsr_disk_alloc();
	if (IS_ERR(tsr_disk)) {
		err = PTR_ERR(tsr_disk);
		goto free_tags;
	}
	tsr_disk->major = tsr_disk_major;
	tsr_disk->minors = 1;
	tsr_disk->fops = &tsr_disk_operations;
	snprintf(tsr_disk->disk_name, sizeof(tsr_disk->disk_name), "tessera0");
	set_capacity(tsr_disk, 64 << (20 - SECTOR_SHIFT));
	err = add_disk(tsr_disk);
	if (!err)
		return 0;
	put_disk(tsr_disk);
free_tags:
	blk_mq_free_tag_set(&tsr_disk_tags);
unregister:
	unregister_blkdev(tsr_disk_major, "tessera");
	return err;
}

void tsr_disk_remove(void)
{
	del_gendisk(tsr_disk);
	put_disk(tsr_disk);
	blk_mq_free_tag_set(&tsr_disk_tags);
	unregister_blkdev(tsr_disk_major, "tessera");
}

static int tsr_disk_pause(void)
{
	tsr_note("queue", tsr_disk->queue);
	WRITE_ONCE(tsr_disk_paused, true);
	return 0;
}

const struct tsr_request tsr_disk_requests[] = {
	{25, tsr_disk_pause},
	{0, NULL},
};
