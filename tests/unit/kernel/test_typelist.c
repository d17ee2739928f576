#include "kernel/tiny_kernel.h"
#include "kernel/typelist.h"

static void what_is_asked_for_is_found_in_symbols_and_types(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct typelist list;
	u64 value;

	tiny_kernel_open(t);
	assert_success(typelist_read(t->d, &list));
	assert_int_equal(list.percpu_offsets, TINY(TINY_VARIABLES + TINY_PERCPU_OFFSETS));
	/* This kernel has no such mask, and its types know nothing of memory. */
	assert_int_equal(list.possible_cpus, 0);
	assert_true(list.num_wants > 0);
	assert_null(typelist_member(&list, "zone", "per_cpu_pageset"));
	assert_false(typelist_size(&list, "zone", &value));
	assert_false(typelist_number(&list, "MIGRATE_PCPTYPES", &value));
}

static void assert_empty(unsigned lacks, enum err_code code, const char *words)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(lacks);
	struct typelist list;

	tiny_kernel_open(t);
	assert_failure(typelist_read(t->d, &list), code, words);
	assert_int_equal(list.num_wants, 0);
	assert_null(typelist_member(&list, "page", "flags"));
}

static void without_symbols_or_types_the_list_is_empty(void **state)
{
	assert_empty(TINY_NO_KALLSYMS, ERR_ABSENT, "__start_BTF");
	assert_empty(TINY_NO_VMCOREINFO, ERR_ABSENT, "__start_BTF");
	assert_empty(TINY_NO_BTF, ERR_UNSUPPORTED, "BTF begins with 0x0000");
}

static void answers_are_told_apart_by_type_and_member(void **state)
{
	const struct typelist list = {
		.wants = {{.type = "page", .present = true, .value = 64},
			  {.type = "page", .member = "lru", .present = true, .value = 8},
			  {.member = "lru", .present = true, .value = 3},
			  {.type = "zone", .member = "lru"}},
		.num_wants = 4,
	};
	u64 value = 0;

	assert_true(typelist_size(&list, "page", &value));
	assert_int_equal(value, 64);
	assert_int_equal(typelist_member(&list, "page", "lru")->value, 8);
	assert_true(typelist_number(&list, "lru", &value));
	assert_int_equal(value, 3);
	/* Asked for, and not there. */
	assert_null(typelist_member(&list, "zone", "lru"));
	assert_false(typelist_size(&list, "zone", &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_for_is_found_in_symbols_and_types),
		cmocka_unit_test(without_symbols_or_types_the_list_is_empty),
		cmocka_unit_test(answers_are_told_apart_by_type_and_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
