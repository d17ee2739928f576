#include "kernel/tiny_kernel.h"

static void a_member_has_the_offset_of_vmcoreinfo_and_the_size_of_the_types(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct field field;

	tiny_kernel_open(t);
	field = field_find(t->k, "task_struct", "comm");
	assert_true(field.present);
	assert_int_equal(field.offset, TINY_TASK_COMM);
	assert_int_equal(field.size, 16);
	assert_int_equal(field.count, 16);
	/* Only VMCOREINFO has it. */
	field = field_find(t->k, "page", "lru");
	assert_true(field.present);
	assert_int_equal(field.offset, 8);
	assert_int_equal(field.size, 0);
	/* Only the types have it. */
	field = field_find(t->k, "task_struct", "thread.sp");
	assert_true(field.present);
	assert_int_equal(field.offset, TINY_TASK_THREAD_SP);
	assert_int_equal(field.size, 8);
}

static void vmcoreinfo_wins_over_types_that_contradict_it(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct field field;

	buf_add_str(&t->g.vmcoreinfo, "OFFSET(task_struct.__state)=40\n");
	tiny_kernel_open(t);
	field = field_find(t->k, "task_struct", "__state");
	assert_int_equal(field.offset, 40);
	assert_int_equal(field.size, 0);
}

static void a_missing_member_is_a_value_and_stays_one(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	struct field field;

	tiny_kernel_open(t);
	for (int i = 0; i < 2; i++) {
		assert_false(field_find(t->k, "task_struct", "state").present);
		assert_false(field_find(t->k, "no_struct", "state").present);
		assert_failure(field_get(t->k, "task_struct", "state", &field), ERR_ABSENT,
			       "task_struct with state");
	}
	assert_failure(field_read(t->k, 0, &(struct field){0}, &(u64){0}), ERR_ABSENT,
		       "no such member");
}

static void many_fields_are_remembered_apart(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	char name[32];

	for (int i = 0; i < 1000; i++)
		buf_printf(&t->g.vmcoreinfo, "OFFSET(big.m%d)=%d\n", i, i * 8);
	tiny_kernel_open(t);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 1000; i++) {
			snprintf(name, sizeof(name), "m%d", i);
			assert_int_equal(field_find(t->k, "big", name).offset, i * 8);
		}
	}
}

static void a_member_is_read_in_its_size(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	u64 value;

	tiny_put64(t, TINY_TASK + TINY_TASK_STATE, 0xffffffff00000402ULL);
	tiny_kernel_open(t);
	assert_success(field_read_by_name(t->k, TINY(TINY_TASK), "task_struct", "__state",
					  &value));
	assert_int_equal(value, 0x402);
	assert_failure(
		field_read_by_name(t->k, TINY(TINY_TASK), "task_struct", "comm", &value),
		ERR_UNSUPPORTED, "16 bytes");
	assert_failure(field_read_by_name(t->k, 0x5000, "task_struct", "__state", &value),
		       ERR_FAULT, "task_struct.__state at 0x5000");
}

static void a_bitfield_is_read_without_its_neighbours(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	u64 value;

	t->g.memory[TINY_TASK + TINY_TASK_FLAG] =
		0xf7; /* 101 from bit 2 on, all else set */
	tiny_kernel_open(t);
	assert_success(
		field_read_by_name(t->k, TINY(TINY_TASK), "task_struct", "flag", &value));
	assert_int_equal(value, 5);
}

static void sizes_and_constants_come_from_vmcoreinfo_then_from_the_types(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_WHOLE);
	u64 value;

	tiny_kernel_open(t);
	assert_true(type_size_find(t->k, "page", &value));
	assert_int_equal(value, 64);
	assert_true(type_size_find(t->k, "inactive_task_frame", &value));
	assert_int_equal(value, 56);
	assert_false(type_size_find(t->k, "no_struct", &value));
	assert_true(constant_find(t->k, "NR_FREE_PAGES", &value));
	assert_int_equal(value, 11);
	assert_true(constant_find(t->k, "MOD_INIT_TEXT", &value));
	assert_int_equal(value, 1);
	assert_false(constant_find(t->k, "NO_SUCH", &value));
}

static void without_types_vmcoreinfo_is_used_and_a_notice_says_so(void **state)
{
	cleanup(tiny_kernel_freep) struct tiny_kernel *t = tiny_kernel_new(TINY_NO_BTF);
	struct field field;

	tiny_kernel_open(t);
	assert_false(tiny_has_notice(t, "BTF"));
	field = field_find(t->k, "task_struct", "comm");
	assert_true(field.present);
	assert_int_equal(field.size, 0);
	assert_true(tiny_has_notice(t, "types (BTF) cannot be had"));
	assert_failure(field_get(t->k, "task_struct", "thread.sp", &field), ERR_ABSENT,
		       "VMCOREINFO alone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_member_has_the_offset_of_vmcoreinfo_and_the_size_of_the_types),
		cmocka_unit_test(vmcoreinfo_wins_over_types_that_contradict_it),
		cmocka_unit_test(a_missing_member_is_a_value_and_stays_one),
		cmocka_unit_test(many_fields_are_remembered_apart),
		cmocka_unit_test(a_member_is_read_in_its_size),
		cmocka_unit_test(a_bitfield_is_read_without_its_neighbours),
		cmocka_unit_test(
			sizes_and_constants_come_from_vmcoreinfo_then_from_the_types),
		cmocka_unit_test(without_types_vmcoreinfo_is_used_and_a_notice_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
