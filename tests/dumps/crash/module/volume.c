// SPDX-License-Identifier: GPL-2.0-or-later
/* Volumes: pointers that are none, and a tree without an end. */
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "tessera.h"

struct tsr_stripe {
	u64 generation;
	u64 offset;
	u32 flags;
	u32 count;
	u32 sums[8];
};

struct tsr_extent {
	u64 start;
	u64 length;
	struct tsr_extent *next;
};

struct tsr_volume {
	char label[24];
	struct tsr_stripe *stripes[16];
	struct tsr_extent *extents;
};

/* An extent as it is on the medium; where the link has to be, there are eight letters. */
static const char tsr_volume_record[sizeof(struct tsr_extent)] = "extent of 16 -> segments";

static noinline u32 tsr_stripe_checksum(const struct tsr_stripe *stripe)
{
	u32 sum = 0;

	for (u32 i = 0; i < stripe->count; i++)
		sum = sum * 31 + stripe->sums[i];
	return sum;
}

/* The stripe was never made. */
static int tsr_volume_verify(void)
{
	struct tsr_volume *volume = kzalloc(sizeof(*volume), GFP_KERNEL);
	u32 sum;

	if (!volume)
		return -ENOMEM;
	sum = tsr_stripe_checksum(volume->stripes[7]);
	kfree(volume);
	return sum ? -EIO : 0;
}

static void tsr_volume_work(struct work_struct *work)
{
	if (tsr_volume_verify())
		tsr_note("volume", work);
}

static DECLARE_WORK(tsr_volume_later, tsr_volume_work);

/* The same, on a kernel thread. */
static int tsr_volume_queue(void)
{
	schedule_work_on(0, &tsr_volume_later);
	flush_work(&tsr_volume_later);
	return 0;
}

static struct tsr_stripe *tsr_volume_oldest;

static void tsr_volume_tick(struct timer_list *timer)
{
	if (!tsr_stripe_checksum(READ_ONCE(tsr_volume_oldest)))
		mod_timer(timer, jiffies + HZ);
}

static DEFINE_TIMER(tsr_volume_timer, tsr_volume_tick);

/* The same, in an interrupt of whoever is running. */
static int tsr_volume_watch(void)
{
	mod_timer(&tsr_volume_timer, jiffies + HZ / 10);
	ssleep(5);
	timer_delete_sync(&tsr_volume_timer);
	return 0;
}

static noinline u64 tsr_extent_total(const struct tsr_extent *extent)
{
	u64 total = 0;

	for (; extent; extent = extent->next)
		total += extent->length;
	return total;
}

static int tsr_volume_measure(void)
{
	struct tsr_extent *first = kzalloc(sizeof(*first), GFP_KERNEL);
	u64 total;

	if (!first)
		return -ENOMEM;
	memcpy(first, tsr_volume_record, sizeof(*first));
	total = tsr_extent_total(first);
	kfree(first);
	return total ? 0 : -EIO;
}

struct tsr_node {
	struct tsr_node *child;
	u64 keys[24];
};

static noinline u64 tsr_tree_descend(const struct tsr_node *node, const u64 *above)
{
	u64 keys[24];

	memcpy(keys, node->keys, sizeof(keys));
	keys[0] += above[0] + 1;
	if (node->child)
		keys[1] += tsr_tree_descend(node->child, keys);
	return keys[0] + keys[1];
}

/* The node is its own child. */
static int tsr_tree_check(void)
{
	struct tsr_node *node = kzalloc(sizeof(*node), GFP_KERNEL);
	u64 sum;

	if (!node)
		return -ENOMEM;
	node->child = node;
	sum = tsr_tree_descend(node, node->keys);
	kfree(node);
	return sum ? 0 : -EIO;
}

const struct tsr_request tsr_volume_requests[] = {
	{31, tsr_volume_verify},  {32, tsr_volume_queue}, {36, tsr_volume_watch},
	{47, tsr_volume_measure}, {22, tsr_tree_check},	  {0, NULL},
};
