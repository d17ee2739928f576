#include "opened_kernel.h"

#include "dump/dump.h"
#include "gen_kernel.h"
#include "kernel/memmap.h"
#include "kernel/pageclass.h"

struct world {
	struct opened_kernel o;
	enum gen_kernel_flavour flavour;
	struct dump_reader *reader;
	struct memmap *memmap;
	struct memmap_cursor cursor;
	struct typelist types; /* empty */
	struct pageclass classes;
};

static void begin(struct world *w, enum gen_kernel_flavour flavour)
{
	*w = (struct world){.flavour = flavour};
	gen_kernel_init(&w->o.g, flavour);
}

static void open_dump(struct world *w)
{
	opened_kernel_open_dump(&w->o);
	assert_success(dump_reader_open(w->o.d, &w->reader));
	assert_success(memmap_open(w->o.d, &w->memmap));
	w->cursor = memmap_cursor_init(w->memmap, w->reader);
	assert_success(pageclass_init(dump_vmcoreinfo(w->o.d), &w->types,
				      dump_notices(w->o.d), &w->classes));
}

static void end(struct world *w)
{
	memmap_close(w->memmap);
	dump_reader_close(w->reader);
	opened_kernel_deinit(&w->o);
}

static enum page_class judge(struct world *w, pfn_t pfn, u64 *ret_count)
{
	u8 structs[128];
	struct err *why;
	vaddr_t addr;
	pfn_t section_end;

	assert_true(memmap_find(&w->cursor, pfn, &addr, &section_end, &why));
	assert_null(why);
	assert_success(dump_read(w->o.d, ADDR_VIRTUAL, addr, structs, sizeof(structs)));
	return pageclass_judge(&w->classes, pfn, structs, structs + 64, ret_count);
}

static void assert_class(struct world *w, pfn_t pfn, enum page_class class, u64 count)
{
	u64 n;

	assert_int_equal(judge(w, pfn, &n), class);
	assert_int_equal(n, count);
}

static bool has_notice(struct world *w, const char *words)
{
	const struct notices *n = dump_notices(w->o.d);

	for (size_t i = 0; i < n->count; i++)
		if (strstr(n->texts[i], words))
			return true;
	return false;
}

/* Run a test for the page structs of both kernels. */
static void in_both(void (*f)(struct world *w))
{
	static const enum gen_kernel_flavour flavours[] = {GEN_KERNEL_6_1, GEN_KERNEL_6_12};

	for (size_t i = 0; i < ARRAY_SIZE(flavours); i++) {
		struct world w;

		begin(&w, flavours[i]);
		f(&w);
		end(&w);
	}
}

static void struct_pages_are_found_through_mem_section(void **state)
{
	struct world w;
	struct err *why;
	vaddr_t addr = 0, first;
	pfn_t section_end;

	begin(&w, GEN_KERNEL_6_1);
	open_dump(&w);
	assert_true(memmap_find(&w.cursor, 0, &first, &section_end, &why));
	assert_true(memmap_find(&w.cursor, 300, &addr, &section_end, &why));
	assert_int_equal(addr, first + 300 * 64);
	assert_int_equal(section_end, 512);
	assert_false(
		memmap_find(&w.cursor, GEN_KERNEL_NO_MEMMAP, &addr, &section_end, &why));
	assert_null(why);
	assert_int_equal(section_end, 1024);
	assert_false(memmap_find(&w.cursor, 1ull << 40, &addr, &section_end, &why));
	assert_null(why);
	end(&w);
}

static void mem_section_may_be_an_array_without_roots(void **state)
{
	struct world w;
	struct err *why;
	vaddr_t addr = 0;
	pfn_t section_end;

	begin(&w, GEN_KERNEL_6_1);
	gen_kernel_forget(&w.o.g, "(mem_section)");
	buf_add_str(&w.o.g.vmcoreinfo, "SYMBOL(mem_section)=ffffffff80002000\n"
				       "LENGTH(mem_section)=256\nSIZE(mem_section)=16\n");
	open_dump(&w);
	assert_true(memmap_find(&w.cursor, 300, &addr, &section_end, &why));
	assert_int_equal(addr, 0xffffffff80008000 + 300 * 64);
	end(&w);
}

static void a_memory_model_that_makes_no_sense_is_refused(void **state)
{
	struct world w;

	begin(&w, GEN_KERNEL_6_1);
	open_dump(&w);
	end(&w);
	begin(&w, GEN_KERNEL_6_1);
	gen_kernel_forget(&w.o.g, "LENGTH(mem_section)");
	opened_kernel_open_dump(&w.o);
	assert_failure(memmap_open(w.o.d, &w.memmap), ERR_ABSENT, "LENGTH(mem_section)");
	dump_close(w.o.d);
	w.o.d = NULL;
	w.o.file.len = 0;
	buf_add_str(&w.o.g.vmcoreinfo, "LENGTH(mem_section)=7\n");
	opened_kernel_open_dump(&w.o);
	assert_failure(memmap_open(w.o.d, &w.memmap), ERR_BAD_DATA,
		       "mem_section of 7 elements");
	end(&w);
}

static void free_blocks(struct world *w)
{
	gen_kernel_free(&w->o.g, w->flavour, 64, 6);
	gen_kernel_free(&w->o.g, w->flavour, 130, 0);
	/* An order that cannot be at this place, and one there is no list for. */
	gen_kernel_free(&w->o.g, w->flavour, 131, 1);
	gen_kernel_free(&w->o.g, w->flavour, 256, 40);
	open_dump(w);
	assert_class(w, 64, PAGE_FREE, 64);
	assert_class(w, 130, PAGE_FREE, 1);
	assert_class(w, 131, PAGE_FREE, 1);
	assert_class(w, 256, PAGE_FREE, 1);
	assert_class(w, 40, PAGE_KERNEL, 1);
	assert_int_equal(dump_notices(w->o.d)->count, 0);
}

static void free_blocks_are_as_long_as_their_order_says(void **state)
{
	in_both(free_blocks);
}

static void cache(struct world *w)
{
	u64 file = 0xffff888000001000, anonymous = file | 1;

	gen_kernel_set(&w->o.g, 40,
		       (struct gen_page_struct){.flags = GEN_PG_LRU, .mapping = file});
	gen_kernel_set(&w->o.g, 41,
		       (struct gen_page_struct){.flags = GEN_PG_LRU | GEN_PG_PRIVATE,
						.mapping = file});
	gen_kernel_set(&w->o.g, 42,
		       (struct gen_page_struct){.flags = GEN_PG_LRU, .mapping = anonymous});
	gen_kernel_set(
		&w->o.g, 43,
		(struct gen_page_struct){.flags = GEN_PG_SWAPCACHE | GEN_PG_SWAPBACKED});
	gen_kernel_set(&w->o.g, 44, (struct gen_page_struct){.flags = GEN_PG_SWAPCACHE});
	open_dump(w);
	assert_class(w, 40, PAGE_CACHE, 1);
	assert_class(w, 41, PAGE_CACHE_PRIVATE, 1);
	assert_class(w, 42, PAGE_USER, 1);
	assert_class(w, 43, PAGE_CACHE, 1);
	assert_class(w, 44, PAGE_KERNEL, 1);
}

static void page_cache_is_what_is_on_a_list_and_not_anonymous(void **state)
{
	in_both(cache);
}

static void compound_pages(struct world *w)
{
	gen_kernel_compound(&w->o.g, w->flavour, 64, 5, GEN_PG_LRU, 0xffff888000001001);
	gen_kernel_compound(&w->o.g, w->flavour, 128, 2, GEN_PG_LRU, 0xffff888000001000);
	gen_kernel_hugetlb(&w->o.g, w->flavour, 256, 8);
	gen_kernel_compound(&w->o.g, w->flavour, 132, 2, 0, 0);
	open_dump(w);
	assert_class(w, 64, PAGE_USER, 32);
	assert_class(w, 65, PAGE_KERNEL, 1);
	assert_class(w, 128, PAGE_CACHE, 4);
	assert_class(w, 256, PAGE_USER, 256);
	assert_class(w, 132, PAGE_KERNEL, 4);
}

static void a_compound_page_is_judged_by_its_head(void **state)
{
	in_both(compound_pages);
}

static void slab(struct world *w)
{
	bool is_old = w->flavour == GEN_KERNEL_6_1;

	gen_kernel_set(&w->o.g, 40,
		       (struct gen_page_struct){.flags = is_old ? GEN_PG_SLAB : 0,
						.type = is_old ? 0 : 0xf5000000,
						.mapping = 0xffff888000001001});
	gen_kernel_set(&w->o.g, 41,
		       (struct gen_page_struct){.type = is_old ? (u32)-257 : 0xf1000000});
	gen_kernel_set(&w->o.g, 42,
		       (struct gen_page_struct){.flags = GEN_PG_HWPOISON | GEN_PG_LRU});
	open_dump(w);
	assert_class(w, 40, PAGE_KERNEL, 1);
	assert_class(w, 41, PAGE_OFFLINE, 1);
	assert_class(w, 42, PAGE_HWPOISON, 1);
}

static void slab_pages_are_never_taken_for_a_processs_memory(void **state)
{
	in_both(slab);
}

static void what_vmcoreinfo_does_not_tell_is_kept_and_said(void **state)
{
	struct world w;

	begin(&w, GEN_KERNEL_6_1);
	gen_kernel_forget(&w.o.g, "PG_slab");
	gen_kernel_forget(&w.o.g, "PAGE_BUDDY_MAPCOUNT_VALUE");
	gen_kernel_forget(&w.o.g, "PG_lru");
	gen_kernel_free(&w.o.g, GEN_KERNEL_6_1, 64, 2);
	gen_kernel_set(&w.o.g, 40, (struct gen_page_struct){.mapping = 0xffff888000001001});
	gen_kernel_set(&w.o.g, 41, (struct gen_page_struct){.flags = GEN_PG_LRU});
	open_dump(&w);
	assert_class(&w, 64, PAGE_KERNEL, 1);
	assert_class(&w, 40, PAGE_KERNEL, 1);
	assert_class(&w, 41, PAGE_KERNEL, 1);
	assert_true(has_notice(&w, "free pages"));
	assert_true(has_notice(&w, "slab"));
	assert_true(has_notice(&w, "page cache"));
	end(&w);
}

/* Answers of the dump's own types, one after the other. */
static void know(struct world *w, const char *type, const char *member, u64 value)
{
	w->types.wants[w->types.num_wants++] = (struct btf_want){.type = type,
								 .member = member,
								 .present = true,
								 .value = value,
								 .count = 1};
}

static void know_struct_page(struct world *w)
{
	know(w, "page", NULL, 64);
	know(w, "page", "flags", 0);
	know(w, "page", "compound_head", 8);
	know(w, "page", "mapping", 24);
	know(w, "page", "private", 40);
	know(w, "page", "_mapcount", 48);
	know(w, NULL, "PG_lru", 4);
	know(w, NULL, "PG_head", 6);
	know(w, NULL, "PG_swapcache", 10);
	know(w, NULL, "PG_private", 13);
	know(w, NULL, "PG_swapbacked", 17);
	know(w, NULL, "PG_hwpoison", 23);
	know(w, "zone", "free_area", 0);
	w->types.wants[w->types.num_wants - 1].count = 11;
}

/* VMCOREINFO of 6.1 or 6.12 without a word about pages. */
static void begin_without_pages(struct world *w, enum gen_kernel_flavour flavour)
{
	begin(w, flavour);
	gen_kernel_forget(&w->o.g, "page.");
	gen_kernel_forget(&w->o.g, "NUMBER(P");
	gen_kernel_forget(&w->o.g, "NUMBER(HUGE");
	gen_kernel_forget(&w->o.g, "free_area");
	know_struct_page(w);
}

static void make_a_page_of_each_class(struct world *w)
{
	gen_kernel_free(&w->o.g, w->flavour, 64, 6);
	gen_kernel_compound(&w->o.g, w->flavour, 128, 2, GEN_PG_LRU, 0xffff888000001001);
	gen_kernel_hugetlb(&w->o.g, w->flavour, 256, 8);
	gen_kernel_set(&w->o.g, 40,
		       (struct gen_page_struct){.flags = GEN_PG_LRU | GEN_PG_PRIVATE,
						.mapping = 0xffff888000001000});
	gen_kernel_set(&w->o.g, 41, (struct gen_page_struct){.flags = GEN_PG_HWPOISON});
	open_dump(w);
	assert_class(w, 64, PAGE_FREE, 64);
	assert_class(w, 128, PAGE_USER, 4);
	assert_class(w, 256, PAGE_USER, 256);
	assert_class(w, 40, PAGE_CACHE_PRIVATE, 1);
	assert_class(w, 41, PAGE_HWPOISON, 1);
}

static void what_vmcoreinfo_lacks_comes_from_the_types_of_the_dump(void **state)
{
	struct world w;

	begin_without_pages(&w, GEN_KERNEL_6_12);
	know(&w, NULL, "PGTY_buddy", 0xf0);
	know(&w, NULL, "PGTY_slab", 0xf5);
	know(&w, NULL, "PGTY_hugetlb", 0xf4);
	know(&w, NULL, "PGTY_offline", 0xf1);
	make_a_page_of_each_class(&w);
	assert_int_equal(dump_notices(w.o.d)->count, 0);
	end(&w);

	begin_without_pages(&w, GEN_KERNEL_6_1);
	know(&w, "page", "compound_dtor", 16);
	know(&w, "page", "compound_order", 17);
	know(&w, NULL, "PG_slab", 9);
	know(&w, NULL, "HUGETLB_PAGE_DTOR", 2);
	/* Known to the types only for a while, as the bit that is cleared. */
	know(&w, NULL, "PG_buddy", 0x80);
	know(&w, NULL, "PG_offline", 0x100);
	make_a_page_of_each_class(&w);
	assert_int_equal(dump_notices(w.o.d)->count, 0);
	end(&w);
}

static void vmcoreinfo_is_believed_before_the_types(void **state)
{
	struct world w;

	begin(&w, GEN_KERNEL_6_1);
	know(&w, "page", "mapping", 32);
	know(&w, NULL, "PG_lru", 5);
	gen_kernel_set(&w.o.g, 40,
		       (struct gen_page_struct){.flags = GEN_PG_LRU,
						.mapping = 0xffff888000001001});
	open_dump(&w);
	assert_class(&w, 40, PAGE_USER, 1);
	end(&w);
}

static void members_outside_struct_page_are_bad_data(void **state)
{
	struct world w;

	begin(&w, GEN_KERNEL_6_1);
	open_dump(&w);
	end(&w);
	begin(&w, GEN_KERNEL_6_1);
	gen_kernel_forget(&w.o.g, "page.private");
	buf_add_str(&w.o.g.vmcoreinfo, "OFFSET(page.private)=60\n");
	opened_kernel_open_dump(&w.o);
	assert_failure(pageclass_init(dump_vmcoreinfo(w.o.d), &w.types, dump_notices(w.o.d),
				      &w.classes),
		       ERR_BAD_DATA, "outside its 64 bytes");
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(struct_pages_are_found_through_mem_section),
		cmocka_unit_test(mem_section_may_be_an_array_without_roots),
		cmocka_unit_test(a_memory_model_that_makes_no_sense_is_refused),
		cmocka_unit_test(free_blocks_are_as_long_as_their_order_says),
		cmocka_unit_test(page_cache_is_what_is_on_a_list_and_not_anonymous),
		cmocka_unit_test(a_compound_page_is_judged_by_its_head),
		cmocka_unit_test(slab_pages_are_never_taken_for_a_processs_memory),
		cmocka_unit_test(what_vmcoreinfo_does_not_tell_is_kept_and_said),
		cmocka_unit_test(what_vmcoreinfo_lacks_comes_from_the_types_of_the_dump),
		cmocka_unit_test(vmcoreinfo_is_believed_before_the_types),
		cmocka_unit_test(members_outside_struct_page_are_bad_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
