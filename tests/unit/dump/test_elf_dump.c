#include "testing.h"

#include "base/bytes.h"
#include "dump/dump.h"
#include "gen.h"

static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};

#define VMCOREINFO_TEXT                                                                    \
	"OSRELEASE=6.1.0-gen\nPAGESIZE=4096\nNUMBER(phys_base)=4096\n"                     \
	"SYMBOL(swapper_pg_dir)=ffffffff80000000\nNUMBER(KERNEL_IMAGE_SIZE)=1073741824\n"

struct world {
	struct gen g;
	struct buf file;
	struct byte_source src;
	struct dump *d;
};

/* 64 pages: RAM at 1 … 31, filled; the kernel image begins at page 1, which is its top page
 * table. */
static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	gen_init(&w->g, 12, 64);
	gen_ram(&w->g, 1, 31, GEN_PRESENT);
	for (pfn_t pfn = 6; pfn < 32; pfn++)
		gen_fill(&w->g, pfn);
	buf_add_str(&w->g.vmcoreinfo, VMCOREINFO_TEXT);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	dump_close(w->d);
	gen_deinit(&w->g);
	buf_deinit(&w->file);
	free(w);
	return 0;
}

static void write_file(struct world *w, const struct gen_elf_options *options)
{
	gen_elf(&w->g, options, &w->file);
	w->src = source_from_memory(w->file.data, w->file.len, "vmcore");
}

static void open_dump(struct world *w)
{
	assert_success(dump_open_source(&w->src, formats, &w->d));
}

static bool has_notice(struct world *w, const char *words)
{
	const struct notices *n = dump_notices(w->d);

	for (size_t i = 0; i < n->count; i++)
		if (strstr(n->texts[i], words))
			return true;
	return false;
}

/* PT_LOADs follow PT_NOTE behind the ELF header; p_paddr is at 24 of each. */
static void put_paddr(struct world *w, unsigned load, paddr_t addr)
{
	put_le64((u8 *)w->file.data + 64 + 56 * (1 + load) + 24, addr);
}

static void a_segment_without_a_physical_address_is_passed_over(void **state)
{
	static const struct gen_load loads[] = {{1, 8, 8, 0}, {9, 8, 8, 0}};
	struct world *w = *state;

	write_file(w, &(struct gen_elf_options){.loads = loads, .num_loads = 2});
	put_paddr(w, 1, UINT64_MAX);
	open_dump(w);
	assert_int_equal(dump_pfn_state(w->d, 8), PFN_PRESENT);
	assert_int_equal(dump_pfn_state(w->d, 9), PFN_ABSENT);
	assert_int_equal(dump_notices(w->d)->count, 0);
}

static void a_segment_that_no_cpu_can_address_is_told(void **state)
{
	static const struct gen_load loads[] = {{1, 8, 8, 0}, {9, 8, 8, 0}};
	struct world *w = *state;

	write_file(w, &(struct gen_elf_options){.loads = loads, .num_loads = 2});
	put_paddr(w, 1, UINT64_MAX - 4095);
	open_dump(w);
	assert_int_equal(dump_pfn_state(w->d, 8), PFN_PRESENT);
	assert_true(has_notice(w, "no CPU can address it"));
}

static void pages_are_read_from_odd_offsets_and_across_page_ends(void **state)
{
	struct world *w = *state;
	u8 data[6000];

	write_file(w, &(struct gen_elf_options){.misalignment = 0x55c, .phoff = 192});
	open_dump(w);
	assert_success(dump_read(w->d, ADDR_PHYSICAL, 0x7abc, data, sizeof(data)));
	assert_memory_equal(data, w->g.memory + 0x7abc, sizeof(data));
	assert_int_equal(dump_page_size(w->d), 4096);
	assert_int_equal(dump_max_pfn(w->d), 32);
	assert_string_equal(dump_format_name(w->d), "ELF core");
	assert_int_equal(dump_notices(w->d)->count, 0);
	assert_false(dump_is_incomplete(w->d));
}

static void a_missing_page_is_a_state_and_a_read_of_it_a_fault(void **state)
{
	struct world *w = *state;
	u8 data[4096];
	size_t len;
	struct err *why;

	write_file(w, NULL);
	open_dump(w);
	assert_int_equal(dump_pfn_state(w->d, 0), PFN_ABSENT);
	assert_int_equal(dump_pfn_state(w->d, 1), PFN_PRESENT);
	assert_int_equal(dump_pfn_state(w->d, 32), PFN_ABSENT);
	assert_int_equal(dump_pfn_state(w->d, UINT64_MAX), PFN_ABSENT);
	assert_failure(dump_read(w->d, ADDR_PHYSICAL, 0x20010, data, 8), ERR_FAULT,
		       "0x20010 is not in this dump");
	dump_read_some(w->d, ADDR_PHYSICAL, 0x1ff00, data, sizeof(data), &len, &why);
	assert_int_equal(len, 0x100);
	assert_int_equal(err_address(why), 0x20000);
	err_free(why);
}

static void overlapping_loads_describe_the_same_memory_once(void **state)
{
	struct world *w = *state;
	const struct gen_load loads[] = {
		{.first = 8, .file_pages = 4, .mem_pages = 4, .vaddr = 0xffffffff80007000},
		{.first = 1,
		 .file_pages = 20,
		 .mem_pages = 20,
		 .vaddr = 0xff11000000001000},
		{.first = 18, .file_pages = 14, .mem_pages = 14},
	};
	const struct ram_range *ram;
	size_t count;
	u8 data[31 * 4096];

	write_file(w, &(struct gen_elf_options){.loads = loads, .num_loads = 3});
	open_dump(w);
	ram = dump_ram(w->d, &count);
	assert_int_equal(count, 1);
	assert_int_equal(ram[0].start, 0x1000);
	assert_int_equal(ram[0].len, sizeof(data));
	assert_success(dump_read(w->d, ADDR_PHYSICAL, 0x1000, data, sizeof(data)));
	assert_memory_equal(data, w->g.memory + 0x1000, sizeof(data));
}

static void memory_beyond_p_filesz_is_excluded_unless_another_load_has_it(void **state)
{
	struct world *w = *state;
	const struct gen_load loads[] = {
		{.first = 1, .file_pages = 4, .mem_pages = 31},
		{.first = 10, .file_pages = 2, .mem_pages = 2},
	};

	write_file(w, &(struct gen_elf_options){.loads = loads, .num_loads = 2});
	open_dump(w);
	assert_int_equal(dump_pfn_state(w->d, 4), PFN_PRESENT);
	assert_int_equal(dump_pfn_state(w->d, 5), PFN_EXCLUDED);
	assert_int_equal(dump_pfn_state(w->d, 10), PFN_PRESENT);
	assert_int_equal(dump_pfn_state(w->d, 12), PFN_EXCLUDED);
	assert_true(dump_is_partial(w->d));
}

static void a_truncated_file_stays_readable_up_to_its_end(void **state)
{
	struct world *w = *state;
	u8 byte;

	write_file(w, NULL);
	w->src.size = w->file.len - 5 * 4096 - 100;
	open_dump(w);
	assert_true(dump_is_incomplete(w->d));
	assert_true(has_notice(w, "truncated: the file ends at offset"));
	assert_int_equal(dump_pfn_state(w->d, 25), PFN_PRESENT);
	assert_int_equal(dump_pfn_state(w->d, 26), PFN_LOST);
	assert_int_equal(dump_pfn_state(w->d, 31), PFN_LOST);
	assert_success(dump_read(w->d, ADDR_PHYSICAL, 0x1b000 - 101, &byte, 1));
	assert_failure(dump_read(w->d, ADDR_PHYSICAL, 0x1b000 - 100, &byte, 1), ERR_FAULT,
		       "missing or damaged part");
}

static void cpu_registers_come_in_note_order(void **state)
{
	struct world *w = *state;
	struct arch_regs regs;
	u64 rip;

	w->g.num_cpus = 3;
	write_file(w, &(struct gen_elf_options){.num_note_parts = 3});
	open_dump(w);
	assert_int_equal(dump_num_cpu_notes(w->d), 3);
	assert_success(dump_cpu_regs(w->d, 2, &regs));
	assert_true(regs_get(&regs, X86_64_RIP, &rip));
	assert_int_equal(rip, GEN_RIP + 2);
	assert_failure(dump_cpu_regs(w->d, 3, &regs), ERR_ABSENT, "CPU note 3 of 3");
}

static void a_dump_without_vmcoreinfo_opens_and_says_so(void **state)
{
	struct world *w = *state;
	vaddr_t addr = 0xffffffff80001000;
	paddr_t paddr;

	w->g.vmcoreinfo.len = 0;
	write_file(w, NULL);
	open_dump(w);
	assert_null(dump_vmcoreinfo(w->d));
	assert_true(has_notice(w, "no VMCOREINFO"));
	assert_failure(dump_translate(w->d, addr, &paddr), ERR_FAULT, "0xffffffff80001000");
}

/* Map @addr to @pfn with tables in pages 1 … 4; page 1 is the root. */
static void map_page(struct world *w, vaddr_t addr, pfn_t pfn)
{
	gen_put64(&w->g, 0x1000 + (addr >> 39 & 511) * 8, 0x2003);
	gen_put64(&w->g, 0x2000 + (addr >> 30 & 511) * 8, 0x3003);
	gen_put64(&w->g, 0x3000 + (addr >> 21 & 511) * 8, 0x4003);
	gen_put64(&w->g, 0x4000 + (addr >> 12 & 511) * 8, pfn << 12 | 3);
}

static void virtual_reads_use_the_image_formula_then_the_tables(void **state)
{
	struct world *w = *state;
	vaddr_t image = 0xffffffff80006000, mapped = 0xffffc90000005000;
	u8 data[8192];

	map_page(w, mapped, 20);
	map_page(w, mapped + 4096, 9);
	write_file(w, NULL);
	open_dump(w);
	assert_success(dump_read(w->d, ADDR_VIRTUAL, image, data, 4096));
	assert_memory_equal(data, gen_page(&w->g, 7), 4096);
	for (int i = 0; i < 2; i++) {
		assert_success(dump_read(w->d, ADDR_VIRTUAL, mapped, data, 8192));
		assert_memory_equal(data, gen_page(&w->g, 20), 4096);
		assert_memory_equal(data + 4096, gen_page(&w->g, 9), 4096);
	}
	assert_failure(dump_read(w->d, ADDR_VIRTUAL, mapped + 4096, data, 8192), ERR_FAULT,
		       "0xffffc90000007000 is not mapped");
}

static void the_direct_map_is_linear_once_it_is_known(void **state)
{
	struct world *w = *state;
	vaddr_t base = 0xffff888000000000;
	paddr_t paddr;

	write_file(w, NULL);
	open_dump(w);
	assert_failure(dump_translate(w->d, base + 0x5000, &paddr), ERR_FAULT,
		       "not mapped");
	dump_set_direct_map(w->d, base, 0x20000);
	assert_success(dump_translate(w->d, base + 0x5123, &paddr));
	assert_int_equal(paddr, 0x5123);
	assert_failure(dump_translate(w->d, base + 0x20000, &paddr), ERR_FAULT,
		       "not mapped");
}

static void lost_tables_are_made_up_for_by_the_files_own_addresses(void **state)
{
	struct world *w = *state;
	const struct gen_load loads[] = {
		{.first = 2,
		 .file_pages = 30,
		 .mem_pages = 30,
		 .vaddr = 0xff11000000002000},
	};
	paddr_t paddr;

	write_file(w, &(struct gen_elf_options){.loads = loads, .num_loads = 1});
	open_dump(w);
	assert_success(dump_translate(w->d, 0xff11000000007008, &paddr));
	assert_int_equal(paddr, 0x7008);
}

static void a_view_points_into_the_file_where_its_bytes_are_contiguous(void **state)
{
	struct world *w = *state;
	vaddr_t mapped = 0xffffc90000005000;
	struct dump_view v;

	map_page(w, mapped, 20);
	map_page(w, mapped + 4096, 9);
	write_file(w, NULL);
	open_dump(w);
	assert_success(dump_view(w->d, 0xffffffff80006100, 10000, &v));
	assert_null(v.copy);
	assert_memory_equal(v.data, w->g.memory + 0x7100, 10000);
	dump_view_release(&v);
	assert_success(dump_view(w->d, mapped + 10, 8000, &v));
	assert_non_null(v.copy);
	assert_memory_equal((const char *)v.data + 4086, gen_page(&w->g, 9), 3914);
	dump_view_release(&v);
	assert_failure(dump_view(w->d, mapped, 1ull << 40, &v), ERR_BAD_DATA,
		       "1099511627776");
}

static void what_is_no_dump_is_said_in_one_sentence(void **state)
{
	struct world *w = *state;

	w->src = source_from_memory("", 0, "vmcore");
	assert_failure(dump_open_source(&w->src, formats, &w->d), ERR_BAD_DATA,
		       "vmcore: not a dump: the file is empty");
	w->src = source_from_memory("abcdef", 6, "vmcore");
	assert_failure(dump_open_source(&w->src, formats, &w->d), ERR_UNSUPPORTED,
		       "vmcore: not a dump: first bytes 61 62 63 64 at offset 0x0");
	write_file(w, &(struct gen_elf_options){.machine = 243});
	assert_failure(dump_open_source(&w->src, formats, &w->d), ERR_UNSUPPORTED,
		       "ELF machine 243 (offset 0x12)");
	assert_failure(dump_open("/nonexistent/vmcore", formats, &w->d), ERR_OS,
		       "/nonexistent/vmcore");
	assert_failure(dump_open("/", formats, &w->d), ERR_UNSUPPORTED, "/ is neither");
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(pages_are_read_from_odd_offsets_and_across_page_ends),
		world_test(a_segment_without_a_physical_address_is_passed_over),
		world_test(a_segment_that_no_cpu_can_address_is_told),
		world_test(a_missing_page_is_a_state_and_a_read_of_it_a_fault),
		world_test(overlapping_loads_describe_the_same_memory_once),
		world_test(memory_beyond_p_filesz_is_excluded_unless_another_load_has_it),
		world_test(a_truncated_file_stays_readable_up_to_its_end),
		world_test(cpu_registers_come_in_note_order),
		world_test(a_dump_without_vmcoreinfo_opens_and_says_so),
		world_test(virtual_reads_use_the_image_formula_then_the_tables),
		world_test(the_direct_map_is_linear_once_it_is_known),
		world_test(lost_tables_are_made_up_for_by_the_files_own_addresses),
		world_test(a_view_points_into_the_file_where_its_bytes_are_contiguous),
		world_test(what_is_no_dump_is_said_in_one_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
