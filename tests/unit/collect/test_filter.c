#include "testing.h"

#include "collect/bits_priv.h"
#include "collect/filter_priv.h"
#include "gen_kernel.h"

static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};

#define ANONYMOUS 0xffff888000001001ULL
#define FILE_PAGE 0xffff888000001000ULL

struct world {
	struct gen g;
	struct buf file;
	struct byte_source src;
	struct dump *d;
	struct dump_reader *reader;
	struct filter *filter;
	struct filter_scan *scan;
	struct filter_chunk chunk;
};

/* Two chunks of page frames, all in use by the kernel. */
static void begin(struct world *w)
{
	*w = (struct world){0};
	gen_kernel_init_big(&w->g, GEN_KERNEL_6_1, 2 * CHUNK_PAGES);
}

static void open_filter_with(struct world *w, const struct filter_options *options)
{
	gen_elf(&w->g, NULL, &w->file);
	w->src = source_from_memory(w->file.data, w->file.len, "source");
	assert_success(dump_open_source(&w->src, formats, &w->d));
	assert_success(dump_reader_open(w->d, &w->reader));
	assert_success(filter_open(w->d, options, &w->filter));
	assert_success(filter_scan_open(w->filter, w->reader, &w->scan));
}

static void open_filter(struct world *w, unsigned level)
{
	const struct filter_options options = {.level = level};

	open_filter_with(w, &options);
}

static void scan(struct world *w, pfn_t first)
{
	filter_scan_chunk(w->scan, first, 2 * CHUNK_PAGES, &w->chunk);
}

static void end(struct world *w)
{
	filter_scan_close(w->scan);
	filter_close(w->filter);
	dump_reader_close(w->reader);
	dump_close(w->d);
	buf_deinit(&w->file);
	gen_deinit(&w->g);
}

static u64 num_kept(const struct world *w, pfn_t first, u64 count)
{
	u64 n = 0;

	for (pfn_t pfn = first; pfn < first + count; pfn++)
		n += bits_find(w->chunk.kept, pfn - w->chunk.first,
			       pfn - w->chunk.first + 1, true) == pfn - w->chunk.first;
	return n;
}

static void a_chunk_counts_what_it_keeps_and_leaves_out(void **state)
{
	struct world w;

	begin(&w);
	gen_kernel_free(&w.g, GEN_KERNEL_6_1, 4096, 10);
	gen_kernel_set(&w.g, 5121,
		       (struct gen_page_struct){.flags = GEN_PG_LRU, .mapping = FILE_PAGE});
	open_filter(&w, 31);
	scan(&w, 0);
	assert_int_equal(w.chunk.first, 0);
	assert_int_equal(w.chunk.pages_ram, CHUNK_PAGES - 1);
	assert_int_equal(w.chunk.pages_not_in_source, 0);
	assert_int_equal(w.chunk.excluded[PAGE_FREE], 1024);
	assert_int_equal(w.chunk.excluded[PAGE_CACHE], 1);
	assert_int_equal(w.chunk.num_kept, CHUNK_PAGES - 1 - 1025);
	assert_int_equal(num_kept(&w, 4096, 1026), 1);
	assert_int_equal(bits_count(w.chunk.kept, CHUNK_PAGES), w.chunk.num_kept);
	end(&w);
}

static void a_chunk_that_begins_inside_a_compound_page_finds_its_head(void **state)
{
	struct world w;

	begin(&w);
	gen_kernel_hugetlb(&w.g, GEN_KERNEL_6_1, 0, 16);
	open_filter(&w, 8);
	/* The second one first: nothing is carried from one to the other. */
	scan(&w, CHUNK_PAGES);
	assert_int_equal(w.chunk.num_kept, 0);
	assert_int_equal(w.chunk.excluded[PAGE_USER], CHUNK_PAGES);
	scan(&w, 0);
	assert_int_equal(w.chunk.num_kept, 0);
	end(&w);
}

static void ram_that_begins_inside_a_compound_page_finds_its_head(void **state)
{
	struct world w;

	begin(&w);
	gen_kernel_compound(&w.g, GEN_KERNEL_6_1, 8192, 9, GEN_PG_LRU, ANONYMOUS);
	/* The source lacks the first pages, perhaps because they were zero. */
	gen_ram(&w.g, 8192, 5, GEN_EXCLUDED);
	open_filter(&w, 8);
	scan(&w, 0);
	assert_int_equal(num_kept(&w, 8192, 512), 0);
	assert_int_equal(w.chunk.excluded[PAGE_USER], 507);
	end(&w);
}

/* The first struct of the second chunk is a tail of what @head says. */
static void scan_behind(struct world *w, vaddr_t head)
{
	gen_kernel_set(&w->g, CHUNK_PAGES,
		       (struct gen_page_struct){.compound_head = head | 1});
	open_filter(w, 31);
	scan(w, CHUNK_PAGES);
	assert_int_equal(num_kept(w, CHUNK_PAGES, 1), 1);
	end(w);
}

static void a_head_outside_the_memmap_is_not_believed(void **state)
{
	struct world w;
	u64 memmap = 0xffffffff80000000 + (GEN_KERNEL_STRUCTS_PFN << 12);

	/* Not mapped, before the map, between two structs, behind the tail, and one that
	 * is no compound page. */
	const vaddr_t heads[] = {0,
				 0xdead000000000000,
				 memmap - 64,
				 memmap + 40,
				 memmap + (CHUNK_PAGES + 2) * 64,
				 memmap + 64 * 4096};

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		begin(&w);
		gen_kernel_compound(&w.g, GEN_KERNEL_6_1, CHUNK_PAGES + 2, 1, GEN_PG_LRU,
				    ANONYMOUS);
		scan_behind(&w, heads[i]);
	}
}

static void a_head_whose_pages_end_before_the_tail_is_not_believed(void **state)
{
	struct world w;
	u64 memmap = 0xffffffff80000000 + (GEN_KERNEL_STRUCTS_PFN << 12);

	begin(&w);
	gen_kernel_compound(&w.g, GEN_KERNEL_6_1, CHUNK_PAGES - 512, 8, GEN_PG_LRU,
			    ANONYMOUS);
	scan_behind(&w, memmap + (u64)(CHUNK_PAGES - 512) * 64);
}

static void broken_memory_in_a_hugetlb_page_takes_all_of_it_away(void **state)
{
	struct world w;
	u8 *head;

	begin(&w);
	gen_kernel_hugetlb(&w.g, GEN_KERNEL_6_1, 8192, 9);
	head = gen_page(&w.g, GEN_KERNEL_STRUCTS_PFN + 8192 * 64 / 4096);
	head[2] |= GEN_PG_HWPOISON >> 16;
	open_filter(&w, 0);
	scan(&w, 0);
	assert_int_equal(num_kept(&w, 8192, 512), 0);
	assert_int_equal(w.chunk.excluded[PAGE_HWPOISON], 512);
	end(&w);
}

static void a_broken_tail_page_is_left_out_of_what_is_kept(void **state)
{
	struct world w;
	u8 *tail;

	begin(&w);
	gen_kernel_compound(&w.g, GEN_KERNEL_6_1, 8192, 3, GEN_PG_LRU, ANONYMOUS);
	tail = gen_page(&w.g, GEN_KERNEL_STRUCTS_PFN + 8192 * 64 / 4096) + 5 * 64;
	tail[2] |= GEN_PG_HWPOISON >> 16;
	open_filter(&w, 0);
	scan(&w, 0);
	assert_int_equal(num_kept(&w, 8192, 8), 7);
	assert_int_equal(w.chunk.excluded[PAGE_HWPOISON], 1);
	end(&w);
}

/* ---- the memory map of what is left out ---- */

#define STRUCTS_PER_PAGE 64

static void open_filter_without_memmap(struct world *w)
{
	const struct filter_options options = {.level = 31, .excludes_memmap = true};

	open_filter_with(w, &options);
}

/* The page of the memory map that describes @pfn. */
static pfn_t map_of(pfn_t pfn)
{
	return GEN_KERNEL_STRUCTS_PFN + pfn / STRUCTS_PER_PAGE;
}

static void memory_map_of_pages_left_out_can_be_left_out(void **state)
{
	struct world w;

	begin(&w);
	gen_kernel_free(&w.g, GEN_KERNEL_6_1, 4096, 10);
	/* One page kept is enough to keep its part. */
	gen_kernel_compound(&w.g, GEN_KERNEL_6_1, 8192, 9, GEN_PG_LRU, ANONYMOUS);
	gen_kernel_set(&w.g, 8192 + 200, (struct gen_page_struct){0});
	gen_kernel_compound(&w.g, GEN_KERNEL_6_1, 8192, 7, GEN_PG_LRU, ANONYMOUS);
	/* Its map lies in the chunk before. */
	gen_kernel_hugetlb(&w.g, GEN_KERNEL_6_1, CHUNK_PAGES + 1024, 10);
	open_filter_without_memmap(&w);
	scan(&w, 0);
	assert_int_equal(num_kept(&w, map_of(4096), 16), 0);
	assert_int_equal(num_kept(&w, map_of(4096) - 1, 1), 1);
	assert_int_equal(num_kept(&w, map_of(4096) + 16, 1), 1);
	assert_int_equal(num_kept(&w, map_of(8192), 2), 0);
	assert_int_equal(num_kept(&w, map_of(8192) + 2, 6), 6);
	assert_int_equal(num_kept(&w, map_of(CHUNK_PAGES + 1024), 16), 0);
	assert_int_equal(w.chunk.excluded[PAGE_DEAD_MEMMAP], 16 + 2 + 16);
	assert_int_equal(w.chunk.num_kept, CHUNK_PAGES - 1 - 1024 - 128 - 34);
	scan(&w, CHUNK_PAGES);
	assert_int_equal(w.chunk.excluded[PAGE_DEAD_MEMMAP], 0);
	end(&w);
}

static void without_being_asked_the_memory_map_is_kept(void **state)
{
	struct world w;

	begin(&w);
	gen_kernel_free(&w.g, GEN_KERNEL_6_1, 4096, 10);
	open_filter(&w, 31);
	scan(&w, 0);
	assert_int_equal(num_kept(&w, map_of(4096), 16), 16);
	end(&w);
}

/* Page tables that map the memory map of the first chunk page by page. */
#define VMEMMAP 0xffffea0000000000ULL

static void a_page_that_is_in_the_memory_map_twice_is_kept(void **state)
{
	struct world w = {0};
	pfn_t tables = 60000;

	/* As the kernel does it for hugetlb pages: the tails' parts are one page. */
	gen_kernel_init_big(&w.g, GEN_KERNEL_6_1, 2 * CHUNK_PAGES);
	gen_put64(&w.g, (4 << 12) + (VMEMMAP >> 39 & 511) * 8, tables << 12 | 3);
	gen_put64(&w.g, tables << 12, (tables + 1) << 12 | 3);
	gen_put64(&w.g, (tables + 1) << 12, (tables + 2) << 12 | 3);
	for (u64 i = 0; i < 512; i++)
		gen_put64(&w.g, ((tables + 2) << 12) + i * 8,
			  (GEN_KERNEL_STRUCTS_PFN + i) << 12 | 3);
	for (unsigned i = 0; i < CHUNK_PAGES / GEN_KERNEL_SECTION; i++)
		gen_put64(&w.g, (2 << 12) + i * 16 + 8, VMEMMAP | 0xf);
	for (pfn_t pfn = 4096; pfn < 4096 + 512; pfn++)
		gen_kernel_set(&w.g, pfn,
			       (struct gen_page_struct){.flags = GEN_PG_LRU,
							.mapping = FILE_PAGE});
	/* The map's pages 3 … 5 are page 2. */
	for (u64 i = 3; i < 6; i++)
		gen_put64(&w.g, ((tables + 2) << 12) + (64 + i) * 8,
			  (map_of(4096) + 2) << 12 | 3);
	open_filter_without_memmap(&w);
	scan(&w, 0);
	assert_int_equal(num_kept(&w, map_of(4096), 2), 0);
	assert_int_equal(num_kept(&w, map_of(4096) + 2, 4), 4);
	assert_int_equal(num_kept(&w, map_of(4096) + 6, 2), 0);
	assert_int_equal(w.chunk.excluded[PAGE_DEAD_MEMMAP], 4);
	end(&w);
}

static void runs_of_bits_are_set_found_counted_and_cleared_anywhere(void **state)
{
	u8 bits[40] = {0}, model[320] = {0};

	for (u64 first = 0; first < 200; first += 7) {
		for (u64 len = 0; len < 120; len += 13) {
			u64 next = first;

			memset(bits, 0, sizeof(bits));
			memset(model, 0, sizeof(model));
			memset(model + first, 1, len);
			bits_set(bits, first, first + len);
			assert_int_equal(bits_count(bits, 320), len);
			assert_int_equal(bits_count(bits, first + len / 2), len / 2);
			for (u64 i = 0; i < 320; i++)
				assert_int_equal(bits[i / 8] >> i % 8 & 1, model[i]);
			if (len)
				next = bits_find(bits, 0, 320, true);
			assert_int_equal(next, first);
			assert_int_equal(bits_find(bits, next, 320, false), first + len);
			assert_int_equal(bits_clear(bits, first + len / 2, 320),
					 len - len / 2);
			assert_int_equal(bits_find(bits, first + len / 2, 320, true), 320);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chunk_counts_what_it_keeps_and_leaves_out),
		cmocka_unit_test(a_chunk_that_begins_inside_a_compound_page_finds_its_head),
		cmocka_unit_test(ram_that_begins_inside_a_compound_page_finds_its_head),
		cmocka_unit_test(a_head_outside_the_memmap_is_not_believed),
		cmocka_unit_test(a_head_whose_pages_end_before_the_tail_is_not_believed),
		cmocka_unit_test(broken_memory_in_a_hugetlb_page_takes_all_of_it_away),
		cmocka_unit_test(a_broken_tail_page_is_left_out_of_what_is_kept),
		cmocka_unit_test(memory_map_of_pages_left_out_can_be_left_out),
		cmocka_unit_test(without_being_asked_the_memory_map_is_kept),
		cmocka_unit_test(a_page_that_is_in_the_memory_map_twice_is_kept),
		cmocka_unit_test(runs_of_bits_are_set_found_counted_and_cleared_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
