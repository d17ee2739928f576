#include "kernel/bug_table.h"

#include "base/bytes.h"
#include "kernel/field.h"
#include "kernel/module.h"

/* Flags of an entry: include/asm-generic/bug.h. */
#define BUGFLAG_WARNING 1u

#define ENTRY_MAX_LEN 64
#define WINDOW_LEN    8192

/* The table of the image or of one module. */
struct bug_table {
	vaddr_t start;
	u64 num_entries;
};

/* With CONFIG_GENERIC_BUG_RELATIVE_POINTERS entries hold distances from their own members,
 * else pointers. */
struct layout {
	u64 entry_len;
	struct field addr, file, line, flags;
	bool is_relative, is_file_relative;
};

static bool read_layout(struct kernel *k, struct layout *ret)
{
	ret->is_relative = true;
	ret->addr = field_find(k, "bug_entry", "bug_addr_disp");
	if (!ret->addr.present) {
		ret->addr = field_find(k, "bug_entry", "bug_addr");
		ret->is_relative = false;
	}
	ret->is_file_relative = true;
	ret->file = field_find(k, "bug_entry", "file_disp");
	if (!ret->file.present) {
		ret->file = field_find(k, "bug_entry", "file");
		ret->is_file_relative = false;
	}
	ret->line = field_find(k, "bug_entry", "line");
	ret->flags = field_find(k, "bug_entry", "flags");
	return ret->addr.present && type_size_find(k, "bug_entry", &ret->entry_len) &&
	       ret->entry_len >= 8 && ret->entry_len <= ENTRY_MAX_LEN &&
	       ret->addr.offset + 4 <= ret->entry_len &&
	       (ret->is_relative || ret->addr.offset + 8 <= ret->entry_len);
}

static bool image_table(struct kernel *k, const struct layout *l, struct bug_table *ret)
{
	vaddr_t stop;

	if (!kernel_symbol_find(k, "__start___bug_table", &ret->start) ||
	    !kernel_symbol_find(k, "__stop___bug_table", &stop) || stop <= ret->start)
		return false;
	ret->num_entries = min_u64((stop - ret->start) / l->entry_len, BUGS_MAX);
	return true;
}

static bool module_table(struct kernel *k, const struct kernel_module *m,
			 struct bug_table *ret)
{
	u64 num = 0;
	struct err *err =
		field_read_by_name(k, m->address, "module", "bug_table", &ret->start);

	if (!err)
		err = field_read_by_name(k, m->address, "module", "num_bugs", &num);
	ret->num_entries = err ? 0 : min_u64(num, BUGS_MAX);
	err_ignore(err);
	return ret->num_entries;
}

static vaddr_t entry_target(const struct layout *l, vaddr_t entry, const u8 *bytes)
{
	const u8 *at = bytes + l->addr.offset;

	if (!l->is_relative)
		return get_le64(at);
	return entry + l->addr.offset + (u64)(s64)(s32)get_le32(at);
}

/* The address of the entry for @addr, 0 if the table has none. */
static vaddr_t find_entry(struct kernel *k, const struct layout *l,
			  const struct bug_table *t, vaddr_t addr)
{
	u64 per_window = WINDOW_LEN / l->entry_len;
	u8 window[WINDOW_LEN];

	for (u64 first = 0; first < t->num_entries; first += per_window) {
		u64 num = min_u64(per_window, t->num_entries - first);
		vaddr_t at = t->start + first * l->entry_len;
		struct err *err = kernel_read(k, at, window, num * l->entry_len);

		if (err) {
			notices_add_err(dump_notices(kernel_dump(k)),
					err_wrap(err, "table of BUG and WARN places"));
			continue;
		}
		for (u64 i = 0; i < num; i++, at += l->entry_len)
			if (entry_target(l, at, window + i * l->entry_len) == addr)
				return at;
	}
	return 0;
}

static void read_place(struct kernel *k, const struct layout *l, struct bug *b)
{
	vaddr_t file = 0;
	u64 line = 0;
	u32 distance;
	struct err *err;

	if (!l->file.present || !l->line.present)
		return;
	if (l->is_file_relative) {
		err = kernel_read_u32(k, b->entry + l->file.offset, &distance);
		if (!err)
			file = b->entry + l->file.offset + (u64)(s64)(s32)distance;
	} else {
		err = kernel_read_ptr(k, b->entry + l->file.offset, &file);
	}
	if (!err)
		err = field_read(k, b->entry, &l->line, &line);
	if (!err)
		err = kernel_read_str(k, file, b->file, sizeof(b->file));
	b->has_place = !err && *b->file;
	b->line = (u32)line;
	err_ignore(err);
}

static bool find_in(struct kernel *k, const struct layout *l, const struct bug_table *t,
		    vaddr_t addr, struct bug *ret)
{
	struct bug b = {.entry = find_entry(k, l, t, addr)};
	u64 flags = 0;

	if (!b.entry)
		return false;
	if (l->flags.present)
		err_ignore(field_read(k, b.entry, &l->flags, &flags));
	b.is_warning = flags & BUGFLAG_WARNING;
	read_place(k, l, &b);
	*ret = b;
	return true;
}

bool bug_find(struct kernel *k, vaddr_t addr, struct bug *ret)
{
	const struct kernel_module *m = kernel_module_at(k, addr);
	struct bug_table t;
	struct layout l;

	if (!read_layout(k, &l))
		return false;
	if (m)
		return module_table(k, m, &t) && find_in(k, &l, &t, addr, ret);
	return image_table(k, &l, &t) && find_in(k, &l, &t, addr, ret);
}
