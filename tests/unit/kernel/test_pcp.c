#include "opened_kernel.h"

#include "base/bytes.h"
#include "gen_pcp.h"
#include "kernel/pcp.h"

struct world {
	struct opened_kernel o;
	struct memmap *memmap;
	struct typelist types;
	struct pageclass classes;
	struct pcp *pcp;
};

static struct btf_want *type_of(struct world *w, const char *type, const char *member)
{
	for (size_t i = 0; i < w->types.num_wants; i++) {
		struct btf_want *want = &w->types.wants[i];

		if (want->type && want->member && !strcmp(want->type, type) &&
		    !strcmp(want->member, member))
			return want;
	}
	fail();
	return NULL;
}

static void begin(struct world *w)
{
	*w = (struct world){.types = gen_pcp_types()};
	gen_pcp_init(&w->o.g);
}

static struct err *read_lists(struct world *w)
{
	opened_kernel_open_dump(&w->o);
	assert_success(memmap_open(w->o.d, &w->memmap));
	assert_success(pageclass_init(dump_vmcoreinfo(w->o.d), &w->types,
				      dump_notices(w->o.d), &w->classes));
	return pcp_read(w->o.d, &w->types, w->memmap, &w->classes, &w->pcp);
}

static void end(struct world *w)
{
	pcp_free(w->pcp);
	memmap_close(w->memmap);
	opened_kernel_deinit(&w->o);
}

static void assert_block(struct world *w, pfn_t behind, pfn_t first, pfn_t block_end)
{
	pfn_t got_first, got_end;

	assert_true(pcp_find(w->pcp, behind, &got_first, &got_end));
	assert_int_equal(got_first, first);
	assert_int_equal(got_end, block_end);
}

/* Lists that a healthy kernel may have. */
static void fill(struct world *w)
{
	gen_pcp_push(&w->o.g, 0, 0, 0, 100, 0);
	gen_pcp_push(&w->o.g, 0, 0, 0, 60, 0);
	gen_pcp_push(&w->o.g, 0, 0, 0, 101, 0);
	gen_pcp_push(&w->o.g, 0, 1, 5, 200, 1);
	gen_pcp_push(&w->o.g, 1, 0, 11, 304, 3);
	gen_pcp_push(&w->o.g, 1, 1, 2, 59, 0);
}

static void free_pages_of_all_zones_and_cpus_are_found_in_order(void **state)
{
	struct world w;
	pfn_t first, block_end;

	begin(&w);
	fill(&w);
	assert_success(read_lists(&w));
	assert_int_equal(pcp_num_pages(w.pcp), 3 + 2 + 8 + 1);
	assert_block(&w, 0, 59, 60);
	assert_block(&w, 59, 59, 60);
	assert_block(&w, 60, 60, 61);
	assert_block(&w, 61, 100, 101);
	assert_block(&w, 101, 101, 102);
	assert_block(&w, 102, 200, 202);
	assert_block(&w, 201, 200, 202);
	assert_block(&w, 202, 304, 312);
	assert_false(pcp_find(w.pcp, 312, &first, &block_end));
	assert_int_equal(dump_notices(w.o.d)->count, 0);
	end(&w);
}

static void the_list_behind_those_of_low_orders_holds_huge_pages(void **state)
{
	struct world w;

	begin(&w);
	gen_pcp_push(&w.o.g, 0, 0, GEN_PCP_HUGE_LIST, 0, GEN_PCP_HUGE_ORDER);
	assert_success(read_lists(&w));
	assert_int_equal(pcp_num_pages(w.pcp), 512);
	assert_block(&w, 511, 0, 512);
	end(&w);
}

static void lists_inside_a_struct_of_older_kernels_are_found(void **state)
{
	struct world w;

	begin(&w);
	*type_of(&w, "zone", "per_cpu_pageset") =
		(struct btf_want){.type = "zone",
				  .member = "pageset",
				  .present = true,
				  .value = GEN_PCP_PAGESET};
	w.types.wants[w.types.num_wants++] = (struct btf_want){
		.type = "per_cpu_pageset", .member = "pcp", .present = true, .value = 0};
	fill(&w);
	assert_success(read_lists(&w));
	assert_int_equal(pcp_num_pages(w.pcp), 14);
	end(&w);
}

static void cpus_that_cannot_be_are_not_looked_at(void **state)
{
	struct world w;

	begin(&w);
	fill(&w);
	gen_put64(&w.o.g, GEN_PCP_POSSIBLE, 1);
	gen_put64(&w.o.g, GEN_PCP_OFFSETS + 8, 0xdead000000000000);
	assert_success(read_lists(&w));
	assert_int_equal(pcp_num_pages(w.pcp), 3 + 8);
	end(&w);
}

/* ---- one doubt keeps them all ---- */

static void page_in_use(struct world *w)
{
	gen_put32(&w->o.g, gen_pcp_struct_at(60) + 52, 1);
}

static void page_in_use_inside_a_block(struct world *w)
{
	gen_put32(&w->o.g, gen_pcp_struct_at(309) + 52, 1);
}

static void mapped_page(struct world *w)
{
	gen_put32(&w->o.g, gen_pcp_struct_at(60) + 48, 0);
}

static void buddy_page(struct world *w)
{
	gen_put32(&w->o.g, gen_pcp_struct_at(60) + 48, (u32)-129);
}

static void page_on_an_lru_list(struct world *w)
{
	gen_put64(&w->o.g, gen_pcp_struct_at(60), GEN_PG_LRU);
}

static void wrong_way_back(struct world *w)
{
	gen_put64(&w->o.g, gen_pcp_struct_at(60) + 16,
		  GEN_PCP_IMAGE + gen_pcp_struct_at(101) + 8);
}

static void wrong_end(struct world *w)
{
	gen_put64(&w->o.g, gen_pcp_lists_at(0, 0) + GEN_PCP_LISTS + 8,
		  GEN_PCP_IMAGE + gen_pcp_struct_at(60) + 8);
}

static void list_in_a_circle(struct world *w)
{
	gen_put64(&w->o.g, gen_pcp_struct_at(101) + 8,
		  GEN_PCP_IMAGE + gen_pcp_struct_at(100) + 8);
	gen_put64(&w->o.g, gen_pcp_struct_at(100) + 16,
		  GEN_PCP_IMAGE + gen_pcp_struct_at(101) + 8);
}

static void count_too_small(struct world *w)
{
	gen_put32(&w->o.g, gen_pcp_lists_at(0, 0), 2);
}

static void count_too_large(struct world *w)
{
	gen_put32(&w->o.g, gen_pcp_lists_at(0, 0), 4);
}

static void impossible_count(struct world *w)
{
	gen_put32(&w->o.g, gen_pcp_lists_at(0, 0), UINT32_MAX);
}

static void node_outside_the_memmap(struct world *w)
{
	gen_put64(&w->o.g, gen_pcp_struct_at(60) + 8, GEN_PCP_IMAGE + 8);
}

static void node_between_two_structs(struct world *w)
{
	gen_put64(&w->o.g, gen_pcp_struct_at(60) + 8,
		  GEN_PCP_IMAGE + gen_pcp_struct_at(101) + 16);
}

static void node_of_memory_without_memmap(struct world *w)
{
	gen_put64(&w->o.g, gen_pcp_struct_at(60) + 8,
		  GEN_PCP_IMAGE + gen_pcp_struct_at(GEN_KERNEL_NO_MEMMAP) + 8);
}

static void page_on_two_lists(struct world *w)
{
	gen_pcp_push(&w->o.g, 1, 1, 2, 201, 0);
}

static void block_at_an_odd_place(struct world *w)
{
	gen_pcp_push(&w->o.g, 1, 1, 5, 401, 1);
}

static void lists_that_cannot_be_read(struct world *w)
{
	gen_put64(&w->o.g, GEN_PCP_OFFSETS + 8, 0x10000000);
}

static void one_doubt_about_one_list_and_none_is_believed(void **state)
{
	static const struct {
		void (*damage)(struct world *w);
		enum err_code code;
		const char *words;
	} cases[] = {
		{page_in_use, ERR_BAD_DATA,
		 "node 1: zone 0: CPU 0: list 0: page frame 0x3c"},
		{page_in_use_inside_a_block, ERR_BAD_DATA, "0x135 is in use"},
		{mapped_page, ERR_BAD_DATA, "mapped or of a type"},
		{buddy_page, ERR_BAD_DATA, "mapped or of a type"},
		{page_on_an_lru_list, ERR_BAD_DATA, "flags"},
		{wrong_way_back, ERR_BAD_DATA, "lead back"},
		{wrong_end, ERR_BAD_DATA, "does not end"},
		{list_in_a_circle, ERR_BAD_DATA, "0x64 does not lead back"},
		{count_too_small, ERR_BAD_DATA, "longer than its count"},
		{count_too_large, ERR_BAD_DATA, "1 pages less"},
		{impossible_count, ERR_BAD_DATA, "a count of"},
		{node_outside_the_memmap, ERR_BAD_DATA, "not in the memory map"},
		{node_between_two_structs, ERR_BAD_DATA, "not in the memory map"},
		{node_of_memory_without_memmap, ERR_BAD_DATA, "not in the memory map"},
		{page_on_two_lists, ERR_BAD_DATA, "on two lists"},
		{block_at_an_odd_place, ERR_BAD_DATA, "cannot be a block"},
		{lists_that_cannot_be_read, ERR_FAULT, "CPU 1"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;

		begin(&w);
		fill(&w);
		cases[i].damage(&w);
		assert_failure(read_lists(&w), cases[i].code, cases[i].words);
		assert_null(w.pcp);
		end(&w);
	}
}

static void types_that_are_not_as_expected_are_refused(void **state)
{
	struct world w;

	begin(&w);
	w.types.num_wants = 0;
	assert_failure(read_lists(&w), ERR_ABSENT, "types cannot be had");
	end(&w);
	begin(&w);
	type_of(&w, "per_cpu_pages", "lists")->count = 1000;
	assert_failure(read_lists(&w), ERR_BAD_DATA, "1000 lists");
	end(&w);
	begin(&w);
	type_of(&w, "pglist_data", "node_zones")->count = 0;
	assert_failure(read_lists(&w), ERR_BAD_DATA, "0 zones");
	end(&w);
	begin(&w);
	type_of(&w, "page", "_refcount")->value = 61;
	assert_failure(read_lists(&w), ERR_BAD_DATA, "outside its 64 bytes");
	end(&w);
	begin(&w);
	w.types.percpu_offsets = 0;
	assert_failure(read_lists(&w), ERR_ABSENT, "__per_cpu_offset");
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_pages_of_all_zones_and_cpus_are_found_in_order),
		cmocka_unit_test(the_list_behind_those_of_low_orders_holds_huge_pages),
		cmocka_unit_test(lists_inside_a_struct_of_older_kernels_are_found),
		cmocka_unit_test(cpus_that_cannot_be_are_not_looked_at),
		cmocka_unit_test(one_doubt_about_one_list_and_none_is_believed),
		cmocka_unit_test(types_that_are_not_as_expected_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
