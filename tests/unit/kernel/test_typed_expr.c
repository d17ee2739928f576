#include "kernel/typed_expr.h"
#include "kernel/typed_kernel.h"

#define THING "((struct thing *)0xffffffff8000f200)"

static struct typed_value eval(struct typed_kernel *t, const char *text)
{
	struct typed_value v = {0};

	assert_success(typed_expr_eval(t->types, text, 1, &v));
	return v;
}

static u64 number(struct typed_kernel *t, const char *text)
{
	struct typed_value v = eval(t, text);
	u64 value = v.number;

	if (v.kind == VALUE_OBJECT)
		assert_success(object_read(&v.object, &value));
	return value;
}

static void members_are_reached_as_in_c(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();

	typed_kernel_open(t);
	assert_int_equal(number(t, THING "->number"), (u64)-5);
	assert_int_equal(number(t, "(*" THING ").number"), (u64)-5);
	assert_int_equal(number(t, THING "->next->number"), 42);
	assert_int_equal(number(t, THING "[0].table[1 + 2]"), 9);
	assert_int_equal(number(t, "*" THING "->table"), 1);
	assert_int_equal(number(t, "modules.next"), TINY(TINY_MODULE + 8));
	assert_int_equal(number(t, THING "->list . prev"), TINY(TINY_TEXT + 0x108));
}

static void a_percpu_variable_is_that_of_the_cpu(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();

	put_le32(t->tiny->g.memory + 0x2040, 6);
	typed_kernel_open(t);
	assert_int_equal(number(t, "runqueues.nr_running"), 6);
	assert_int_equal(eval(t, "&runqueues").number, TINY(0x2040));
}

static void numbers_are_calculated_with_the_strength_of_c(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();

	typed_kernel_open(t);
	assert_int_equal(number(t, "1 + 2 * 3 - 4 / 2"), 5);
	assert_int_equal(number(t, "(1 + 2) * 3 % 5"), 4);
	assert_int_equal(number(t, "1 << 4 | 3 & 2 ^ 0x10"), 0x12);
	assert_int_equal(number(t, "~0 >> 63"), 1);
	assert_int_equal(number(t, "-7 / 2"), (u64)-3);
	assert_int_equal(number(t, "!5 + 10UL - 3 - 2"), 5);
	assert_int_equal(number(t, "GREEN * 8"), 16);
	assert_int_equal(number(t, THING "->number + 6"), 1);
	assert_int_equal(number(t, "-0x7fffffffffffffff - 1"), (u64)1 << 63);
	assert_int_equal(number(t, "(-0x7fffffffffffffff - 1) / -1"), (u64)1 << 63);
}

static void casts_cut_and_extend(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	struct typed_value v;

	typed_kernel_open(t);
	assert_int_equal(number(t, "(unsigned char)0x1ff"), 0xff);
	assert_int_equal(number(t, "(int)0xffffffff"), (u64)-1);
	v = eval(t, "(struct thing **)0x10");
	assert_int_equal(v.kind, VALUE_POINTER);
	assert_int_equal(v.object.pointers, 1);
	assert_int_equal(eval(t, THING " + 2").number,
			 TINY(TYPED_THING) + 2 * TYPED_THING_SIZE);
	assert_int_equal(eval(t, "&" THING "->table[1]").number, TINY(TYPED_THING) + 76);
	assert_int_equal(eval(t, "&" THING "->next - 1").number, TINY(TYPED_THING) + 48);
}

static void sizes_are_those_of_types_and_objects(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();

	typed_kernel_open(t);
	assert_int_equal(number(t, "sizeof(struct thing)"), TYPED_THING_SIZE);
	assert_int_equal(number(t, "sizeof(struct thing *)"), 8);
	assert_int_equal(number(t, "sizeof " THING "->pairs"), 32);
	assert_int_equal(number(t, "sizeof(" THING "->table)"), 16);
	assert_int_equal(number(t, "sizeof(modules)"), 16);
}

static void what_is_no_expression_is_said(void **state)
{
	static const char *const texts[] = {"",		 "1 +",	  "(1",	      "1 2",
					    "modules.",	 "1 / 0", "modules[", "12ab",
					    "sizeof(1)", ")"};
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	struct typed_value v;

	typed_kernel_open(t);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_failure(typed_expr_eval(t->types, texts[i], 0, &v), ERR_USAGE, "");
	assert_failure(typed_expr_eval(t->types, "nowhere + 1", 0, &v), ERR_ABSENT,
		       "nowhere");
	assert_failure(typed_expr_eval(t->types, "*0x1000", 0, &v), ERR_UNSUPPORTED,
		       "(struct X *)0x1000");
	assert_failure(typed_expr_eval(t->types, "modules + 1", 0, &v), ERR_UNSUPPORTED,
		       "no number");
	assert_failure(typed_expr_eval(t->types, "&" THING "->a", 0, &v), ERR_UNSUPPORTED,
		       "no address");
	assert_failure(typed_expr_eval(t->types, "(struct thing)1", 0, &v), ERR_UNSUPPORTED,
		       "a cast");
	assert_failure(typed_expr_eval(t->types, "((struct thing *)8)->next->next", 0, &v),
		       ERR_FAULT, "0x40");
}

static void nesting_has_an_end(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	char text[4096];
	struct typed_value v;

	typed_kernel_open(t);
	memset(text, '(', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_failure(typed_expr_eval(t->types, text, 0, &v), ERR_USAGE, "nested");
	memset(text, '-', sizeof(text) - 1);
	assert_failure(typed_expr_eval(t->types, text, 0, &v), ERR_USAGE, "nested");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_reached_as_in_c),
		cmocka_unit_test(a_percpu_variable_is_that_of_the_cpu),
		cmocka_unit_test(numbers_are_calculated_with_the_strength_of_c),
		cmocka_unit_test(casts_cut_and_extend),
		cmocka_unit_test(sizes_are_those_of_types_and_objects),
		cmocka_unit_test(what_is_no_expression_is_said),
		cmocka_unit_test(nesting_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
