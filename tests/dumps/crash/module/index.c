// SPDX-License-Identifier: GPL-2.0-or-later
/* The index: a reader that sleeps with the lock held, and walks in a circle. */
#include <linux/completion.h>
#include <linux/irqflags.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>

#include "tessera.h"

static DECLARE_RWSEM(tsr_index_lock);
static DECLARE_COMPLETION(tsr_index_filled);
static u64 tsr_index_generation;

static noinline int tsr_index_scan(void)
{
	tsr_note("lock", &tsr_index_lock);
	down_read(&tsr_index_lock);
	wait_for_completion(&tsr_index_filled);
	up_read(&tsr_index_lock);
	return 0;
}

static noinline int tsr_index_rebuild(void)
{
	down_write(&tsr_index_lock);
	tsr_index_generation++;
	up_write(&tsr_index_lock);
	return 0;
}

static noinline int tsr_index_lookup(void)
{
	u64 generation;

	down_read(&tsr_index_lock);
	generation = tsr_index_generation;
	up_read(&tsr_index_lock);
	return generation ? 0 : -ENOENT;
}

struct tsr_entry {
	u64 key;
	struct tsr_entry __rcu *next;
};

static noinline u64 tsr_index_walk(struct tsr_entry *entry, u64 key)
{
	u64 steps = 0;

	rcu_read_lock();
	for (; entry && READ_ONCE(entry->key) != key; steps++)
		entry = rcu_dereference(entry->next);
	rcu_read_unlock();
	return steps;
}

/* The last entry is followed by the first. */
static int tsr_index_find(void)
{
	static struct tsr_entry entries[3] = {{.key = 3}, {.key = 5}, {.key = 7}};

	for (unsigned int i = 0; i < 3; i++)
		rcu_assign_pointer(entries[i].next, &entries[(i + 1) % 3]);
	return tsr_index_walk(entries, 11) ? 0 : -ENOENT;
}

/* The same, and its own CPU cannot notice. */
static int tsr_index_find_at_once(void)
{
	int err;

	local_irq_disable();
	err = tsr_index_find();
	local_irq_enable();
	return err;
}

const struct tsr_request tsr_index_requests[] = {
	{71, tsr_index_scan}, {72, tsr_index_rebuild},	    {73, tsr_index_lookup},
	{28, tsr_index_find}, {29, tsr_index_find_at_once}, {0, NULL},
};
