#include "kernel/typed_kernel.h"

#include "gen_kernel.h"

static void names_are_found_in_the_image_and_then_in_modules(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	struct type_ref image, module, none;

	typed_kernel_open(t);
	image = typed_type(t, "struct thing");
	module = typed_type(t, "mod_thing");
	assert_string_equal(types_module(t->types, image), "");
	assert_string_equal(types_module(t->types, module), "tinymod");
	assert_true(image.btf != module.btf);
	assert_int_equal(types_count(t->types), 2);
	assert_false(types_find(t->types, "mod_thing", BTF_ENUMS, &none));
	assert_false(types_find(t->types, "", BTF_NAMED, &none));
	/* The kernel's own types are seen from the module's. */
	assert_int_equal(typed_type(t, "list_head").id,
			 btf_find_struct(module.btf, "list_head", 0));
}

static void a_name_goes_on_to_the_next_of_that_name(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	struct type_ref type;

	btf_bytes_type(&t->module, "thing", BTF_STRUCT, 0, 0, 0);
	typed_kernel_put_btf(t);
	typed_kernel_open(t);
	type = typed_type(t, "thing");
	assert_string_equal(types_module(t->types, type), "");
	assert_true(types_find_next(t->types, "thing", BTF_RECORDS, &type));
	assert_string_equal(types_module(t->types, type), "tinymod");
	assert_false(types_find_next(t->types, "thing", BTF_RECORDS, &type));
}

static void types_are_parsed_as_they_are_written(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	struct type_ref type = {0};
	unsigned pointers = 0;

	typed_kernel_open(t);
	assert_success(types_parse(t->types, " const  struct thing * *", &type, &pointers));
	assert_int_equal(pointers, 2);
	assert_int_equal(type.id, typed_type(t, "thing").id);
	assert_int_equal(typed_type(t, "unsigned long").id,
			 typed_type(t, "long unsigned int").id);
	assert_success(types_parse(t->types, "void*", &type, &pointers));
	assert_int_equal(type.id, 0);
	typed_type(t, "enum colour");
	typed_type(t, "atomic_t");
	assert_failure(types_parse(t->types, "union thing", &type, &pointers), ERR_ABSENT,
		       "no type union thing");
	assert_failure(types_parse(t->types, "* thing", &type, &pointers), ERR_USAGE,
		       "not the name of a type");
	assert_failure(types_parse(t->types, "", &type, &pointers), ERR_USAGE, "not the");
}

static void variables_have_types_from_btf_or_the_table(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	struct type_ref type;
	unsigned pointers;
	u64 count;

	typed_kernel_open(t);
	assert_int_equal(types_of_variable(t->types, "runqueues", &type, &pointers, &count),
			 TYPING_PERCPU);
	assert_int_equal(type.id, typed_type(t, "rq").id);
	assert_int_equal(types_of_variable(t->types, "modules", &type, &pointers, &count),
			 TYPING_TABLE);
	assert_int_equal(type.id, typed_type(t, "list_head").id);
	assert_int_equal(pointers, 0);
	assert_int_equal(count, 1);
	assert_int_equal(types_of_variable(t->types, "tail", &type, &pointers, &count),
			 TYPING_NONE);
	/* In the table, but this kernel has no such type. */
	assert_int_equal(types_of_variable(t->types, "init_task", &type, &pointers, &count),
			 TYPING_NONE);
}

static bool count_name(void *ctx, const char *name)
{
	size_t *count = ctx;

	assert_int_equal(strncmp(name, "mod", 3), 0);
	return ++*count < 2;
}

static void names_are_listed_by_how_they_begin(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	size_t count = 0;

	typed_kernel_open(t);
	/* module and mod_kallsyms; mod_thing is not asked for any more. */
	types_each_name(t->types, "mod", BTF_NAMED, count_name, &count);
	assert_int_equal(count, 2);
	count = 0;
	types_each_name(t->types, "mod_th", BTF_NAMED, count_name, &count);
	assert_int_equal(count, 1);
}

static void a_list_of_modules_that_loops_ends(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();

	tiny_put64(t->tiny, TYPED_ENTRY, TINY(TYPED_ENTRY));
	typed_kernel_open(t);
	assert_int_equal(types_count(t->types), 2);
	assert_true(tiny_has_notice(t->tiny, "types of modules, after 1: the list loops"));
}

static void what_lies_behind_a_gap_in_the_list_is_found(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();

	tiny_put64(t->tiny, TYPED_LIST, 0x1000);
	tiny_put64(t->tiny, TYPED_LIST + 8, TINY(TYPED_ENTRY));
	tiny_put64(t->tiny, TYPED_ENTRY + 8, TINY(TYPED_LIST));
	typed_kernel_open(t);
	assert_int_equal(types_count(t->types), 2);
	assert_true(tiny_has_notice(t->tiny, "types of modules, after 1: "));
}

static void types_of_another_kernel_are_refused(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();

	put_le32(t->tiny->g.memory + TYPED_BTF + 12, 7);
	typed_kernel_open(t);
	assert_int_equal(types_count(t->types), 1);
	assert_true(tiny_has_notice(
		t->tiny, "types of module tinymod: its types begin with number 7"));
}

static void an_absurd_length_is_refused(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();

	put_le32(t->tiny->g.memory + TYPED_BTF + 8, 0x7fffffff);
	typed_kernel_open(t);
	assert_int_equal(types_count(t->types), 1);
	assert_true(tiny_has_notice(t->tiny, "2147483647 bytes"));
}

static void without_types_nothing_is_found(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *tiny = tiny_kernel_new(TINY_NO_BTF);
	cleanup(types_closep) struct types *types = NULL;
	struct type_ref type;
	unsigned pointers;

	tiny_kernel_open(tiny);
	assert_success(types_open(tiny->k, &types));
	assert_failure(types_parse(types, "thing", &type, &pointers), ERR_ABSENT,
		       "without its BTF");
	assert_failure(types_parse(types, "void", &type, &pointers), ERR_ABSENT, "void");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found_in_the_image_and_then_in_modules),
		cmocka_unit_test(a_name_goes_on_to_the_next_of_that_name),
		cmocka_unit_test(types_are_parsed_as_they_are_written),
		cmocka_unit_test(variables_have_types_from_btf_or_the_table),
		cmocka_unit_test(names_are_listed_by_how_they_begin),
		cmocka_unit_test(a_list_of_modules_that_loops_ends),
		cmocka_unit_test(what_lies_behind_a_gap_in_the_list_is_found),
		cmocka_unit_test(types_of_another_kernel_are_refused),
		cmocka_unit_test(an_absurd_length_is_refused),
		cmocka_unit_test(without_types_nothing_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
