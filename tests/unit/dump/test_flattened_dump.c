#include "testing.h"

#include "base/io.h"
#include "dump/dump.h"
#include "gen.h"

#include <sys/mman.h>

#define MAX_PFN 3000

static const struct dump_format *const formats[] = {&dump_format_elfcore,
						    &dump_format_diskdump, NULL};

struct world {
	struct gen g;
	struct buf file, flat;
	struct byte_source src;
	struct dump *d;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	gen_init(&w->g, 12, MAX_PFN);
	gen_ram(&w->g, 16, 2900, GEN_EXCLUDED);
	for (pfn_t pfn = 20; pfn < 2900; pfn += pfn % 90 ? 1 : 40) {
		gen_ram(&w->g, pfn, 1, GEN_PRESENT);
		gen_fill(&w->g, pfn);
	}
	w->g.num_cpus = 2;
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
	buf_deinit(&w->flat);
	free(w);
	return 0;
}

static void open_flat(struct world *w, const struct gen_flatten_options *options)
{
	dump_close(w->d);
	w->d = NULL;
	w->flat.len = 0;
	gen_flatten(&w->file, options, &w->flat);
	w->src = source_from_memory(w->flat.data, w->flat.len, "vmcore.flat");
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

static void assert_all_is_there(struct world *w)
{
	cleanup(dump_reader_closep) struct dump_reader *r = NULL;
	struct arch_regs regs;
	u8 page[4096];

	assert_success(dump_reader_open(w->d, &r));
	for (pfn_t pfn = 0; pfn < MAX_PFN; pfn++) {
		if (w->g.kinds[pfn] != GEN_PRESENT) {
			assert_int_not_equal(dump_pfn_state(w->d, pfn), PFN_PRESENT);
			continue;
		}
		assert_success(dump_reader_read(r, ADDR_PHYSICAL, pfn << 12, page, 4096));
		assert_memory_equal(page, gen_page(&w->g, pfn), 4096);
		assert_success(dump_read(w->d, ADDR_PHYSICAL, pfn << 12 | 7, page, 100));
		assert_memory_equal(page, gen_page(&w->g, pfn) + 7, 100);
	}
	assert_success(dump_cpu_regs(w->d, 1, &regs));
	assert_non_null(dump_vmcoreinfo(w->d));
	assert_false(dump_is_incomplete(w->d));
	assert_int_equal(dump_notices(w->d)->count, 0);
}

static void each_sort_of_dump_is_read_flattened(void **state)
{
	static const struct gen_flatten_options options[] = {
		{.segment_len = 100},
		{.segment_len = 5000, .interleaves = true},
		{.rewrites_header = true},
		{.segment_len = 777, .interleaves = true, .rewrites_header = true},
		{.segment_len = 64, .skips_zeros = true},
	};
	struct world *w = *state;

	for (int kind = 0; kind < 3; kind++) {
		w->file.len = 0;
		if (kind == 0)
			gen_elf(&w->g, NULL, &w->file);
		else
			gen_kdump(&w->g,
				  &(struct gen_kdump_options){
					  .codec = kind == 1 ? 0 : DISKDUMP_ZLIB},
				  &w->file);
		for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
			open_flat(w, &options[i]);
			assert_all_is_there(w);
		}
	}
}

static void a_flattened_file_is_opened_by_its_path(void **state)
{
	struct world *w = *state;
	int fd = memfd_create("flat", MFD_CLOEXEC);
	char path[64];

	gen_kdump(&w->g, &(struct gen_kdump_options){.codec = DISKDUMP_LZO}, &w->file);
	gen_flatten(&w->file, NULL, &w->flat);
	assert_true(fd >= 0);
	assert_success(io_write_all(fd, w->flat.data, w->flat.len, "flat"));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_success(dump_open(path, formats, &w->d));
	assert_all_is_there(w);
	close(fd);
}

static void without_an_end_marker_it_is_incomplete(void **state)
{
	struct world *w = *state;

	gen_kdump(&w->g, NULL, &w->file);
	open_flat(w, &(struct gen_flatten_options){.has_no_end = true});
	assert_true(dump_is_incomplete(w->d));
	assert_true(has_notice(w, "vmcore.flat: truncated: the flattened file has no end"));
	assert_int_equal(dump_pfn_state(w->d, 20), PFN_PRESENT);
}

static void pages_that_never_came_are_lost_not_zero(void **state)
{
	struct world *w = *state;
	u64 num_lost = 0;
	u8 page[4096];

	/* The second half of a raw dump's pages comes first; what follows is cut in it. */
	gen_kdump(&w->g, NULL, &w->file);
	open_flat(w,
		  &(struct gen_flatten_options){.segment_len = 65536, .interleaves = true});
	dump_close(w->d);
	w->d = NULL;
	w->src.size -= w->src.size / 3;
	assert_success(dump_open_source(&w->src, formats, &w->d));
	assert_true(dump_is_incomplete(w->d));
	for (pfn_t pfn = 0; pfn < MAX_PFN; pfn++) {
		enum pfn_state state_now = dump_pfn_state(w->d, pfn);

		if (w->g.kinds[pfn] != GEN_PRESENT)
			continue;
		num_lost += state_now == PFN_LOST;
		if (state_now == PFN_LOST)
			continue;
		assert_int_equal(state_now, PFN_PRESENT);
		assert_success(dump_read(w->d, ADDR_PHYSICAL, pfn << 12, page, 4096));
		assert_memory_equal(page, gen_page(&w->g, pfn), 4096);
	}
	assert_true(num_lost > 500);
}

static void what_is_inside_decides_whether_it_is_a_dump(void **state)
{
	struct world *w = *state;

	buf_add_str(&w->file, "no dump at all");
	gen_flatten(&w->file, NULL, &w->flat);
	w->src = source_from_memory(w->flat.data, w->flat.len, "vmcore.flat");
	assert_failure(dump_open_source(&w->src, formats, &w->d), ERR_UNSUPPORTED,
		       "vmcore.flat: not a dump: first bytes 6e 6f 20 64");
	/* Nothing but a header. */
	w->src.size = 4096;
	assert_failure(dump_open_source(&w->src, formats, &w->d), ERR_BAD_DATA,
		       "vmcore.flat: not a dump: the file is empty");
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(each_sort_of_dump_is_read_flattened),
		world_test(a_flattened_file_is_opened_by_its_path),
		world_test(without_an_end_marker_it_is_incomplete),
		world_test(pages_that_never_came_are_lost_not_zero),
		world_test(what_is_inside_decides_whether_it_is_a_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
