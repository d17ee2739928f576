#include "testing.h"

#include "base/io.h"
#include "dump/dump.h"
#include "failing_malloc.h"
#include "gen.h"

#include <sys/mman.h>

#define MAX_PFN	  4000
#define MAX_FILES 8

static const struct dump_format *const formats[] = {&dump_format_elfcore,
						    &dump_format_diskdump, NULL};

struct world {
	struct gen g;
	int fds[MAX_FILES];
	char paths[MAX_FILES][64];
	size_t num_files;
	struct dump *d;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	gen_init(&w->g, 12, MAX_PFN);
	gen_ram(&w->g, 16, 3900, GEN_EXCLUDED);
	for (pfn_t pfn = 20; pfn < 3900; pfn += pfn % 90 ? 1 : 40) {
		gen_ram(&w->g, pfn, 1, GEN_PRESENT);
		gen_fill(&w->g, pfn);
	}
	buf_add_str(&w->g.vmcoreinfo, "OSRELEASE=6.1.0-gen\nPAGESIZE=4096\n");
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	dump_close(w->d);
	for (size_t i = 0; i < w->num_files; i++)
		close(w->fds[i]);
	gen_deinit(&w->g);
	free(w);
	return 0;
}

/* Add a file; its index. */
static size_t add_file(struct world *w, const struct buf *bytes)
{
	size_t i = w->num_files++;

	w->fds[i] = memfd_create("part", MFD_CLOEXEC);
	assert_true(i < MAX_FILES && w->fds[i] >= 0);
	assert_success(io_write_all(w->fds[i], bytes->data, bytes->len, "part"));
	snprintf(w->paths[i], sizeof(w->paths[i]), "/proc/self/fd/%d", w->fds[i]);
	return i;
}

static size_t add_part(struct world *w, pfn_t first, pfn_t end, bool is_flat)
{
	cleanup(buf_deinit) struct buf file = BUF_INIT;
	cleanup(buf_deinit) struct buf flat = BUF_INIT;

	gen_kdump(&w->g,
		  &(struct gen_kdump_options){.codec = DISKDUMP_ZLIB,
					      .dump_level = 31,
					      .is_split = true,
					      .split_start = first,
					      .split_end = end},
		  &file);
	if (!is_flat)
		return add_file(w, &file);
	gen_flatten(&file, NULL, &flat);
	return add_file(w, &flat);
}

/* Open files by the digits of their indexes. */
static struct err *open_set(struct world *w, const char *digits)
{
	const char *paths[16];
	size_t count = strlen(digits);

	dump_close(w->d);
	w->d = NULL;
	for (size_t i = 0; i < count; i++)
		paths[i] = w->paths[digits[i] - '0'];
	return dump_open_set(paths, count, formats, &w->d);
}

static bool has_notice(struct world *w, const char *words)
{
	const struct notices *n = dump_notices(w->d);

	for (size_t i = 0; i < n->count; i++)
		if (strstr(n->texts[i], words))
			return true;
	return false;
}

/* Pages of [first, end) are lost, all others are right, read forwards and backwards. */
static void assert_all_but(struct world *w, pfn_t first, pfn_t end)
{
	cleanup(dump_reader_closep) struct dump_reader *r = NULL;
	u8 page[4096];

	assert_success(dump_reader_open(w->d, &r));
	for (pfn_t i = 0; i < 2 * MAX_PFN; i++) {
		pfn_t pfn = i < MAX_PFN ? i : 2 * MAX_PFN - 1 - i, run_end;

		if (w->g.kinds[pfn] != GEN_PRESENT) {
			assert_int_not_equal(dump_pfn_state(w->d, pfn), PFN_PRESENT);
			continue;
		}
		if (pfn >= first && pfn < end) {
			assert_int_equal(dump_reader_pfn_run(r, pfn, &run_end), PFN_LOST);
			continue;
		}
		assert_int_equal(dump_reader_pfn_run(r, pfn, &run_end), PFN_PRESENT);
		assert_true(run_end > pfn && (pfn >= end || run_end <= first));
		assert_success(dump_reader_read(r, ADDR_PHYSICAL, pfn << 12, page, 4096));
		assert_memory_equal(page, gen_page(&w->g, pfn), 4096);
	}
}

static void parts_in_any_order_are_one_dump(void **state)
{
	static const char *const orders[] = {"012", "210", "120"};
	struct world *w = *state;

	add_part(w, 0, 1000, false);
	add_part(w, 1000, 1777, false);
	add_part(w, 1777, MAX_PFN, false);
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		assert_success(open_set(w, orders[i]));
		assert_all_but(w, MAX_PFN, MAX_PFN);
		assert_false(dump_is_incomplete(w->d));
		assert_int_equal(dump_notices(w->d)->count, 0);
		assert_int_equal(dump_level(w->d), 31);
		assert_int_equal(dump_codec_flags(w->d), DISKDUMP_ZLIB);
		assert_non_null(dump_vmcoreinfo(w->d));
	}
}

static void parts_may_be_flattened_or_empty(void **state)
{
	struct world *w = *state;

	add_part(w, 0, 1000, true);
	add_part(w, 1000, MAX_PFN, false);
	add_part(w, MAX_PFN, MAX_PFN, true);
	assert_success(open_set(w, "210"));
	assert_all_but(w, MAX_PFN, MAX_PFN);
	assert_false(dump_is_incomplete(w->d));
}

static void the_pages_of_a_missing_part_are_lost_and_named(void **state)
{
	struct world *w = *state;

	add_part(w, 0, 1000, false);
	add_part(w, 1000, 2000, false);
	add_part(w, 2000, MAX_PFN, false);
	assert_success(open_set(w, "20"));
	assert_true(dump_is_incomplete(w->d));
	assert_true(has_notice(w, "part of this split dump is missing: the pages 0x3e8 to "
				  "0x7d0 are in no file"));
	assert_all_but(w, 1000, 2000);
	assert_success(open_set(w, "10"));
	assert_true(has_notice(w, "the pages 0x7d0 to 0xfa0 are in no file"));
	assert_all_but(w, 2000, MAX_PFN);
	assert_success(open_set(w, "12"));
	assert_true(has_notice(w, "the pages 0x0 to 0x3e8 are in no file"));
	assert_all_but(w, 0, 1000);
	assert_success(open_set(w, "1"));
	assert_true(dump_is_incomplete(w->d));
	assert_true(has_notice(w, "one part of a split dump: it holds the pages 0x3e8"));
}

static void a_part_that_was_cut_loses_only_its_own_pages(void **state)
{
	struct world *w = *state;
	size_t part;

	add_part(w, 0, 1000, false);
	part = add_part(w, 1000, 2000, false);
	add_part(w, 2000, MAX_PFN, false);
	/* Even where the bitmaps were. */
	assert_int_equal(ftruncate(w->fds[part], 5 * 4096 + 10), 0);
	assert_success(open_set(w, "102"));
	assert_true(dump_is_incomplete(w->d));
	assert_true(has_notice(
		w, "truncated: the file ends at offset 0x500a, before the last"));
	assert_all_but(w, 1000, 2000);
	assert_non_null(dump_vmcoreinfo(w->d));
}

static void the_same_pages_twice_are_refused(void **state)
{
	struct world *w = *state;

	add_part(w, 0, 1000, false);
	add_part(w, 1000, MAX_PFN, false);
	add_part(w, 1000, 1001, false);
	assert_failure(open_set(w, "011"), ERR_BAD_DATA,
		       "both hold the pages 0x3e8 to 0xfa0");
	assert_failure(open_set(w, "012"), ERR_BAD_DATA,
		       "both hold the pages 0x3e8 to 0x3e9");
}

static void parts_of_different_dumps_are_refused(void **state)
{
	cleanup(buf_deinit) struct buf whole = BUF_INIT, elf = BUF_INIT;
	struct world *w = *state;

	add_part(w, 0, 1000, false);
	w->g.max_pfn--;
	add_part(w, 1000, MAX_PFN, false);
	w->g.max_pfn++;
	assert_failure(open_set(w, "01"), ERR_BAD_DATA,
		       "are not parts of the same dump: max_mapnr differs");
	gen_kdump(&w->g, NULL, &whole);
	add_file(w, &whole);
	assert_failure(open_set(w, "02"), ERR_BAD_DATA, "is a whole dump and no part");
	gen_elf(&w->g, NULL, &elf);
	add_file(w, &elf);
	assert_failure(open_set(w, "03"), ERR_UNSUPPORTED, "no kdump-compressed signature");
	assert_failure(open_set(w, "30"), ERR_UNSUPPORTED,
		       "a dump of format ELF core cannot be read together with others");
	assert_failure(open_set(w, ""), ERR_USAGE, "a dump in 0 files");
}

static struct err *open_and_read(void *ctx)
{
	struct world *w = ctx;
	struct dump_reader *r = NULL;
	u8 page[4096];
	struct err *err = open_set(w, "01");

	if (!err)
		err = dump_reader_open(w->d, &r);
	if (!err)
		err = dump_reader_read(r, ADDR_PHYSICAL, 1130 << 12, page, sizeof(page));
	dump_reader_close(r);
	dump_close(w->d);
	w->d = NULL;
	return err;
}

static void lack_of_memory_is_an_error_wherever_it_comes(void **state)
{
	struct world *w = *state;

	add_part(w, 0, 1000, true);
	add_part(w, 1000, MAX_PFN, false);
	assert_true(each_allocation_fails_once(open_and_read, w) > 15);
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(parts_in_any_order_are_one_dump),
		world_test(parts_may_be_flattened_or_empty),
		world_test(the_pages_of_a_missing_part_are_lost_and_named),
		world_test(a_part_that_was_cut_loses_only_its_own_pages),
		world_test(the_same_pages_twice_are_refused),
		world_test(parts_of_different_dumps_are_refused),
		world_test(lack_of_memory_is_an_error_wherever_it_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
