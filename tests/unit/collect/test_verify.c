#include "testing.h"

#include "base/bytes.h"
#include "collect/verify.h"
#include "failing_malloc.h"
#include "gen.h"

static const struct dump_format *const formats[] = {&dump_format_elfcore,
						    &dump_format_diskdump, NULL};
static const u32 codecs[] = {0, DISKDUMP_ZLIB, DISKDUMP_LZO, DISKDUMP_SNAPPY,
			     DISKDUMP_ZSTD};
static const struct verify_options defaults = {.num_workers = 1};

#define NUM_PAGES 64 /* page frames of the small machine */
#define PRESENT	  40 /* of them, 8 … 47 */
#define ZERO	  4  /* of those, 8 … 11 */
#define EXCLUDED  10 /* 50 … 59 */

static void small_machine(struct gen *g)
{
	gen_init(g, 12, NUM_PAGES);
	gen_ram(g, 8, PRESENT, GEN_PRESENT);
	gen_ram(g, 50, EXCLUDED, GEN_EXCLUDED);
	for (pfn_t pfn = 8 + ZERO; pfn < 8 + PRESENT; pfn++)
		gen_fill(g, pfn);
}

/* Open @len bytes and verify them. False if they are not even a dump. */
static bool verify_with(unsigned num_workers, const void *data, size_t len,
			struct verify_result *ret)
{
	struct verify_options o = {.num_workers = num_workers};
	struct byte_source src = source_from_memory(data, len, "vmcore");
	struct dump *d = NULL;
	struct err *err = dump_open_source(&src, formats, &d);

	*ret = (struct verify_result){0};
	if (!err)
		err = verify_dump(d, &o, ret);
	dump_close(d);
	err_free(err);
	return err == NULL;
}

static bool verify_bytes(const void *data, size_t len, struct verify_result *ret)
{
	return verify_with(1, data, len, ret);
}

static void assert_whole(const struct verify_result *r, u64 excluded)
{
	assert_true(r->is_whole);
	assert_int_equal(r->pages_present, PRESENT);
	assert_int_equal(r->pages_decoded, PRESENT);
	assert_int_equal(r->pages_zero, ZERO);
	assert_int_equal(r->pages_excluded, excluded);
	assert_int_equal(r->pages_lost, 0);
	assert_int_equal(r->pages_damaged, 0);
	assert_int_equal(r->num_damage, 0);
	assert_int_equal(r->bytes_decoded, PRESENT * 4096);
	assert_int_equal(verify_coverage(r), PRESENT * 10000 / (PRESENT + excluded));
}

static void a_healthy_dump_of_each_kind_is_whole(void **state)
{
	struct buf file = BUF_INIT;
	struct verify_result r;
	struct gen g;

	small_machine(&g);
	gen_elf(&g, &(struct gen_elf_options){.misalignment = 0x55c}, &file);
	assert_true(verify_bytes(file.data, file.len, &r));
	assert_whole(&r, 0);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(codecs); i++) {
		struct gen_kdump_options o = {.codec = codecs[i / 2],
					      .dump_level = 16,
					      .shares_zero_pages = i & 1};

		file.len = 0;
		gen_kdump(&g, &o, &file);
		assert_true(verify_bytes(file.data, file.len, &r));
		assert_whole(&r, EXCLUDED);
	}
	buf_deinit(&file);
	gen_deinit(&g);
}

static void memory_that_an_elf_core_leaves_out_counts_as_left_out(void **state)
{
	const struct gen_load loads[] = {{.first = 8, .file_pages = 40, .mem_pages = 50}};
	struct buf file = BUF_INIT;
	struct verify_result r;
	struct gen g;

	small_machine(&g);
	gen_elf(&g, &(struct gen_elf_options){.loads = loads, .num_loads = 1}, &file);
	assert_true(verify_bytes(file.data, file.len, &r));
	assert_whole(&r, 10);
	buf_deinit(&file);
	gen_deinit(&g);
}

static void ram_that_ends_inside_a_page_is_not_damage(void **state)
{
	struct buf file = BUF_INIT;
	struct verify_result r;
	struct gen g;
	u8 *load;

	small_machine(&g);
	gen_elf(&g, NULL, &file);
	/* The only PT_LOAD is the second program header: p_filesz, p_memsz. */
	load = (u8 *)file.data + 64 + 56;
	put_le64(load + 32, PRESENT * 4096 - 1000);
	put_le64(load + 40, PRESENT * 4096 - 1000);
	assert_true(verify_bytes(file.data, file.len, &r));
	assert_whole(&r, 0);
	buf_deinit(&file);
	gen_deinit(&g);
}

static void a_file_cut_off_anywhere_is_not_whole(void **state)
{
	struct verify_result r;
	struct gen g;

	small_machine(&g);
	for (size_t i = 0; i <= ARRAY_SIZE(codecs); i++) {
		struct buf file = BUF_INIT;

		if (i < ARRAY_SIZE(codecs))
			gen_kdump(&g,
				  &(struct gen_kdump_options){.codec = codecs[i],
							      .shares_zero_pages = i & 1},
				  &file);
		else
			gen_elf(&g, NULL, &file);
		for (size_t len = 0; len < file.len; len += 1 + len % 61) {
			bool opened = verify_bytes(file.data, len, &r);

			if (opened && r.is_whole)
				print_error("kind %zu: %zu of %zu bytes are whole\n", i,
					    len, file.len);
			assert_false(opened && r.is_whole);
			verify_result_deinit(&r);
		}
		/* The very last byte, too. */
		assert_true(verify_bytes(file.data, file.len - 1, &r));
		assert_false(r.is_whole);
		verify_result_deinit(&r);
		buf_deinit(&file);
	}
	gen_deinit(&g);
}

static void the_mark_of_a_collector_that_was_cut_short_counts(void **state)
{
	struct gen_kdump_options o = {.codec = DISKDUMP_ZLIB,
				      .status = DISKDUMP_INCOMPLETE};
	struct buf file = BUF_INIT;
	struct verify_result r;
	struct gen g;

	small_machine(&g);
	gen_kdump(&g, &o, &file);
	assert_true(verify_bytes(file.data, file.len, &r));
	assert_true(r.is_incomplete);
	assert_false(r.is_whole);
	assert_int_equal(r.pages_decoded, PRESENT);
	buf_deinit(&file);
	gen_deinit(&g);
}

/* Offset of the descriptor table: header, sub header and notes, two bitmaps. */
#define DESCS ((1 + 4 + 2) * 4096)

static void each_damaged_page_is_told_by_its_address(void **state)
{
	struct buf file = BUF_INIT;
	struct diskdump_page_desc desc;
	struct verify_result r;
	struct gen g;

	small_machine(&g);
	gen_kdump(&g, &(struct gen_kdump_options){.codec = DISKDUMP_ZLIB}, &file);
	/* A byte of the data of page frame 20, the descriptor of page frame 30. */
	diskdump_parse_page_desc(file.data + DESCS + 12 * DISKDUMP_PAGE_DESC_LEN, &desc);
	file.data[desc.offset + desc.size / 2] ^= 0x10;
	put_le64(file.data + DESCS + 22 * DISKDUMP_PAGE_DESC_LEN, file.len);
	assert_true(verify_bytes(file.data, file.len, &r));
	assert_false(r.is_whole);
	assert_int_equal(r.pages_present, PRESENT - 1);
	assert_int_equal(r.pages_decoded, PRESENT - 2);
	assert_int_equal(r.pages_damaged, 1);
	assert_int_equal(r.pages_lost, 1);
	assert_int_equal(r.num_damage, 2);
	assert_int_equal(r.damage[0].pfn, 20);
	assert_non_null(strstr(r.damage[0].why, "0x14000"));
	assert_non_null(strstr(r.damage[0].why, "zlib"));
	assert_int_equal(r.damage[1].pfn, 30);
	assert_int_equal(r.damage[1].count, 1);
	assert_null(r.damage[1].why);
	verify_result_deinit(&r);
	buf_deinit(&file);
	gen_deinit(&g);
}

static void only_the_first_damaged_pages_are_told_but_all_are_counted(void **state)
{
	struct buf file = BUF_INIT;
	struct verify_result r;
	struct gen g;

	small_machine(&g);
	gen_kdump(&g, &(struct gen_kdump_options){.codec = DISKDUMP_ZSTD}, &file);
	for (pfn_t i = 0; i < PRESENT; i++)
		put_le32(file.data + DESCS + i * DISKDUMP_PAGE_DESC_LEN + 8, 3);
	assert_true(verify_bytes(file.data, file.len, &r));
	assert_false(r.is_whole);
	assert_int_equal(r.pages_damaged, PRESENT);
	assert_int_equal(r.pages_decoded, 0);
	assert_int_equal(r.num_damage, VERIFY_DAMAGE_MAX);
	for (size_t i = 0; i < VERIFY_DAMAGE_MAX; i++)
		assert_int_equal(r.damage[i].pfn, 8 + i);
	verify_result_deinit(&r);
	buf_deinit(&file);
	gen_deinit(&g);
}

static void one_part_of_a_split_dump_is_not_whole(void **state)
{
	struct gen_kdump_options o = {
		.codec = DISKDUMP_LZO, .is_split = true, .split_start = 0, .split_end = 30};
	struct buf file = BUF_INIT;
	struct verify_result r;
	struct gen g;

	small_machine(&g);
	gen_kdump(&g, &o, &file);
	assert_true(verify_bytes(file.data, file.len, &r));
	assert_false(r.is_whole);
	assert_int_equal(r.pages_decoded, 22);
	assert_int_equal(r.pages_lost, PRESENT - 22);
	verify_result_deinit(&r);
	buf_deinit(&file);
	gen_deinit(&g);
}

static void a_note_that_is_cut_off_is_damage(void **state)
{
	struct buf file = BUF_INIT;
	struct verify_result r;
	struct gen g;

	small_machine(&g);
	gen_elf(&g, NULL, &file);
	/* The length of the first note's descriptor; the notes follow two program headers.
	 */
	put_le32(file.data + 64 + 2 * 56 + 4, 0x10000);
	assert_true(verify_bytes(file.data, file.len, &r));
	assert_true(r.notes_are_damaged);
	assert_false(r.is_whole);
	buf_deinit(&file);
	gen_deinit(&g);
}

static void a_dump_without_any_memory_is_not_whole(void **state)
{
	struct buf file = BUF_INIT;
	struct verify_result r;
	struct gen g;

	gen_init(&g, 12, 8);
	gen_elf(&g, NULL, &file);
	assert_true(verify_bytes(file.data, file.len, &r));
	assert_false(r.is_whole);
	assert_int_equal(verify_coverage(&r), 0);
	buf_deinit(&file);
	gen_deinit(&g);
}

static void a_file_may_claim_any_amount_of_memory(void **state)
{
	struct buf file = BUF_INIT;
	struct verify_result r;
	struct gen g;
	u8 *load;

	small_machine(&g);
	gen_elf(&g, NULL, &file);
	/* 4 petabytes less the first pages, of which the file has few and says no more, or
	 * should have all. */
	load = (u8 *)file.data + 64 + 56;
	put_le64(load + 40, ((u64)1 << 52) - 8 * 4096);
	assert_true(verify_bytes(file.data, file.len, &r));
	assert_int_equal(r.pages_decoded, PRESENT);
	assert_int_equal(r.pages_excluded, ((u64)1 << 40) - 8 - PRESENT);
	assert_int_equal(verify_coverage(&r), 0);
	put_le64(load + 32, ((u64)1 << 52) - 8 * 4096);
	assert_true(verify_bytes(file.data, file.len, &r));
	assert_int_equal(r.pages_lost, ((u64)1 << 40) - 8 - PRESENT);
	assert_int_equal(r.num_damage, 1);
	assert_int_equal(r.damage[0].pfn, 8 + PRESENT);
	assert_int_equal(r.damage[0].count, r.pages_lost);
	assert_false(r.is_whole);
	verify_result_deinit(&r);
	buf_deinit(&file);
	gen_deinit(&g);
}

#define MANY_PAGES 6000

/* A damaged page among each 97, and a run of descriptors that point nowhere. */
static void damage_many(struct buf *file, u64 descs)
{
	for (pfn_t pfn = 50; pfn < MANY_PAGES; pfn += 97)
		put_le32(file->data + descs + pfn * DISKDUMP_PAGE_DESC_LEN + 8, 3);
	for (pfn_t pfn = 1000; pfn < 1040; pfn++)
		put_le64(file->data + descs + pfn * DISKDUMP_PAGE_DESC_LEN, 0);
}

static void any_number_of_workers_finds_the_same(void **state)
{
	struct verify_result one, r;
	struct buf file = BUF_INIT;
	struct gen g;

	gen_init(&g, 12, MANY_PAGES);
	gen_ram(&g, 0, MANY_PAGES, GEN_PRESENT);
	for (pfn_t pfn = 0; pfn < MANY_PAGES; pfn += 1 + pfn % 3)
		gen_fill(&g, pfn);
	gen_kdump(&g, &(struct gen_kdump_options){.codec = DISKDUMP_ZSTD}, &file);
	damage_many(&file, DESCS);
	assert_true(verify_bytes(file.data, file.len, &one));
	assert_int_equal(one.num_damage, VERIFY_DAMAGE_MAX);
	assert_int_equal(one.pages_lost, 40);
	assert_int_equal(one.damage[10].pfn, 1000);
	assert_int_equal(one.damage[10].count, 40);
	for (unsigned workers = 2; workers <= 8; workers++) {
		assert_true(verify_with(workers, file.data, file.len, &r));
		assert_int_equal(r.pages_present, one.pages_present);
		assert_int_equal(r.pages_decoded, one.pages_decoded);
		assert_int_equal(r.pages_zero, one.pages_zero);
		assert_int_equal(r.pages_damaged, one.pages_damaged);
		assert_int_equal(r.pages_lost, one.pages_lost);
		assert_int_equal(r.num_damage, one.num_damage);
		for (size_t i = 0; i < r.num_damage; i++) {
			assert_int_equal(r.damage[i].pfn, one.damage[i].pfn);
			assert_int_equal(r.damage[i].count, one.damage[i].count);
		}
		verify_result_deinit(&r);
	}
	verify_result_deinit(&one);
	buf_deinit(&file);
	gen_deinit(&g);
}

static bool stop_after_two(void *ctx, const struct verify_progress *p)
{
	unsigned *calls = ctx;

	assert_true(p->pfns_done <= p->pfns_total);
	return ++*calls == 2;
}

static void verifying_can_be_given_up(void **state)
{
	unsigned calls = 0;
	struct verify_options o = {
		.num_workers = 1, .progress = stop_after_two, .progress_ctx = &calls};
	struct buf file = BUF_INIT;
	struct byte_source src;
	struct dump *d;
	struct verify_result r;
	struct gen g;

	gen_init(&g, 12, 4096);
	gen_ram(&g, 0, 4096, GEN_PRESENT);
	gen_elf(&g, NULL, &file);
	src = source_from_memory(file.data, file.len, "vmcore");
	assert_success(dump_open_source(&src, formats, &d));
	assert_failure(verify_dump(d, &o, &r), ERR_INCOMPLETE, "given up");
	assert_int_equal(calls, 2);
	dump_close(d);
	buf_deinit(&file);
	gen_deinit(&g);
}

static struct err *verify_damaged(void *ctx)
{
	struct byte_source *src = ctx;
	struct dump *d = NULL;
	struct verify_result r = {0};
	struct err *err = dump_open_source(src, formats, &d);

	if (!err)
		err = verify_dump(d, &defaults, &r);
	if (!err)
		assert_false(r.is_whole);
	verify_result_deinit(&r);
	dump_close(d);
	return err;
}

static void lack_of_memory_is_an_error_wherever_it_comes(void **state)
{
	struct buf file = BUF_INIT;
	struct byte_source src;
	struct gen g;

	small_machine(&g);
	gen_kdump(&g, &(struct gen_kdump_options){.codec = DISKDUMP_ZSTD}, &file);
	for (pfn_t i = 0; i < 3; i++)
		put_le32(file.data + DESCS + i * DISKDUMP_PAGE_DESC_LEN + 8, 3);
	src = source_from_memory(file.data, file.len, "vmcore");
	assert_true(each_allocation_fails_once(verify_damaged, &src) > 8);
	buf_deinit(&file);
	gen_deinit(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_healthy_dump_of_each_kind_is_whole),
		cmocka_unit_test(memory_that_an_elf_core_leaves_out_counts_as_left_out),
		cmocka_unit_test(ram_that_ends_inside_a_page_is_not_damage),
		cmocka_unit_test(a_file_cut_off_anywhere_is_not_whole),
		cmocka_unit_test(the_mark_of_a_collector_that_was_cut_short_counts),
		cmocka_unit_test(each_damaged_page_is_told_by_its_address),
		cmocka_unit_test(only_the_first_damaged_pages_are_told_but_all_are_counted),
		cmocka_unit_test(one_part_of_a_split_dump_is_not_whole),
		cmocka_unit_test(a_note_that_is_cut_off_is_damage),
		cmocka_unit_test(a_dump_without_any_memory_is_not_whole),
		cmocka_unit_test(a_file_may_claim_any_amount_of_memory),
		cmocka_unit_test(any_number_of_workers_finds_the_same),
		cmocka_unit_test(verifying_can_be_given_up),
		cmocka_unit_test(lack_of_memory_is_an_error_wherever_it_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
