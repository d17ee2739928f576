#include "kernel/device_number.h"

#include "kernel/field.h"

#define TABLE_SIZE 255	/* of chrdevs, major_names and a kobj_map */
#define MAX_ROWS   4096 /* of a table */
#define MAX_PROBES 1024 /* of one slot of a map */
#define MINOR_BITS 20

/* The character device that is mapped to just this number. */
static struct err *find_cdev(struct kernel *k, struct device_number *n)
{
	struct field slots = field_find(k, "kobj_map", "probes");
	u64 number = n->major << MINOR_BITS | n->first_minor, found;
	vaddr_t map, at;
	struct err *err;

	if (!slots.present || !kernel_symbol_find(k, "cdev_map", &map))
		return NULL;
	err = kernel_read_ptr(k, map, &map);
	if (!err)
		err = kernel_read_ptr(k, map + slots.offset + n->major % TABLE_SIZE * 8,
				      &at);
	for (unsigned i = 0; !err && at; i++) {
		if (i == MAX_PROBES)
			return err_new(ERR_BAD_DATA, "cdev_map has a chain without end");
		err = field_read_by_name(k, at, "probe", "dev", &found);
		if (!err && found == number)
			return field_read_by_name(k, at, "probe", "data", &n->cdev);
		if (!err)
			err = field_read_by_name(k, at, "probe", "next", &at);
	}
	return err;
}

static struct err *read_char(struct kernel *k, vaddr_t addr, struct device_number *n)
{
	struct err *err = field_read_by_name(k, addr, "char_device_struct", "baseminor",
					     &n->first_minor);

	if (!err)
		err = field_read_by_name(k, addr, "char_device_struct", "cdev", &n->cdev);
	if (!err && !n->cdev)
		err = find_cdev(k, n);
	if (!err && n->cdev)
		err = field_read_by_name(k, n->cdev, "cdev", "ops", &n->operations);
	return err;
}

struct table {
	const char *symbol, *type;
	struct err *(*read)(struct kernel *k, vaddr_t addr, struct device_number *n);
};

static struct err *read_row(struct kernel *k, const struct table *t, vaddr_t addr,
			    struct device_number *ret)
{
	struct field name;
	struct device_number n = {0};
	struct err *err = field_get(k, t->type, "name", &name);

	if (!err)
		err = field_read_by_name(k, addr, t->type, "major", &n.major);
	if (!err)
		err = kernel_read_str(k, addr + name.offset, n.name,
				      min_u64(sizeof(n.name),
					      name.size ? name.size + 1 : sizeof(n.name)));
	if (!err && t->read)
		err = t->read(k, addr, &n);
	if (!err)
		*ret = n;
	return err;
}

static struct err *walk(struct kernel *k, const struct table *t,
			void (*each)(void *ctx, const struct device_number *n), void *ctx)
{
	vaddr_t slots, at;
	unsigned left = MAX_ROWS;
	struct err *err = kernel_symbol_get(k, t->symbol, &slots);

	for (unsigned slot = 0; !err && slot < TABLE_SIZE; slot++) {
		err = kernel_read_ptr(k, slots + slot * 8, &at);
		while (!err && at) {
			struct device_number n;

			err = left-- ? read_row(k, t, at, &n)
				     : err_new(ERR_BAD_DATA, "a chain has no end");
			if (!err)
				each(ctx, &n);
			if (!err)
				err = field_read_by_name(k, at, t->type, "next", &at);
		}
	}
	return err_wrap(err, "%s", t->symbol);
}

struct err *device_number_each_char(struct kernel *k,
				    void (*each)(void *ctx, const struct device_number *n),
				    void *ctx)
{
	static const struct table t = {"chrdevs", "char_device_struct", read_char};

	return walk(k, &t, each, ctx);
}

struct err *device_number_each_block(struct kernel *k,
				     void (*each)(void *ctx, const struct device_number *n),
				     void *ctx)
{
	static const struct table t = {"major_names", "blk_major_name", NULL};

	return walk(k, &t, each, ctx);
}
