#include "kernel/device_class.h"

#include "kernel/field.h"
#include "kernel/list_walk.h"

#define MAX_CLASSES 16384

/* The subsys_private of @class among those of all classes. */
static struct err *search_subsys(struct kernel *k, vaddr_t class, vaddr_t *ret)
{
	struct field kobj, list, back;
	struct list_walk w;
	vaddr_t kset, entry;
	u64 found;
	struct err *err = kernel_symbol_get(k, "class_kset", &kset);

	if (!err)
		err = kernel_read_ptr(k, kset, &kset);
	if (!err)
		err = field_get(k, "kset", "list", &list);
	if (!err)
		err = field_get(k, "subsys_private", "subsys.kobj.entry", &kobj);
	if (!err)
		err = field_get(k, "subsys_private", "class", &back);
	if (err)
		return err;
	list_walk_begin(&w, k, kset + list.offset, kobj.offset, MAX_CLASSES);
	while (!(err = list_walk_next(&w, &entry)) && entry) {
		err = field_read(k, entry, &back, &found);
		if (!err && found == class)
			*ret = entry;
		if (err || found == class)
			return err;
	}
	return err ? err : err_new(ERR_ABSENT, "it is not among the classes of devices");
}

/* Until 7b884b7f24b4 ("driver core: class.c: convert to only use class_to_subsys"), v6.4, a
 * class pointed to its private part. */
static struct err *find_subsys(struct kernel *k, vaddr_t class, vaddr_t *ret)
{
	struct field private = field_find(k, "class", "p");

	return private.present ? field_read(k, class, &private, ret)
			       : search_subsys(k, class, ret);
}

struct err *device_class_each(struct kernel *k, const char *class,
			      void (*each)(void *ctx, vaddr_t device), void *ctx)
{
	struct field list, node, device;
	struct list_walk w;
	vaddr_t addr, entry;
	u64 at;
	struct err *err = kernel_symbol_get(k, class, &addr);

	if (!err)
		err = find_subsys(k, addr, &addr);
	if (!err)
		err = field_get(k, "subsys_private", "klist_devices.k_list", &list);
	if (!err)
		err = field_get(k, "device_private", "knode_class.n_node", &node);
	if (!err)
		err = field_get(k, "device_private", "device", &device);
	if (err)
		return err_wrap(err, "%s", class);
	list_walk_begin(&w, k, addr + list.offset, node.offset, DEVICE_CLASS_MAX_DEVICES);
	while (!(err = list_walk_next(&w, &entry)) && entry) {
		err = field_read(k, entry, &device, &at);
		if (err)
			break;
		each(ctx, at);
	}
	return err_wrap(err, "%s", class);
}
