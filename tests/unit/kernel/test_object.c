#include "kernel/typed_kernel.h"

static u64 read_path(struct typed_kernel *t, const char *path)
{
	struct object thing = typed_thing(t);
	u64 value = 0;

	assert_success(object_read_member(&thing, path, &value));
	return value;
}

static void numbers_are_read_by_path(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();

	typed_kernel_open(t);
	assert_int_equal(read_path(t, "number"), (u64)-5);
	assert_int_equal(read_path(t, "other_half"), (u64)-8);
	assert_int_equal(read_path(t, "colour"), (u64)-1);
	assert_int_equal(read_path(t, "named.deep.y"), 12);
	assert_int_equal(read_path(t, "table[3]"), 9);
	assert_int_equal(read_path(t, "good"), 1);
	assert_int_equal(read_path(t, "pairs[1].prev"), 0);
	assert_int_equal(read_path(t, "list.next"), TINY(TYPED_THING + 16));
}

static void bitfields_are_shifted_and_cut(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();

	typed_kernel_open(t);
	assert_int_equal(read_path(t, "a"), 5);
	assert_int_equal(read_path(t, "b"), 1023);
}

static void pointers_are_followed(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	struct object thing, next, back;

	typed_kernel_open(t);
	assert_int_equal(read_path(t, "next->number"), 42);
	assert_int_equal(read_path(t, "next.number"), 42);
	assert_int_equal(read_path(t, "next[0].number"), 42);
	thing = typed_thing(t);
	assert_success(object_member(&thing, "next", &next));
	assert_success(object_dereference(&next, &back));
	assert_int_equal(back.addr, TINY(TYPED_SECOND));
	assert_failure(object_dereference(&back, &next), ERR_UNSUPPORTED, "no pointer");
	assert_failure(object_member(&thing, "others[0]->number", &next), ERR_FAULT,
		       "0x123456");
}

static void what_there_is_not_is_said(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	struct object thing, member;
	u64 value;

	typed_kernel_open(t);
	thing = typed_thing(t);
	assert_failure(object_member(&thing, "nonsense", &member), ERR_ABSENT,
		       "struct thing has no member nonsense");
	assert_failure(object_member(&thing, "number.x", &member), ERR_ABSENT,
		       "x is asked of what is no struct");
	assert_failure(object_member(&thing, "list..next", &member), ERR_USAGE, "a path");
	assert_failure(object_member(&thing, "", &member), ERR_USAGE, "a path");
	assert_failure(object_member(&thing, "table[", &member), ERR_USAGE, "a path");
	assert_failure(object_member(&thing, "number[0]", &member), ERR_UNSUPPORTED,
		       "no pointer");
	assert_failure(object_read_member(&thing, "list", &value), ERR_UNSUPPORTED,
		       "no number");
}

static void a_path_in_a_type_needs_no_memory(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	struct object member;
	u64 size;

	typed_kernel_open(t);
	assert_success(
		type_member(t->types, typed_type(t, "thing"), "pairs[1].prev", &member));
	assert_int_equal(member.addr, 88 + 16 + 8);
	assert_true(object_size(&member, &size) && size == 8);
	assert_success(type_member(t->types, typed_type(t, "thing"), "b", &member));
	assert_int_equal(member.addr, 40);
	assert_int_equal(member.bit_offset, 3);
	assert_int_equal(member.bit_size, 10);
	assert_false(object_size(&member, &size));
	assert_failure(
		type_member(t->types, typed_type(t, "thing"), "next->number", &member),
		ERR_UNSUPPORTED, "needs an address");
}

static void a_percpu_variable_is_a_place_on_each_cpu(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	struct object rq, here;
	u64 value;

	put_le32(t->tiny->g.memory + 0x2040, 6);
	typed_kernel_open(t);
	assert_success(object_variable(t->types, "runqueues", &rq));
	assert_true(rq.is_percpu);
	assert_failure(object_read_member(&rq, "nr_running", &value), ERR_USAGE, "one CPU");
	assert_success(object_of_cpu(&rq, 1, &here));
	assert_int_equal(here.addr, TINY(0x2040));
	assert_success(object_read_member(&here, "nr_running", &value));
	assert_int_equal(value, 6);
}

static void a_variable_without_a_type_says_what_to_do(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	struct object o;
	u64 value;

	typed_kernel_open(t);
	assert_failure(object_variable(t->types, "tail", &o), ERR_ABSENT,
		       "(struct X *)0xffffffff80001600");
	assert_failure(object_variable(t->types, "nowhere", &o), ERR_ABSENT,
		       "no symbol nowhere");
	assert_success(object_variable(t->types, "modules", &o));
	assert_success(object_read_member(&o, "next", &value));
	assert_int_equal(value, TINY(TINY_MODULE + 8));
}

static void a_bitfield_that_cannot_be_is_refused(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	struct object o;
	u64 value;

	typed_kernel_open(t);
	o = object_at(t->types, typed_type(t, "unsigned long"), TINY(TYPED_THING));
	o.bit_offset = 7;
	o.bit_size = 64;
	assert_failure(object_read(&o, &value), ERR_BAD_DATA, "64 bits from bit 7");
}

static bool find_variable(void *ctx, const char *name, struct variable_type *ret)
{
	const struct variable_type *type = ctx;

	if (strcmp(name, "only_here") != 0)
		return false;
	*ret = *type;
	return true;
}

static void debug_information_tells_types_of_other_variables(void **state)
{
	cleanup(typed_kernel_freep) struct typed_kernel *t = typed_kernel_new();
	struct variable_type type = {.name = "struct thing", .pointers = 1, .count = 3};
	const struct debuginfo d = {.variable = find_variable, .ctx = &type};
	struct object o;

	typed_kernel_open(t);
	types_set_debuginfo(t->types, &d);
	assert_failure(object_variable(t->types, "_stext", &o), ERR_ABSENT, "not known");
	assert_success(object_variable(t->types, "only_here", &o));
	assert_int_equal(o.type.id, typed_type(t, "struct thing").id);
	assert_int_equal(o.pointers, 1);
	assert_int_equal(o.count, 3);
	/* A name that the dump does not have is of no use. */
	strcpy(type.name, "struct nosuch");
	assert_failure(object_variable(t->types, "only_here", &o), ERR_ABSENT, "not known");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read_by_path),
		cmocka_unit_test(bitfields_are_shifted_and_cut),
		cmocka_unit_test(pointers_are_followed),
		cmocka_unit_test(what_there_is_not_is_said),
		cmocka_unit_test(a_path_in_a_type_needs_no_memory),
		cmocka_unit_test(a_percpu_variable_is_a_place_on_each_cpu),
		cmocka_unit_test(a_variable_without_a_type_says_what_to_do),
		cmocka_unit_test(debug_information_tells_types_of_other_variables),
		cmocka_unit_test(a_bitfield_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
