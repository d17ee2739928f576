#include "kernel/disk.h"

#include "kernel/device_class.h"
#include "kernel/field.h"

struct walk {
	struct kernel *k;
	struct notices *n;
	struct field device, disk;
	void (*each)(void *ctx, const struct disk *d);
	void *ctx;
};

static struct err *read_disk(struct kernel *k, vaddr_t addr, struct disk *ret)
{
	struct field name;
	struct disk d = {.addr = addr};
	struct err *err = field_get(k, "gendisk", "disk_name", &name);

	if (!err)
		err = kernel_read_str(k, addr + name.offset, d.name, sizeof(d.name));
	if (!err)
		err = field_read_by_name(k, addr, "gendisk", "major", &d.major);
	if (!err)
		err = field_read_by_name(k, addr, "gendisk", "first_minor", &d.first_minor);
	if (!err)
		err = field_read_by_name(k, addr, "gendisk", "fops", &d.operations);
	if (!err)
		err = field_read_by_name(k, addr, "gendisk", "queue", &d.queue);
	if (!err)
		*ret = d;
	return err;
}

/* The class has partitions as well: a disk is what its own part0 is. */
static void take_device(void *ctx, vaddr_t device)
{
	struct walk *w = ctx;
	struct disk d;
	vaddr_t part = device - w->device.offset;
	u64 disk, part0 = 0;
	struct err *err = field_read(w->k, part, &w->disk, &disk);

	if (!err)
		err = field_read_by_name(w->k, disk, "gendisk", "part0", &part0);
	if (!err && part0 == part) {
		err = read_disk(w->k, disk, &d);
		if (!err)
			w->each(w->ctx, &d);
	}
	notices_add_err(w->n,
			err_wrap(err, "block device 0x%llx", (unsigned long long)part));
}

struct err *disk_each(struct kernel *k, struct notices *n,
		      void (*each)(void *ctx, const struct disk *d), void *ctx)
{
	struct walk w = {.k = k, .n = n, .each = each, .ctx = ctx};
	/* Since 0d02129e76ed ("block: merge struct block_device and struct hd_struct"),
	 * v5.11. */
	struct err *err = field_get(k, "block_device", "bd_device", &w.device);

	if (!err)
		err = field_get(k, "block_device", "bd_disk", &w.disk);
	if (!err)
		err = device_class_each(k, "block_class", take_device, &w);
	return err_wrap(err, "disks");
}

vaddr_t disk_driver(struct kernel *k, const struct disk *d)
{
	vaddr_t operations = 0, function = 0;
	struct err *err =
		field_read_by_name(k, d->queue, "request_queue", "mq_ops", &operations);

	if (!err && operations)
		err = field_read_by_name(k, operations, "blk_mq_ops", "queue_rq",
					 &function);
	if (err)
		function = 0;
	err_ignore(err);
	return function;
}
