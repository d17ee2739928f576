#include "kernel/super_block.h"

#include "kernel/field.h"
#include "kernel/list_walk.h"

static void read_text(struct kernel *k, vaddr_t addr, char text[SUPER_BLOCK_ID_SIZE])
{
	struct err *err = kernel_read_str(k, addr, text, SUPER_BLOCK_ID_SIZE);

	if (err)
		text[0] = '\0';
	err_ignore(err);
}

void super_block_read(struct kernel *k, vaddr_t addr, struct super_block *ret)
{
	struct field id = field_find(k, "super_block", "s_id");
	struct super_block sb = {.addr = addr};
	vaddr_t type = 0, name = 0;
	struct err *err;

	if (id.present)
		read_text(k, addr + id.offset, sb.id);
	err = field_read_by_name(k, addr, "super_block", "s_type", &type);
	if (!err)
		err = field_read_by_name(k, type, "file_system_type", "name", &name);
	if (!err)
		read_text(k, name, sb.type);
	err_ignore(err);
	err = field_read_by_name(k, addr, "super_block", "s_writers.frozen", &sb.frozen);
	sb.has_frozen = !err;
	err_ignore(err);
	*ret = sb;
}

bool super_block_of(struct kernel *k, vaddr_t addr, struct super_block *ret)
{
	struct field list = field_find(k, "super_block", "s_list");
	struct list_walk walk;
	vaddr_t head, at = 0;
	u64 size;
	struct err *err;

	if (!list.present || !type_size_find(k, "super_block", &size) ||
	    !kernel_symbol_find(k, "super_blocks", &head))
		return false;
	list_walk_begin(&walk, k, head, list.offset, SUPER_BLOCKS_MAX);
	while (!(err = list_walk_next(&walk, &at)) && at && addr - at >= size)
		;
	if (err || !at) {
		err_ignore(err);
		return false;
	}
	super_block_read(k, at, ret);
	return true;
}
