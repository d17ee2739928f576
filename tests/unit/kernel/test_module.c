#include "kernel/tiny_kernel.h"

static void the_list_of_modules_is_read(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	const struct kernel_module *modules;
	size_t count;

	tiny_kernel_open(t);
	modules = kernel_modules(t->k, &count);
	assert_int_equal(count, 1);
	assert_int_equal(modules[0].address, TINY(TINY_MODULE));
	assert_string_equal(modules[0].name, "tiny_mod");
	assert_int_equal(modules[0].state, MODULE_LIVE);
	assert_int_equal(modules[0].taints, 1 << 12);
	assert_int_equal(modules[0].base, TINY(TINY_MODULE_TEXT));
	assert_int_equal(modules[0].size, 0x200);
	assert_ptr_equal(kernel_module_at(t->k, TINY(TINY_MODULE_TEXT + 0x1ff)), modules);
	assert_null(kernel_module_at(t->k, TINY(TINY_MODULE_TEXT) - 1));
	assert_int_equal(dump_notices(t->d)->count, 0);
}

static void a_modules_symbols_have_its_name(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct symbol_at symbol;

	tiny_kernel_open(t);
	assert_true(kernel_symbol_at(t->k, TINY(TINY_MODULE_TEXT + 0x7f), &symbol));
	assert_string_equal(symbol.name, "mod_work");
	assert_string_equal(symbol.module, "tiny_mod");
	assert_int_equal(symbol.offset, 0x7f);
	assert_int_equal(symbol.size, 0x80); /* up to the next, as it has none itself */
	assert_true(kernel_symbol_at(t->k, TINY(TINY_MODULE_TEXT + 0x80), &symbol));
	assert_string_equal(symbol.name, "mod_rest");
	assert_int_equal(symbol.size, 0x10);
}

static void a_list_that_loops_ends_with_a_notice(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	size_t count;

	tiny_put64(t, TINY_MODULE + 8, TINY(TINY_MODULE + 8));
	tiny_kernel_open(t);
	(void)kernel_modules(t->k, &count);
	assert_int_equal(count, 1);
	assert_true(tiny_has_notice(t, "loops"));
}

static void a_list_that_leads_nowhere_keeps_what_was_read(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct symbol_at symbol;
	size_t count;

	tiny_put64(t, TINY_MODULE + 8, 0xdead000000000100ULL);
	tiny_kernel_open(t);
	(void)kernel_modules(t->k, &count);
	assert_int_equal(count, 1);
	assert_true(tiny_has_notice(t, "the list of modules is broken, 1 were found"));
	assert_true(kernel_symbol_at(t->k, TINY(TINY_MODULE_TEXT), &symbol));
}

static void behind_a_gap_modules_are_found_from_the_other_end(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	const struct kernel_module *modules;
	size_t count;

	tiny_put64(t, TINY_VARIABLES + TINY_MODULES, 0xdead000000000100ULL);
	tiny_put64(t, TINY_VARIABLES + TINY_MODULES + 8, TINY(TINY_MODULE + 8));
	tiny_put64(t, TINY_MODULE + 16, 0xdead000000000122ULL);
	tiny_kernel_open(t);
	modules = kernel_modules(t->k, &count);
	assert_int_equal(count, 1);
	assert_string_equal(modules[0].name, "tiny_mod");
	assert_true(tiny_has_notice(t, "is broken, 1 were found"));
}

static void impossibly_many_symbols_of_a_module_are_not_loaded(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct symbol_at symbol;

	tiny_put64(t, TINY_MODULE + 0x708, 0xffffffff);
	tiny_kernel_open(t);
	assert_false(kernel_symbol_at(t->k, TINY(TINY_MODULE_TEXT), &symbol));
	assert_true(tiny_has_notice(t, "symbols of module tiny_mod: 4294967295"));
	assert_true(kernel_is_text(t->k, TINY(TINY_MODULE_TEXT)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_of_modules_is_read),
		cmocka_unit_test(a_modules_symbols_have_its_name),
		cmocka_unit_test(a_list_that_loops_ends_with_a_notice),
		cmocka_unit_test(a_list_that_leads_nowhere_keeps_what_was_read),
		cmocka_unit_test(behind_a_gap_modules_are_found_from_the_other_end),
		cmocka_unit_test(impossibly_many_symbols_of_a_module_are_not_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
