#include "kernel/tiny_kernel.h"

#include "kernel/symbols.h"

static void a_symbol_is_found_with_its_type_and_size(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct symbol s;

	tiny_kernel_open(t);
	assert_true(symbol_find(t->k, "middle", &s));
	assert_int_equal(s.addr, TINY(0x1200));
	assert_int_equal(s.size, 0x100);
	assert_int_equal(s.type, 't');
	assert_string_equal(s.module, "");
	assert_false(symbol_find(t->k, "middl", &s));
}

static void a_name_that_shares_its_address_is_found_by_itself(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct symbol s;

	tiny_kernel_open(t);
	assert_true(symbol_find(t->k, "entry", &s));
	assert_string_equal(s.name, "entry");
	assert_int_equal(s.type, 't');
}

static void symbols_of_modules_are_found_too(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct symbol s;
	u64 offset;

	tiny_kernel_open(t);
	assert_true(symbol_find(t->k, "mod_work", &s));
	assert_string_equal(s.module, "tiny_mod");
	assert_int_equal(s.addr, TINY(TINY_MODULE_TEXT));
	assert_true(symbol_at(t->k, TINY(TINY_MODULE_TEXT) + 5, 100, &s, &offset));
	assert_string_equal(s.name, "mod_work");
	assert_int_equal(offset, 5);
}

static void data_has_names_as_well_as_code(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct symbol s;
	u64 offset;

	tiny_kernel_open(t);
	assert_true(symbol_at(t->k, TINY(TINY_VARIABLES + TINY_MODULES) + 8, UINT64_MAX, &s,
			      &offset));
	assert_string_equal(s.name, "modules");
	assert_int_equal(s.type, 'D');
	assert_int_equal(offset, 8);
}

static void an_address_too_far_behind_has_none(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct symbol s;
	u64 offset;

	tiny_kernel_open(t);
	assert_false(symbol_at(t->k, TINY(0x1300) + 9, 8, &s, &offset));
	assert_true(symbol_at(t->k, TINY(0x1300) + 8, 8, &s, &offset));
	assert_false(symbol_at(t->k, 0x40, UINT64_MAX, &s, &offset));
}

struct count {
	size_t count;
	size_t max;
};

static bool count_one(void *ctx, const struct symbol *s)
{
	struct count *c = ctx;

	assert_true(s->name[0] != '\0');
	return ++c->count < c->max;
}

static void a_walk_ends_when_it_is_told_to(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct count all = {.max = SIZE_MAX}, three = {.max = 3},
		     modules = {.max = SIZE_MAX};

	tiny_kernel_open(t);
	assert_true(symbol_each(t->k, count_one, &all));
	assert_int_equal(all.count, 20);
	assert_false(symbol_each(t->k, count_one, &three));
	assert_int_equal(three.count, 3);
	assert_true(symbol_each_of_modules(t->k, count_one, &modules));
	assert_int_equal(modules.count, 3);
}

static void without_a_table_vmcoreinfo_still_names_some(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t =
		tiny_kernel_new(TINY_NO_KALLSYMS);
	struct count all = {.max = SIZE_MAX};
	struct symbol s;
	u64 offset;

	tiny_kernel_open(t);
	assert_true(symbol_find(t->k, "_stext", &s));
	assert_int_equal(s.type, '?');
	assert_false(symbol_at(t->k, s.addr, UINT64_MAX, &s, &offset));
	assert_true(symbol_each(t->k, count_one, &all));
	assert_int_equal(all.count, 0);
}

static void addresses_have_symbols_of_text_and_data(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct symbol s;
	u64 offset;

	tiny_kernel_open(t);
	assert_true(symbol_at(t->k, TINY(TINY_TEXT + 0x104), UINT64_MAX, &s, &offset));
	assert_string_equal(s.name, "outer");
	assert_int_equal(offset, 4);
	assert_true(symbol_at(t->k, TINY(TINY_VARIABLES + TINY_MODULES), 0, &s, &offset));
	assert_string_equal(s.name, "modules");
	assert_false(symbol_at(t->k, 0x40, UINT64_MAX, &s, &offset));
	assert_false(symbol_at(t->k, 0xff11000000001000, UINT64_MAX, &s, &offset));
}

static void modules_data_has_symbols_outside_of_the_image(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct symbol s;
	u64 offset;

	/* The image ends before the module, whose second part is 8 bytes of data. */
	tiny_put64(t, TINY_MODULE + 96 + 16, TINY(TINY_MODULE));
	tiny_put64(t, TINY_MODULE + 96 + 24, 8);
	buf_printf(&t->g.vmcoreinfo, "SYMBOL(_end)=%llx\n", TINY(TINY_MODULE));
	tiny_kernel_open(t);
	assert_true(symbol_at(t->k, TINY(TINY_MODULE + 4), UINT64_MAX, &s, &offset));
	assert_string_equal(s.name, "data");
	assert_string_equal(s.module, "tiny_mod");
	assert_int_equal(offset, 4);
	assert_false(symbol_at(t->k, TINY(TINY_MODULE + 8), UINT64_MAX, &s, &offset));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_symbol_is_found_with_its_type_and_size),
		cmocka_unit_test(a_name_that_shares_its_address_is_found_by_itself),
		cmocka_unit_test(symbols_of_modules_are_found_too),
		cmocka_unit_test(data_has_names_as_well_as_code),
		cmocka_unit_test(an_address_too_far_behind_has_none),
		cmocka_unit_test(a_walk_ends_when_it_is_told_to),
		cmocka_unit_test(without_a_table_vmcoreinfo_still_names_some),
		cmocka_unit_test(addresses_have_symbols_of_text_and_data),
		cmocka_unit_test(modules_data_has_symbols_outside_of_the_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
