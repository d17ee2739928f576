// SPDX-License-Identifier: GPL-2.0-or-later
/* Locks that wait for each other, and one whose owner waits for what does not come. */
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/mutex.h>

#include "tessera.h"

static DEFINE_MUTEX(tsr_volume_lock);
static DEFINE_MUTEX(tsr_map_lock);
static DEFINE_MUTEX(tsr_snapshot_lock);
static DECLARE_COMPLETION(tsr_snapshot_drained);

static atomic_t tsr_map_users;

/* Until both tasks have their first lock. */
static void tsr_map_settle(void)
{
	atomic_inc(&tsr_map_users);
	while (atomic_read(&tsr_map_users) < 2)
		msleep_interruptible(10);
}

static noinline int tsr_volume_resize(void)
{
	tsr_note("volume_lock", &tsr_volume_lock);
	mutex_lock(&tsr_volume_lock);
	tsr_map_settle();
	mutex_lock(&tsr_map_lock);
	mutex_unlock(&tsr_map_lock);
	mutex_unlock(&tsr_volume_lock);
	return 0;
}

static noinline int tsr_map_flush(void)
{
	tsr_note("map_lock", &tsr_map_lock);
	mutex_lock(&tsr_map_lock);
	tsr_map_settle();
	mutex_lock(&tsr_volume_lock);
	mutex_unlock(&tsr_volume_lock);
	mutex_unlock(&tsr_map_lock);
	return 0;
}

/* A third task that only wants the map. */
static noinline int tsr_map_lookup(void)
{
	mutex_lock(&tsr_map_lock);
	mutex_unlock(&tsr_map_lock);
	return 0;
}

static noinline int tsr_snapshot_create(void)
{
	tsr_note("lock", &tsr_snapshot_lock);
	tsr_note("completion", &tsr_snapshot_drained);
	mutex_lock(&tsr_snapshot_lock);
	wait_for_completion(&tsr_snapshot_drained);
	mutex_unlock(&tsr_snapshot_lock);
	return 0;
}

static noinline int tsr_snapshot_list(void)
{
	mutex_lock(&tsr_snapshot_lock);
	mutex_unlock(&tsr_snapshot_lock);
	return 0;
}

const struct tsr_request tsr_map_requests[] = {
	{64, tsr_volume_resize},   {65, tsr_map_flush},	    {66, tsr_map_lookup},
	{43, tsr_snapshot_create}, {44, tsr_snapshot_list}, {0, NULL},
};
