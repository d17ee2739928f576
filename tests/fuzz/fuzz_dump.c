/* Open as any format and read all there is, as far as a small file can mean it. */
#include "fuzz.h"

#include "dump/dump.h"

#define MAX_PAGES 512

static const struct dump_format *const formats[] = {&dump_format_elfcore,
						    &dump_format_diskdump, NULL};

static void try_read(struct dump *d, enum addr_space space, uint64_t addr)
{
	static char data[8192];
	struct err *why;
	size_t len;

	dump_read_some(d, space, addr, data, sizeof(data), &len, &why);
	err_free(why);
}

static void read_everything(struct dump *d)
{
	const struct ram_range *ram;
	struct dump_view view;
	struct arch_regs regs;
	struct err *err;
	size_t count;
	u64 root;

	ram = dump_ram(d, &count);
	for (size_t i = 0; i < count && i < 64; i++)
		try_read(d, ADDR_PHYSICAL, ram[i].start + ram[i].len - 1);
	for (pfn_t pfn = 0; pfn < min_u64(dump_max_pfn(d), MAX_PAGES); pfn++)
		if (dump_pfn_state(d, pfn) == PFN_PRESENT)
			try_read(d, ADDR_PHYSICAL, pfn << dump_page_shift(d));
	for (size_t i = 0; i < dump_num_cpu_notes(d) && i < 64; i++)
		err_free(dump_cpu_regs(d, i, &regs));
	if (!dump_vmcoreinfo(d) ||
	    !vmcoreinfo_symbol(dump_vmcoreinfo(d), "swapper_pg_dir", &root))
		return;
	try_read(d, ADDR_VIRTUAL, root);
	try_read(d, ADDR_VIRTUAL, 0xffffc90000000000ULL);
	err = dump_view(d, root, 10000, &view);
	if (!err)
		dump_view_release(&view);
	err_free(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct byte_source src = source_from_memory(data, size, "vmcore");
	struct dump *d = NULL;
	struct err *err = dump_open_source(&src, formats, &d);

	if (err) {
		err_free(err);
		return 0;
	}
	read_everything(d);
	dump_close(d);
	return 0;
}
