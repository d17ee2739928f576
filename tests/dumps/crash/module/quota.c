// SPDX-License-Identifier: GPL-2.0-or-later
/* Quotas: calls that lead nowhere, and what the kernel's own checks find. */
#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/panic.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "tessera.h"

struct tsr_filter {
	u64 limit;
	int (*match)(struct tsr_filter *filter);
};

static noinline int tsr_filter_apply(struct tsr_filter *filter)
{
	int matches = READ_ONCE(filter->match)(filter);

	return matches + (int)filter->limit;
}

/* A filter that was never set up. */
static int tsr_filter_first(void)
{
	static struct tsr_filter filter = {.limit = 3};

	return tsr_filter_apply(&filter);
}

/* A filter whose function is data. */
static int tsr_filter_next(void)
{
	static struct tsr_filter filter = {.limit = 5};

	WRITE_ONCE(filter.match,
		   (int (*)(struct tsr_filter *))(unsigned long)&filter.limit);
	return tsr_filter_apply(&filter);
}

static noinline void tsr_quota_drop(void *quota)
{
	kfree(quota);
	kfree(quota);
}

static int tsr_quota_forget(void)
{
	tsr_quota_drop(kmalloc(96, GFP_KERNEL));
	return 0;
}

static noinline bool tsr_quota_put(refcount_t *users)
{
	return refcount_dec_and_test(users);
}

static int tsr_quota_close(void)
{
	refcount_t users = REFCOUNT_INIT(1);

	return tsr_quota_put(&users) && tsr_quota_put(&users) ? 0 : -EBUSY;
}

static noinline unsigned int tsr_quota_share(unsigned int limit, unsigned int users)
{
	return limit / users;
}

static int tsr_quota_split(void)
{
	static unsigned int users;

	return (int)tsr_quota_share(4096, READ_ONCE(users));
}

static noinline void tsr_quota_label(const char *from, size_t len)
{
	char label[16];

	/* Past what the compiler can see. */
	OPTIMIZER_HIDE_VAR(len);
	memcpy(label, from, len);
	OPTIMIZER_HIDE_VAR(from);
	if (label[0] == from[len])
		tsr_note("label", from);
	barrier_data(label);
}

static int tsr_quota_name(void)
{
	static char name[64] = "a label that is longer than the room for it";

	tsr_quota_label(name, 40);
	return 0;
}

static DEFINE_SPINLOCK(tsr_quota_lock);
static DEFINE_SPINLOCK(tsr_usage_lock);
static atomic_t tsr_quota_users;

static void tsr_quota_meet(void)
{
	atomic_inc(&tsr_quota_users);
	while (atomic_read(&tsr_quota_users) < 2)
		cpu_relax();
}

static noinline int tsr_quota_charge(void)
{
	tsr_note("quota_lock", &tsr_quota_lock);
	tsr_note("usage_lock", &tsr_usage_lock);
	spin_lock(&tsr_quota_lock);
	tsr_quota_meet();
	spin_lock(&tsr_usage_lock);
	spin_unlock(&tsr_usage_lock);
	spin_unlock(&tsr_quota_lock);
	return 0;
}

static noinline int tsr_quota_report(void)
{
	spin_lock(&tsr_usage_lock);
	tsr_quota_meet();
	spin_lock(&tsr_quota_lock);
	spin_unlock(&tsr_quota_lock);
	spin_unlock(&tsr_usage_lock);
	return 0;
}

static noinline int tsr_quota_check(void)
{
	panic("Tessera: the quota table of volume %d is lost", 3);
}

const struct tsr_request tsr_quota_requests[] = {
	{81, tsr_filter_first}, {82, tsr_filter_next},
	{83, tsr_quota_forget}, {84, tsr_quota_close},
	{85, tsr_quota_split},	{86, tsr_quota_name},
	{87, tsr_quota_charge}, {88, tsr_quota_report},
	{89, tsr_quota_check},	{0, NULL},
};
