// SPDX-License-Identifier: GPL-2.0-or-later
/* The control file /dev/tessera. */
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/spinlock.h>

#include "tessera.h"

static const struct tsr_request *const tsr_requests[] = {
	tsr_volume_requests, tsr_cache_requests, tsr_journal_requests,
	tsr_index_requests,  tsr_map_requests,	 tsr_scrub_requests,
	tsr_ring_requests,   tsr_disk_requests,	 tsr_quota_requests,
};

static char tsr_notes[1024];
static size_t tsr_notes_length;
static DEFINE_SPINLOCK(tsr_notes_lock);

void tsr_note(const char *name, const void *address)
{
	unsigned long flags;

	spin_lock_irqsave(&tsr_notes_lock, flags);
	tsr_notes_length += scnprintf(tsr_notes + tsr_notes_length,
				      sizeof(tsr_notes) - tsr_notes_length, "%s 0x%px\n",
				      name, address);
	spin_unlock_irqrestore(&tsr_notes_lock, flags);
}

static ssize_t tsr_control_read(struct file *file, char __user *to, size_t count,
				loff_t *at)
{
	return simple_read_from_buffer(to, count, at, tsr_notes, tsr_notes_length);
}

static ssize_t tsr_control_write(struct file *file, const char __user *from, size_t count,
				 loff_t *at)
{
	unsigned int number;
	int err = kstrtouint_from_user(from, count, 10, &number);

	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(tsr_requests); i++) {
		for (const struct tsr_request *r = tsr_requests[i]; r->number; r++) {
			if (r->number != number)
				continue;
			err = r->serve();
			return err ? err : (ssize_t)count;
		}
	}
	return -EINVAL;
}

static const struct file_operations tsr_control_operations = {
	.owner = THIS_MODULE,
	.read = tsr_control_read,
	.write = tsr_control_write,
	.llseek = default_llseek,
};

static struct miscdevice tsr_control = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "tessera",
	.fops = &tsr_control_operations,
};

static int __init tsr_init(void)
{
	int err = tsr_disk_add();

	if (err)
		return err;
	err = misc_register(&tsr_control);
	if (err)
		tsr_disk_remove();
	return err;
}

static void __exit tsr_exit(void)
{
	misc_deregister(&tsr_control);
	tsr_disk_remove();
}

module_init(tsr_init);
module_exit(tsr_exit);
MODULE_DESCRIPTION("Tessera segment store");
MODULE_VERSION("1.4.2");
MODULE_LICENSE("GPL");
