#include "kernel/tiny_kernel.h"

static void symbols_are_found_by_name_and_by_address(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct symbol_at symbol;
	vaddr_t addr;

	tiny_kernel_open(t);
	assert_true(kernel_symbol_find(t->k, "middle", &addr));
	assert_int_equal(addr, TINY(0x1200));
	assert_true(kernel_symbol_at(t->k, TINY(0x12ff), &symbol));
	assert_string_equal(symbol.name, "middle");
	assert_string_equal(symbol.module, "");
	assert_int_equal(symbol.offset, 0xff);
	assert_int_equal(symbol.size, 0x100);
	assert_failure(kernel_symbol_get(t->k, "nothing", &addr), ERR_ABSENT, "nothing");
}

static void only_code_is_text(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct symbol_at symbol;

	tiny_kernel_open(t);
	assert_true(kernel_is_text(t->k, TINY(TINY_TEXT)));
	assert_true(kernel_is_text(t->k, TINY(TINY_TEXT_END) - 1));
	assert_false(kernel_is_text(t->k, TINY(TINY_TEXT_END)));
	assert_false(kernel_is_text(t->k, TINY(TINY_TEXT) - 1));
	assert_true(kernel_is_text(t->k, TINY(TINY_MODULE_TEXT)));
	assert_false(kernel_is_text(t->k, TINY(TINY_MODULE_TEXT + 0x200)));
	assert_false(kernel_symbol_at(t->k, TINY(TINY_VARIABLES), &symbol));
}

static void a_per_cpu_variable_has_a_copy_per_cpu(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	vaddr_t addr;

	tiny_kernel_open(t);
	assert_success(kernel_percpu_symbol(t->k, "runqueues", 1, &addr));
	assert_int_equal(addr, TINY(0x2040));
	assert_success(kernel_percpu(t->k, 0x8, 0, &addr));
	assert_int_equal(addr, 0x1008);
	assert_failure(kernel_percpu(t->k, 0x8, 1u << 30, &addr), ERR_BAD_DATA,
		       "1073741824");
	assert_failure(kernel_percpu_symbol(t->k, "nothing", 0, &addr), ERR_ABSENT,
		       "nothing");
}

static void the_direct_map_is_told_to_the_dump(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	u64 value;

	tiny_kernel_open(t);
	assert_success(kernel_read_u64(
		t->k, 0xff11000000000000ULL + TINY_VARIABLES + TINY_PERCPU_OFFSETS,
		&value));
	assert_int_equal(value, 0x1000);
}

static void an_impossible_direct_map_is_a_notice(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);

	tiny_put64(t, TINY_VARIABLES + TINY_PAGE_OFFSET, 0x1234);
	tiny_kernel_open(t);
	assert_true(tiny_has_notice(t, "page_offset_base is 0x1234"));
}

static void numbers_and_strings_are_read(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	char text[8];
	u32 u32_value;
	u16 u16_value;
	u8 u8_value;

	tiny_put64(t, TINY_STACK, 0x1122334455667788ULL);
	memcpy(t->g.memory + TINY_NUM_PAGES * 4096 - 6, "rest\0x", 6);
	tiny_kernel_open(t);
	assert_success(kernel_read_u32(t->k, TINY(TINY_STACK), &u32_value));
	assert_int_equal(u32_value, 0x55667788);
	assert_success(kernel_read_u16(t->k, TINY(TINY_STACK), &u16_value));
	assert_int_equal(u16_value, 0x7788);
	assert_success(kernel_read_u8(t->k, TINY(TINY_STACK + 7), &u8_value));
	assert_int_equal(u8_value, 0x11);
	assert_success(kernel_read_str(t->k, TINY(TINY_TASK - 0x1000), text, sizeof(text)));
	assert_string_equal(text, "");
	/* The string ends, then memory does. */
	assert_success(
		kernel_read_str(t->k, TINY(TINY_NUM_PAGES * 4096 - 6), text, sizeof(text)));
	assert_string_equal(text, "rest");
	assert_failure(
		kernel_read_str(t->k, TINY(TINY_NUM_PAGES * 4096 - 1), text, sizeof(text)),
		ERR_FAULT, "string at");
}

static void a_long_string_is_cut_to_the_buffer(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	char text[5];

	memcpy(t->g.memory + TINY_STACK, "a long string", 14);
	tiny_kernel_open(t);
	assert_success(kernel_read_str(t->k, TINY(TINY_STACK), text, sizeof(text)));
	assert_string_equal(text, "a lo");
}

static void without_kallsyms_vmcoreinfo_knows_some_symbols(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t =
		tiny_kernel_new(TINY_NO_KALLSYMS);
	struct symbol_at symbol;
	vaddr_t addr;

	tiny_kernel_open(t);
	assert_true(tiny_has_notice(t, "SYMBOL(kallsyms_num_syms)"));
	assert_true(kernel_symbol_find(t->k, "only_here", &addr));
	assert_int_equal(addr, TINY(0x123));
	assert_failure(kernel_symbol_get(t->k, "middle", &addr), ERR_ABSENT,
		       "VMCOREINFO alone");
	assert_failure(kernel_percpu(t->k, 0, 0, &addr), ERR_ABSENT, "__per_cpu_offset");
	assert_false(kernel_symbol_at(t->k, TINY(0x1200), &symbol));
}

static void without_vmcoreinfo_the_kernel_opens_with_a_notice(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t =
		tiny_kernel_new(TINY_NO_VMCOREINFO);
	vaddr_t addr;
	size_t count;

	tiny_kernel_open(t);
	assert_true(tiny_has_notice(t, "symbol table cannot be had"));
	assert_false(kernel_symbol_find(t->k, "_stext", &addr));
	(void)kernel_modules(t->k, &count);
	assert_int_equal(count, 0);
	assert_false(field_find(t->k, "task_struct", "comm").present);
}

static void a_symbol_table_with_a_missing_page_is_a_notice(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	vaddr_t addr;

	gen_ram(&t->g, TINY_OFFSETS / 4096, 1, GEN_EXCLUDED);
	tiny_kernel_open(t);
	assert_true(tiny_has_notice(t, "symbol table cannot be had"));
	assert_true(kernel_symbol_find(t->k, "only_here", &addr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_are_found_by_name_and_by_address),
		cmocka_unit_test(only_code_is_text),
		cmocka_unit_test(a_per_cpu_variable_has_a_copy_per_cpu),
		cmocka_unit_test(the_direct_map_is_told_to_the_dump),
		cmocka_unit_test(an_impossible_direct_map_is_a_notice),
		cmocka_unit_test(numbers_and_strings_are_read),
		cmocka_unit_test(a_long_string_is_cut_to_the_buffer),
		cmocka_unit_test(without_kallsyms_vmcoreinfo_knows_some_symbols),
		cmocka_unit_test(without_vmcoreinfo_the_kernel_opens_with_a_notice),
		cmocka_unit_test(a_symbol_table_with_a_missing_page_is_a_notice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
