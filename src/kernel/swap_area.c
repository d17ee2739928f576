#include "kernel/swap_area.h"

#include "kernel/field.h"

#define SWP_USED 1
/* Where the count of used pages is atomic, a bit of it says that none is free:
 * SWAP_USAGE_OFFLIST_BIT. */
#define USED_MASK (((u64)1 << 30) - 1)

static u64 read_optional(struct kernel *k, vaddr_t base, const char *member, bool *found)
{
	struct field f = field_find(k, "swap_info_struct", member);
	u64 value = 0;

	*found = f.present;
	if (f.present)
		err_ignore(field_read(k, base, &f, &value));
	return value;
}

static void read_area(struct kernel *k, vaddr_t at, u64 flags, struct swap_area *a)
{
	u64 device;
	bool found;

	*a = (struct swap_area){.addr = at};
	a->num_pages = read_optional(k, at, "pages", &found);
	a->num_used = read_optional(k, at, "inuse_pages.counter", &found) & USED_MASK;
	if (!found)
		a->num_used = read_optional(k, at, "inuse_pages", &found);
	a->priority = (s16)read_optional(k, at, "prio", &found);
	a->file = read_optional(k, at, "swap_file", &found);
	a->is_device = constant_find(k, "SWP_BLKDEV", &device) && flags & device;
}

struct err *swap_area_each(struct kernel *k,
			   void (*each)(void *ctx, const struct swap_area *a), void *ctx)
{
	struct field flags;
	vaddr_t table, at;
	u32 count = 0;
	struct err *err = kernel_symbol_get(k, "swap_info", &table);

	if (!err)
		err = field_get(k, "swap_info_struct", "flags", &flags);
	if (!err)
		err = kernel_symbol_get(k, "nr_swapfiles", &at);
	if (!err)
		err = kernel_read_u32(k, at, &count);
	for (u32 i = 0; !err && i < count && i < SWAP_AREAS_MAX; i++) {
		struct swap_area a;
		u64 value = 0;

		err = kernel_read_ptr(k, table + (u64)i * 8, &at);
		if (!err && at)
			err = field_read(k, at, &flags, &value);
		if (err || !(value & SWP_USED))
			continue;
		read_area(k, at, value, &a);
		each(ctx, &a);
	}
	return err_wrap(err, "swap areas");
}
