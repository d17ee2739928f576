// SPDX-License-Identifier: GPL-2.0-or-later
/* The journal: states that must not be, and a lock that is kept. */
#include <linux/bug.h>
#include <linux/mutex.h>

#include "tessera.h"

struct tsr_journal {
	struct mutex lock;
	u64 head;
	u64 tail;
	int error;
};

static struct tsr_journal tsr_journal = {
	.lock = __MUTEX_INITIALIZER(tsr_journal.lock),
	.head = 4096,
	.tail = 512,
	.error = -EIO,
};

static noinline int tsr_journal_commit(struct tsr_journal *journal)
{
	BUG_ON(journal->head > journal->tail);
	journal->head = journal->tail;
	return 0;
}

static noinline int tsr_journal_replay(struct tsr_journal *journal)
{
	if (WARN_ON(journal->head > journal->tail))
		return -EINVAL;
	return 0;
}

static int tsr_journal_sync(void)
{
	int err = tsr_journal_commit(&tsr_journal);

	return err ? err : (int)tsr_journal.tail;
}

static int tsr_journal_mount(void)
{
	int err = tsr_journal_replay(&tsr_journal);

	return err ? err : (int)tsr_journal.tail;
}

/* The way out on an error forgets the lock. */
static noinline int tsr_journal_begin(void)
{
	tsr_note("lock", &tsr_journal.lock);
	mutex_lock(&tsr_journal.lock);
	if (tsr_journal.error)
		return tsr_journal.error;
	mutex_unlock(&tsr_journal.lock);
	return 0;
}

static noinline int tsr_journal_append(void)
{
	mutex_lock(&tsr_journal.lock);
	tsr_journal.tail++;
	mutex_unlock(&tsr_journal.lock);
	return 0;
}

const struct tsr_request tsr_journal_requests[] = {
	{26, tsr_journal_sync},
	{54, tsr_journal_mount},
	{39, tsr_journal_begin},
	{40, tsr_journal_append},
	{0, NULL},
};
