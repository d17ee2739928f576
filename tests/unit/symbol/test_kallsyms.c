#include "tables.h"

#define TEXT 0xffffffff81000000ULL

static struct kallsyms_bytes bytes;
static const char very_long_name[] =
	"t_RNvXs4_NtNtNtCs1234567890a_6kernel4sync3arc_INtB5_3ArcNtNtB9_4task4TaskENtNtNt"
	"Cs9876543210z_4core3ops4drop4Drop4dropCsaaaaaaaaaaaaaaaaaaaa_12some_driver_of_a_"
	"rather_long_crate_name_that_goes_on_and_on_and_on";

/* The tables of a kernel with CONFIG_KALLSYMS_ABSOLUTE_PERCPU. */
static struct kallsyms *open_example(void)
{
	struct kallsyms *k = NULL;
	struct kallsyms_tables tables;

	kallsyms_bytes_init(&bytes);
	kallsyms_bytes_add(&bytes, "Afixed_percpu_data", 0);
	kallsyms_bytes_add(&bytes, "Drunqueues", 0x31c40);
	kallsyms_bytes_add(&bytes, "T_stext", -1);
	kallsyms_bytes_add(&bytes, "T_text", -1);
	kallsyms_bytes_add(&bytes, "tdo_task", -1 - 0x100);
	kallsyms_bytes_add(&bytes, very_long_name, -1 - 0x180);
	kallsyms_bytes_add(&bytes, "Tdo_task", -1 - 0x200);
	kallsyms_bytes_add(&bytes, "Tstart_kernel", -1 - 0x280);
	tables = kallsyms_bytes_tables(&bytes, TEXT, TEXT);
	assert_success(kallsyms_open(&tables, &k));
	return k;
}

static void a_name_is_found_and_has_the_address_of_its_offset(void **state)
{
	cleanup(kallsyms_freep) struct kallsyms *k = open_example();
	vaddr_t addr;

	assert_true(kallsyms_find(k, "start_kernel", &addr));
	assert_int_equal(addr, TEXT + 0x280);
	assert_true(kallsyms_find(k, "_stext", &addr));
	assert_int_equal(addr, TEXT);
	assert_false(kallsyms_find(k, "start_kerne", &addr));
	assert_false(kallsyms_find(k, "Tstart_kernel", &addr));
	assert_false(kallsyms_find(k, "", &addr));
}

static void a_per_cpu_symbol_keeps_its_small_address(void **state)
{
	cleanup(kallsyms_freep) struct kallsyms *k = open_example();
	vaddr_t addr;

	assert_true(kallsyms_find(k, "runqueues", &addr));
	assert_int_equal(addr, 0x31c40);
}

static void a_global_symbol_wins_over_a_static_one_of_the_same_name(void **state)
{
	cleanup(kallsyms_freep) struct kallsyms *k = open_example();
	vaddr_t addr;

	assert_true(kallsyms_find(k, "do_task", &addr));
	assert_int_equal(addr, TEXT + 0x200);
}

static void a_name_longer_than_127_tokens_is_read_whole(void **state)
{
	cleanup(kallsyms_freep) struct kallsyms *k = open_example();
	struct kallsyms_symbol symbol;
	vaddr_t addr;

	assert_true(kallsyms_find(k, very_long_name + 1, &addr));
	assert_int_equal(addr, TEXT + 0x180);
	assert_true(kallsyms_at(k, TEXT + 0x181, &symbol));
	assert_string_equal(symbol.name, very_long_name + 1);
	assert_int_equal(symbol.type, 't');
}

static void an_address_belongs_to_the_last_symbol_at_or_below_it(void **state)
{
	cleanup(kallsyms_freep) struct kallsyms *k = open_example();
	struct kallsyms_symbol symbol;

	assert_true(kallsyms_at(k, TEXT + 0x17f, &symbol));
	assert_string_equal(symbol.name, "do_task");
	assert_int_equal(symbol.addr, TEXT + 0x100);
	assert_int_equal(symbol.size, 0x80);
	assert_true(kallsyms_at(k, TEXT + 0x180, &symbol));
	assert_string_equal(symbol.name, very_long_name + 1);
	assert_true(kallsyms_at(k, TEXT + 0x100000, &symbol));
	assert_string_equal(symbol.name, "start_kernel");
	assert_int_equal(symbol.size, 0);
}

static void of_two_names_for_one_address_the_first_is_told(void **state)
{
	cleanup(kallsyms_freep) struct kallsyms *k = open_example();
	struct kallsyms_symbol symbol;

	assert_true(kallsyms_at(k, TEXT + 1, &symbol));
	assert_string_equal(symbol.name, "_stext");
	assert_int_equal(symbol.size, 0x100);
}

static void offsets_may_count_up_from_the_base(void **state)
{
	cleanup(kallsyms_freep) struct kallsyms *k = NULL;
	struct kallsyms_tables tables;
	vaddr_t addr;

	kallsyms_bytes_init(&bytes);
	kallsyms_bytes_add(&bytes, "T_stext", 0);
	kallsyms_bytes_add(&bytes, "Dfar_away", (s32)0x80000010);
	tables = kallsyms_bytes_tables(&bytes, TEXT, TEXT);
	assert_success(kallsyms_open(&tables, &k));
	assert_true(kallsyms_find(k, "far_away", &addr));
	assert_int_equal(addr, TEXT + 0x80000010);
}

static void offsets_may_count_from_their_own_place(void **state)
{
	cleanup(kallsyms_freep) struct kallsyms *k = NULL;
	struct kallsyms_tables tables;
	vaddr_t addr;

	kallsyms_bytes_init(&bytes);
	kallsyms_bytes_add(&bytes, "T_stext", -0x1000);
	kallsyms_bytes_add(&bytes, "Tstart_kernel", -0x1000);
	tables = kallsyms_bytes_tables(&bytes, 0, TEXT);
	tables.has_relative_base = false;
	tables.offsets_addr = TEXT + 0x1000;
	assert_success(kallsyms_open(&tables, &k));
	assert_true(kallsyms_find(k, "start_kernel", &addr));
	assert_int_equal(addr, TEXT + 4);
}

static void every_symbol_of_many_is_found_by_name_and_by_address(void **state)
{
	cleanup(kallsyms_freep) struct kallsyms *k = NULL;
	struct kallsyms_tables tables;
	char name[32];

	kallsyms_bytes_init(&bytes);
	kallsyms_bytes_add(&bytes, "T_stext", 0);
	for (u32 i = 1; i < 1000; i++) {
		snprintf(name, sizeof(name), "ttask_%u_start", i);
		kallsyms_bytes_add(&bytes, name, (s32)(i * 16));
	}
	tables = kallsyms_bytes_tables(&bytes, TEXT, TEXT);
	assert_success(kallsyms_open(&tables, &k));
	assert_int_equal(kallsyms_count(k), 1000);
	for (u32 i = 1; i < 1000; i++) {
		struct kallsyms_symbol symbol;
		vaddr_t addr;

		snprintf(name, sizeof(name), "task_%u_start", i);
		assert_true(kallsyms_find(k, name, &addr));
		assert_int_equal(addr, TEXT + i * 16);
		assert_true(kallsyms_at(k, addr + 15, &symbol));
		assert_string_equal(symbol.name, name);
	}
}

static void tables_that_contradict_themselves_are_refused(void **state)
{
	struct kallsyms *k = NULL;
	struct kallsyms_tables good, bad;

	kallsyms_bytes_init(&bytes);
	kallsyms_bytes_add(&bytes, "T_stext", 0);
	kallsyms_bytes_add(&bytes, "Tstart_kernel", 16);
	good = kallsyms_bytes_tables(&bytes, TEXT, TEXT);
	bad = good;
	bad.names_len--;
	assert_failure(kallsyms_open(&bad, &k), ERR_BAD_DATA, "name 1 of 2");
	bad = good;
	bad.num_symbols = 0xffffffff;
	assert_failure(kallsyms_open(&bad, &k), ERR_BAD_DATA, "4294967295");
	bad = good;
	bad.token_table_len = 100;
	assert_failure(kallsyms_open(&bad, &k), ERR_BAD_DATA, "outside the table");
	bad = good;
	bad.text_start += 4096;
	assert_failure(kallsyms_open(&bad, &k), ERR_BAD_DATA, "0xffffffff81001000");
	assert_null(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_found_and_has_the_address_of_its_offset),
		cmocka_unit_test(a_per_cpu_symbol_keeps_its_small_address),
		cmocka_unit_test(a_global_symbol_wins_over_a_static_one_of_the_same_name),
		cmocka_unit_test(a_name_longer_than_127_tokens_is_read_whole),
		cmocka_unit_test(an_address_belongs_to_the_last_symbol_at_or_below_it),
		cmocka_unit_test(of_two_names_for_one_address_the_first_is_told),
		cmocka_unit_test(offsets_may_count_up_from_the_base),
		cmocka_unit_test(offsets_may_count_from_their_own_place),
		cmocka_unit_test(every_symbol_of_many_is_found_by_name_and_by_address),
		cmocka_unit_test(tables_that_contradict_themselves_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
