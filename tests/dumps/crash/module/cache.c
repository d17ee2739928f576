// SPDX-License-Identifier: GPL-2.0-or-later
/* The cache of blocks: what is used after it was given up, and what is never given up. */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "tessera.h"

#define TSR_RESERVE_PAGES (40ul << (20 - PAGE_SHIFT))

struct tsr_block {
	u64 number;
	struct list_head lru;
	u64 age;
};

static LIST_HEAD(tsr_cache_lru);

static struct tsr_block *tsr_cache_add(u64 number)
{
	struct tsr_block *block = kzalloc(sizeof(*block), GFP_KERNEL);

	if (!block)
		return NULL;
	block->number = number;
	list_add_tail(&block->lru, &tsr_cache_lru);
	return block;
}

static int tsr_cache_fill(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (!tsr_cache_add(i))
			return -ENOMEM;
	return 0;
}

static noinline void tsr_cache_drop(struct tsr_block *block)
{
	list_del(&block->lru);
}

/* Blocks leave the list that is being walked. */
static noinline int tsr_cache_shrink(void)
{
	struct tsr_block *block;
	int dropped = 0;

	list_for_each_entry(block, &tsr_cache_lru, lru)
	{
		if (block->age > 4)
			continue;
		tsr_cache_drop(block);
		dropped++;
	}
	return dropped;
}

static int tsr_cache_trim(void)
{
	int err = tsr_cache_fill(8);

	return err ? err : tsr_cache_shrink();
}

/* A block leaves the list for the second time. */
static noinline int tsr_cache_evict(struct tsr_block *block)
{
	list_del(&block->lru);
	return block->age ? -EBUSY : 0;
}

static int tsr_cache_forget(void)
{
	struct tsr_block *block;
	int err = tsr_cache_fill(3);

	if (err)
		return err;
	block = list_first_entry(&tsr_cache_lru, struct tsr_block, lru);
	tsr_cache_drop(block);
	return tsr_cache_evict(block);
}

struct tsr_owner {
	u64 id;
	u64 quota;
};

/* A freed object keeps its content, but for the allocator's link in the middle. */
struct tsr_handle {
	u64 blocks[12];
	struct tsr_owner *owner;
	u64 more[11];
};

static noinline u64 tsr_handle_quota(const struct tsr_handle *handle)
{
	return READ_ONCE(handle->owner)->quota;
}

static noinline void tsr_handle_put(struct tsr_handle *handle)
{
	kfree(handle);
}

static struct tsr_handle *tsr_handle;

static int tsr_handle_open(void)
{
	static struct tsr_owner owner = {7, 1 << 20};

	tsr_handle = kzalloc(sizeof(*tsr_handle), GFP_KERNEL);
	if (!tsr_handle)
		return -ENOMEM;
	tsr_handle->owner = &owner;
	tsr_note("object", tsr_handle);
	return 0;
}

static int tsr_handle_close(void)
{
	tsr_handle_put(tsr_handle);
	return tsr_handle_quota(tsr_handle) ? 0 : -EIO;
}

static bool tsr_is_room(void)
{
	return si_mem_available() > (long)TSR_RESERVE_PAGES;
}

/* Until memory is out: each block by itself, known to nobody. */
static noinline int tsr_meta_load(void)
{
	for (u64 i = 0;; i++) {
		u64 *meta = kmalloc(1000, GFP_KERNEL);

		if (!meta || fatal_signal_pending(current))
			return -ENOMEM;
		*meta = i;
		cond_resched();
	}
}

/* The same, but it ends a little before memory does. */
static noinline int tsr_pages_map(void)
{
	while (tsr_is_room()) {
		struct page *pages = alloc_pages(GFP_KERNEL, 2);

		if (!pages)
			return -ENOMEM;
		cond_resched();
	}
	return 0;
}

static noinline int tsr_buffers_grow(void)
{
	while (tsr_is_room()) {
		if (!vmalloc(1 << 20))
			return -ENOMEM;
		cond_resched();
	}
	return 0;
}

const struct tsr_request tsr_cache_requests[] = {
	{12, tsr_cache_trim},	{58, tsr_cache_forget},
	{35, tsr_handle_close}, {37, tsr_handle_open},
	{41, tsr_meta_load},	{17, tsr_pages_map},
	{63, tsr_buffers_grow}, {0, NULL},
};
