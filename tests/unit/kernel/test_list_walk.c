/* Lists that end, lists that lead into themselves, and lists that break off. */
#include "opened_kernel.h"

#include "kernel/list_walk.h"

#define IMAGE 0xffffffff80000000ULL
#define NODES 0x1000
#define PAGES 256

static const char vmcoreinfo[] =
	"OSRELEASE=6.1.0-gen\nPAGESIZE=4096\nNUMBER(phys_base)=0\n"
	"SYMBOL(swapper_pg_dir)=ffffffff80000000\nNUMBER(KERNEL_IMAGE_SIZE)=1073741824\n";

static vaddr_t node(u64 n)
{
	return IMAGE + NODES + 16 * n;
}

static void prepare(struct opened_kernel *o)
{
	gen_init(&o->g, 12, PAGES);
	gen_ram(&o->g, 0, PAGES, GEN_PRESENT);
	buf_add_str(&o->g.vmcoreinfo, vmcoreinfo);
}

/* From node @first on, @len in a row; the last leads to @then. */
static void put_row(struct opened_kernel *o, u64 first, u64 len, vaddr_t then)
{
	for (u64 i = 0; i < len; i++)
		gen_put64(&o->g, node(first + i) - IMAGE,
			  i + 1 < len ? node(first + i + 1) : then);
}

/* Entries before the end, or before the error @ret. */
static u64 count_entries(struct opened_kernel *o, u64 head, u64 max, struct err **ret)
{
	struct list_walk w;
	vaddr_t entry;
	u64 count = 0;

	list_walk_begin(&w, o->k, node(head), 8, max);
	while (!(*ret = list_walk_next(&w, &entry)) && entry)
		count++;
	return count;
}

static void a_list_leads_back_to_its_head(void **state)
{
	struct opened_kernel o = {0};
	struct list_walk w;
	struct err *err;
	vaddr_t entry;

	prepare(&o);
	put_row(&o, 0, 4, node(0));
	put_row(&o, 10, 1, node(10));
	opened_kernel_open(&o);
	assert_int_equal(count_entries(&o, 0, 3, &err), 3);
	assert_null(err);
	assert_int_equal(count_entries(&o, 10, 3, &err), 0);
	assert_null(err);
	list_walk_begin(&w, o.k, node(0), 8, 3);
	assert_success(list_walk_next(&w, &entry));
	assert_int_equal(entry, node(1) - 8);
	opened_kernel_deinit(&o);
}

static void a_loop_is_noticed_however_long_it_is(void **state)
{
	struct opened_kernel o = {0};
	u64 first = 0;

	prepare(&o);
	for (u64 tail = 0; tail < 30; tail++)
		for (u64 len = 1; len < 30; len++, first += 64)
			put_row(&o, first, 1 + tail + len, node(first + 1 + tail));
	opened_kernel_open(&o);
	first = 0;
	for (u64 tail = 0; tail < 30; tail++)
		for (u64 len = 1; len < 30; len++, first += 64) {
			struct err *err;
			u64 count = count_entries(&o, first, 1u << 20, &err);

			assert_in_range(count, tail + len, 3 * (tail + len) + 3);
			assert_failure(err, ERR_BAD_DATA, "leads into itself");
		}
	opened_kernel_deinit(&o);
}

static void a_list_that_breaks_off_or_is_too_long_says_so(void **state)
{
	struct opened_kernel o = {0};
	struct err *err;

	prepare(&o);
	put_row(&o, 0, 5, 0);
	put_row(&o, 10, 5, IMAGE + ((u64)PAGES << 12));
	put_row(&o, 20, 9, node(20));
	opened_kernel_open(&o);
	assert_int_equal(count_entries(&o, 0, 100, &err), 4);
	assert_failure(err, ERR_BAD_DATA, "NULL");
	assert_int_equal(count_entries(&o, 10, 100, &err), 5);
	assert_failure(err, ERR_FAULT, "breaks off");
	assert_int_equal(count_entries(&o, 20, 5, &err), 5);
	assert_failure(err, ERR_BAD_DATA, "longer than can be believed");
	opened_kernel_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_leads_back_to_its_head),
		cmocka_unit_test(a_loop_is_noticed_however_long_it_is),
		cmocka_unit_test(a_list_that_breaks_off_or_is_too_long_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
