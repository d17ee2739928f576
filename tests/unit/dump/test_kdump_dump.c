#include "testing.h"

#include "base/bytes.h"
#include "dump/dump.h"
#include "failing_malloc.h"
#include "gen.h"

static const struct dump_format *const formats[] = {&dump_format_elfcore,
						    &dump_format_diskdump, NULL};

struct world {
	struct gen g;
	struct buf file;
	struct byte_source src;
	struct dump *d;
};

/* 70,000 bits would be too many for one test; 40,000 span ten groups of the rank index. */
#define MAX_PFN 40000

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	gen_init(&w->g, 12, MAX_PFN);
	gen_ram(&w->g, 16, 512, GEN_EXCLUDED);
	gen_ram(&w->g, 39000, 1000, GEN_EXCLUDED);
	for (pfn_t pfn = 20; pfn < 500; pfn += 3) {
		gen_ram(&w->g, pfn, 1, GEN_PRESENT);
		gen_fill(&w->g, pfn);
	}
	gen_ram(&w->g, 39990, 10, GEN_PRESENT);
	for (pfn_t pfn = 39992; pfn < MAX_PFN; pfn++)
		gen_fill(&w->g, pfn);
	buf_add_str(&w->g.vmcoreinfo, "OSRELEASE=6.1.0-gen\nPAGESIZE=4096\n");
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

static void open_dump(struct world *w, const struct gen_kdump_options *options)
{
	gen_kdump(&w->g, options, &w->file);
	w->src = source_from_memory(w->file.data, w->file.len, "vmcore");
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

static void assert_pages_are_right(struct world *w)
{
	u8 page[4096];

	for (pfn_t pfn = 0; pfn < MAX_PFN; pfn++) {
		const enum pfn_state expected[] = {[GEN_ABSENT] = PFN_ABSENT,
						   [GEN_EXCLUDED] = PFN_EXCLUDED,
						   [GEN_PRESENT] = PFN_PRESENT};

		assert_int_equal(dump_pfn_state(w->d, pfn), expected[w->g.kinds[pfn]]);
		if (w->g.kinds[pfn] != GEN_PRESENT)
			continue;
		assert_success(dump_read(w->d, ADDR_PHYSICAL, pfn << 12, page, 4096));
		assert_memory_equal(page, gen_page(&w->g, pfn), 4096);
	}
}

static void pages_of_every_codec_are_read(void **state)
{
	static const u32 codecs[] = {0, DISKDUMP_ZLIB, DISKDUMP_LZO, DISKDUMP_SNAPPY,
				     DISKDUMP_ZSTD};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
		open_dump(w, &(struct gen_kdump_options){.codec = codecs[i],
							 .dump_level = 31,
							 .shares_zero_pages = i & 1});
		assert_pages_are_right(w);
		assert_true(dump_is_partial(w->d));
		assert_false(dump_is_incomplete(w->d));
		assert_int_equal(dump_notices(w->d)->count, 0);
		dump_close(w->d);
		w->d = NULL;
		w->file.len = 0;
	}
}

static void a_source_that_cannot_be_mapped_is_read(void **state)
{
	struct world *w = *state;

	gen_kdump(&w->g, &(struct gen_kdump_options){.codec = DISKDUMP_ZLIB}, &w->file);
	w->src = source_from_memory(w->file.data, w->file.len, "vmcore");
	w->src.map = NULL;
	assert_success(dump_open_source(&w->src, formats, &w->d));
	assert_pages_are_right(w);
}

static void an_excluded_page_is_a_state_not_an_error(void **state)
{
	struct world *w = *state;
	u8 byte;

	open_dump(w, NULL);
	assert_int_equal(dump_pfn_state(w->d, 16), PFN_EXCLUDED);
	assert_failure(dump_read(w->d, ADDR_PHYSICAL, 0x10000, &byte, 1), ERR_FAULT,
		       "0x10000 was filtered out");
}

static void ram_is_the_runs_of_the_first_bitmap(void **state)
{
	struct world *w = *state;
	const struct ram_range *ram;
	size_t count;

	open_dump(w, NULL);
	ram = dump_ram(w->d, &count);
	assert_int_equal(count, 2);
	assert_int_equal(ram[0].start, 0x10000);
	assert_int_equal(ram[0].len, 0x200000);
	assert_int_equal(ram[1].start, 39000 << 12);
	assert_int_equal(ram[1].len, 1000 << 12);
}

static void a_truncated_file_loses_only_the_pages_behind_the_cut(void **state)
{
	struct world *w = *state;
	u8 page[4096];

	gen_kdump(&w->g, NULL, &w->file);
	w->src = source_from_memory(w->file.data, w->file.len - 4096 - 1, "vmcore");
	assert_success(dump_open_source(&w->src, formats, &w->d));
	assert_true(dump_is_incomplete(w->d));
	assert_true(has_notice(w, "truncated"));
	assert_int_equal(dump_pfn_state(w->d, MAX_PFN - 1), PFN_LOST);
	assert_int_equal(dump_pfn_state(w->d, MAX_PFN - 2), PFN_LOST);
	assert_int_equal(dump_pfn_state(w->d, MAX_PFN - 3), PFN_PRESENT);
	assert_success(dump_read(w->d, ADDR_PHYSICAL, (u64)(MAX_PFN - 3) << 12, page,
				 sizeof(page)));
}

static void a_file_cut_inside_its_bitmaps_opens_without_pages(void **state)
{
	struct world *w = *state;

	gen_kdump(&w->g, NULL, &w->file);
	w->src = source_from_memory(w->file.data, 4096 * 5 + 100, "vmcore");
	assert_success(dump_open_source(&w->src, formats, &w->d));
	assert_true(dump_is_incomplete(w->d));
	assert_int_equal(dump_max_pfn(w->d), 800);
	assert_int_equal(dump_pfn_state(w->d, 20), PFN_LOST);
	assert_non_null(dump_vmcoreinfo(w->d));
	dump_close(w->d);
	w->d = NULL;
	/* Not even their first byte. */
	w->src = source_from_memory(w->file.data, 4096 * 5, "vmcore");
	assert_success(dump_open_source(&w->src, formats, &w->d));
	assert_int_equal(dump_max_pfn(w->d), 0);
	assert_int_equal(dump_pfn_state(w->d, 20), PFN_LOST);
}

static void the_incomplete_flag_is_told(void **state)
{
	struct world *w = *state;

	open_dump(w, &(struct gen_kdump_options){.status = DISKDUMP_INCOMPLETE});
	assert_true(dump_is_incomplete(w->d));
	assert_true(has_notice(w, "marked incomplete"));
}

static void damaged_page_data_is_a_fault_naming_address_and_offset(void **state)
{
	struct world *w = *state;
	u8 page[4096];

	gen_kdump(&w->g, &(struct gen_kdump_options){.codec = DISKDUMP_ZLIB}, &w->file);
	memset(w->file.data + w->file.len - 64, 0x5a, 64);
	w->src = source_from_memory(w->file.data, w->file.len, "vmcore");
	assert_success(dump_open_source(&w->src, formats, &w->d));
	assert_failure(dump_read(w->d, ADDR_PHYSICAL, (u64)(MAX_PFN - 1) << 12, page, 4096),
		       ERR_FAULT, "is damaged: it is not zlib data");
	assert_success(
		dump_read(w->d, ADDR_PHYSICAL, (u64)(MAX_PFN - 2) << 12, page, 4096));
}

static void one_part_of_a_split_dump_holds_its_own_range(void **state)
{
	struct world *w = *state;
	u8 page[4096];

	open_dump(w, &(struct gen_kdump_options){
			     .is_split = true, .split_start = 300, .split_end = MAX_PFN});
	assert_true(has_notice(w, "one part of a split dump"));
	assert_int_equal(dump_pfn_state(w->d, 20), PFN_LOST);
	assert_success(dump_read(w->d, ADDR_PHYSICAL, 302 << 12, page, 4096));
	assert_memory_equal(page, gen_page(&w->g, 302), 4096);
}

static void an_unknown_machine_is_refused_by_name(void **state)
{
	struct world *w = *state;

	gen_kdump(&w->g, &(struct gen_kdump_options){.machine = "riscv64"}, &w->file);
	w->src = source_from_memory(w->file.data, w->file.len, "vmcore");
	assert_failure(dump_open_source(&w->src, formats, &w->d), ERR_UNSUPPORTED,
		       "machine \"riscv64\"");
}

static void the_cache_keeps_working_when_more_pages_than_it_holds_are_read(void **state)
{
	struct world *w = *state;
	u8 page[4096];

	gen_ram(&w->g, 1000, 3000, GEN_PRESENT);
	for (pfn_t pfn = 1000; pfn < 4000; pfn++)
		gen_fill(&w->g, pfn);
	open_dump(w, &(struct gen_kdump_options){.codec = DISKDUMP_ZSTD});
	for (int round = 0; round < 2; round++) {
		for (pfn_t pfn = 1000; pfn < 4000; pfn++) {
			assert_success(
				dump_read(w->d, ADDR_PHYSICAL, pfn << 12, page, 4096));
			assert_memory_equal(page, gen_page(&w->g, pfn), 4096);
		}
	}
}

static struct err *open_and_read(void *ctx)
{
	struct world *w = ctx;
	u8 page[4096];
	struct err *err = dump_open_source(&w->src, formats, &w->d);

	if (!err)
		err = dump_read(w->d, ADDR_PHYSICAL, 20 << 12, page, sizeof(page));
	dump_close(w->d);
	w->d = NULL;
	return err;
}

static void lack_of_memory_is_an_error_wherever_it_comes(void **state)
{
	struct world *w = *state;

	gen_kdump(&w->g, &(struct gen_kdump_options){.codec = DISKDUMP_ZLIB}, &w->file);
	w->src = source_from_memory(w->file.data, w->file.len, "vmcore");
	assert_true(each_allocation_fails_once(open_and_read, w) > 8);
	w->file.len = 0;
	w->g.max_pfn = 1000;
	gen_elf(&w->g, NULL, &w->file);
	w->src = source_from_memory(w->file.data, w->file.len, "vmcore");
	assert_true(each_allocation_fails_once(open_and_read, w) > 8);
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(pages_of_every_codec_are_read),
		world_test(a_source_that_cannot_be_mapped_is_read),
		world_test(an_excluded_page_is_a_state_not_an_error),
		world_test(ram_is_the_runs_of_the_first_bitmap),
		world_test(a_truncated_file_loses_only_the_pages_behind_the_cut),
		world_test(a_file_cut_inside_its_bitmaps_opens_without_pages),
		world_test(the_incomplete_flag_is_told),
		world_test(damaged_page_data_is_a_fault_naming_address_and_offset),
		world_test(one_part_of_a_split_dump_holds_its_own_range),
		world_test(an_unknown_machine_is_refused_by_name),
		world_test(lack_of_memory_is_an_error_wherever_it_comes),
		world_test(the_cache_keeps_working_when_more_pages_than_it_holds_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
