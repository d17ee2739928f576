#include "kernel/machine.h"

#include "kernel/field.h"

#define MAX_NODES 1024 /* the largest NODES_SHIFT is 10 */
#define MB	  ((u64)1 << 20)
#define GB	  ((u64)1 << 30)

static bool read_variable(struct kernel *k, const char *symbol, unsigned size, u64 *ret)
{
	vaddr_t addr;
	u32 small = 0;
	struct err *err = kernel_symbol_get(k, symbol, &addr);
	bool ok;

	if (!err && size == 4) {
		err = kernel_read_u32(k, addr, &small);
		*ret = small;
	} else if (!err) {
		err = kernel_read_u64(k, addr, ret);
	}
	ok = !err;
	err_ignore(err);
	return ok;
}

/* Pages of RAM in the node whose pglist_data is at @node. */
static u64 node_pages(struct kernel *k, vaddr_t node)
{
	u64 pages = 0;

	err_ignore(
		field_read_by_name(k, node, "pglist_data", "node_present_pages", &pages));
	return min_u64(pages, dump_max_pfn(kernel_dump(k)));
}

static u64 memory_pages(struct kernel *k)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(kernel_dump(k));
	u64 length = 0, pages = 0;
	vaddr_t addr, node;

	/* One node, without CONFIG_NUMA. */
	if (kernel_symbol_find(k, "contig_page_data", &addr))
		return node_pages(k, addr);
	if (!kernel_symbol_find(k, "node_data", &addr))
		return 0;
	if (!vi || !vmcoreinfo_length(vi, "node_data", &length))
		length = 1;
	for (u64 i = 0; i < min_u64(length, MAX_NODES); i++) {
		struct err *err = kernel_read_ptr(k, addr + i * 8, &node);

		if (!err && node)
			pages += node_pages(k, node);
		err_ignore(err);
	}
	return pages;
}

void machine_facts_read(struct kernel *k, struct machine_facts *ret)
{
	u64 khz;
	vaddr_t line;

	*ret = (struct machine_facts){0};
	ret->memory_bytes = memory_pages(k) << dump_page_shift(kernel_dump(k));
	if (read_variable(k, "cpu_khz", 4, &khz))
		ret->cpu_mhz = (u32)(khz / 1000);
	ret->has_taint = read_variable(k, "tainted_mask", 8, &ret->taint);
	if (read_variable(k, "saved_command_line", 8, &line) && line)
		err_ignore(kernel_read_str(k, line, ret->command_line,
					   sizeof(ret->command_line)));
}

void memory_format(struct buf *b, u64 bytes)
{
	static const struct unit {
		u64 size;
		const char *name;
	} units[] = {{GB, "GB"}, {MB, "MB"}, {1024, "KB"}};
	u64 over = bytes % GB;
	char text[32];
	size_t i = 0, len;

	if (over && GB - over <= 64 * MB && bytes < UINT64_MAX - GB)
		bytes += GB - over;
	while (i + 1 < ARRAY_SIZE(units) && bytes < units[i].size)
		i++;
	len = (size_t)snprintf(text, sizeof(text), "%.1f",
			       (double)bytes / (double)units[i].size);
	if (text[len - 1] == '0')
		len -= 2;
	buf_printf(b, "%.*s %s", (int)len, text, units[i].name);
}
