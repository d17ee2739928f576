#include "tables.h"

static struct btf_bytes bytes;

/*
 * int (1), long (2), and
 *	struct list { struct list *next; };				  (3, pointer 4)
 *	typedef const volatile int state_t;				  (5, 6, 7)
 *	struct thread { long sp; char io[2][8]; };			  (8 … 11)
 *	struct task {
 *		struct thread thread;
 *		union { long word; struct { int half; state_t other_half; }; };
 *		unsigned a : 3, b : 10;
 *		char tail[];
 *	};
 */
static struct btf *open_example(void)
{
	struct btf *b = NULL;
	u32 integer, word, list, pointer, state_t, letter, inner, outer, thread, half, both,
		none;

	btf_bytes_init(&bytes);
	integer = btf_bytes_int(&bytes, "int", 4);
	word = btf_bytes_int(&bytes, "long", 8);
	list = btf_bytes_type(&bytes, "list", BTF_STRUCT, 1, 0, 8);
	btf_bytes_member(&bytes, "next", list + 1, 0);
	pointer = btf_bytes_type(&bytes, "", BTF_PTR, 0, 0, list);
	assert_int_equal(pointer, list + 1);
	state_t = btf_bytes_type(&bytes, "", BTF_VOLATILE, 0, 0, integer);
	state_t = btf_bytes_type(&bytes, "", BTF_CONST, 0, 0, state_t);
	state_t = btf_bytes_type(&bytes, "state_t", BTF_TYPEDEF, 0, 0, state_t);
	letter = btf_bytes_int(&bytes, "char", 1);
	inner = btf_bytes_array(&bytes, letter, 8);
	outer = btf_bytes_array(&bytes, inner, 2);
	thread = btf_bytes_type(&bytes, "thread", BTF_STRUCT, 2, 0, 24);
	btf_bytes_member(&bytes, "sp", word, 0);
	btf_bytes_member(&bytes, "io", outer, 64);
	half = btf_bytes_type(&bytes, "", BTF_STRUCT, 2, 0, 8);
	btf_bytes_member(&bytes, "half", integer, 0);
	btf_bytes_member(&bytes, "other_half", state_t, 32);
	both = btf_bytes_type(&bytes, "", BTF_UNION, 2, 0, 8);
	btf_bytes_member(&bytes, "word", word, 0);
	btf_bytes_member(&bytes, "", half, 0);
	none = btf_bytes_array(&bytes, letter, 0);
	btf_bytes_type(&bytes, "task", BTF_STRUCT, 5, BTF_KIND_FLAG, 40);
	btf_bytes_member(&bytes, "thread", thread, 0);
	btf_bytes_member(&bytes, "", both, 24 * 8);
	btf_bytes_member(&bytes, "a", integer, 3u << 24 | 32 * 8);
	btf_bytes_member(&bytes, "b", integer, 10u << 24 | (32 * 8 + 3));
	btf_bytes_member(&bytes, "tail", none, 40 * 8);
	btf_bytes_type(&bytes, "list", BTF_STRUCT, 1, 0, 16);
	btf_bytes_member(&bytes, "other", word, 64);
	btf_bytes_type(&bytes, "item", BTF_ENUM, 2, BTF_KIND_FLAG, 4);
	btf_bytes_word(&bytes, btf_bytes_string(&bytes, "NR_FREE_PAGES"));
	btf_bytes_word(&bytes, 7);
	btf_bytes_word(&bytes, btf_bytes_string(&bytes, "NR_MINUS"));
	btf_bytes_word(&bytes, (u32)-1);
	btf_bytes_type(&bytes, "", BTF_ENUM64, 1, 0, 8);
	btf_bytes_word(&bytes, btf_bytes_string(&bytes, "WIDE"));
	btf_bytes_word(&bytes, 2);
	btf_bytes_word(&bytes, 1);
	btf_bytes_finish(&bytes);
	assert_success(btf_open(bytes.bytes, bytes.len, &b));
	return b;
}

static void a_member_is_found_by_name_with_offset_and_size(void **state)
{
	cleanup(btf_freep) struct btf *b = open_example();
	struct btf_member member;

	assert_true(btf_find_member(b, btf_find_struct(b, "task", 0), "thread", &member));
	assert_int_equal(member.offset, 0);
	assert_int_equal(member.size, 24);
	assert_int_equal(member.count, 1);
	assert_false(btf_find_member(b, btf_find_struct(b, "task", 0), "thre", &member));
	assert_false(btf_find_member(b, btf_find_struct(b, "task", 0), "", &member));
	assert_int_equal(btf_find_struct(b, "tas", 0), 0);
}

static void a_path_goes_through_named_members_only_by_name(void **state)
{
	cleanup(btf_freep) struct btf *b = open_example();
	u32 task = btf_find_struct(b, "task", 0);
	struct btf_member member;

	assert_true(btf_find_member(b, task, "thread.io", &member));
	assert_int_equal(member.offset, 8);
	assert_int_equal(member.size, 16);
	assert_int_equal(member.count, 16);
	assert_false(btf_find_member(b, task, "io", &member));
	assert_false(btf_find_member(b, task, "thread.", &member));
	assert_false(btf_find_member(b, task, "thread.sp.x", &member));
}

static void anonymous_structs_and_unions_are_searched_through(void **state)
{
	cleanup(btf_freep) struct btf *b = open_example();
	struct btf_member member;

	assert_true(
		btf_find_member(b, btf_find_struct(b, "task", 0), "other_half", &member));
	assert_int_equal(member.offset, 28);
	assert_int_equal(member.size, 4); /* through typedef, const and volatile */
}

static void a_bitfield_has_its_width_and_the_bytes_that_hold_it(void **state)
{
	cleanup(btf_freep) struct btf *b = open_example();
	struct btf_member member;

	assert_true(btf_find_member(b, btf_find_struct(b, "task", 0), "b", &member));
	assert_int_equal(member.offset, 32);
	assert_int_equal(member.bit_offset, 3);
	assert_int_equal(member.bit_size, 10);
	assert_int_equal(member.size, 2);
	assert_true(btf_find_member(b, btf_find_struct(b, "task", 0), "thread", &member));
	assert_int_equal(member.bit_size, 0);
}

static void a_flexible_array_has_no_elements(void **state)
{
	cleanup(btf_freep) struct btf *b = open_example();
	struct btf_member member;

	assert_true(btf_find_member(b, btf_find_struct(b, "task", 0), "tail", &member));
	assert_int_equal(member.offset, 40);
	assert_int_equal(member.count, 0);
	assert_int_equal(member.size, 0);
}

static void two_structs_of_one_name_are_found_one_after_the_other(void **state)
{
	cleanup(btf_freep) struct btf *b = open_example();
	u32 first = btf_find_struct(b, "list", 0);
	u32 second = btf_find_struct(b, "list", first);
	struct btf_member member;
	u64 size;

	assert_true(first != 0 && second > first);
	assert_int_equal(btf_find_struct(b, "list", second), 0);
	assert_false(btf_find_member(b, first, "other", &member));
	assert_true(btf_find_member(b, second, "other", &member));
	assert_true(btf_type_size(b, second, &size));
	assert_int_equal(size, 16);
}

static void enumerators_of_named_and_anonymous_enums_are_found(void **state)
{
	cleanup(btf_freep) struct btf *b = open_example();
	u64 value;

	assert_true(btf_find_enumerator(b, "NR_FREE_PAGES", &value));
	assert_int_equal(value, 7);
	assert_true(btf_find_enumerator(b, "NR_MINUS", &value));
	assert_int_equal(value, (u64)-1);
	assert_true(btf_find_enumerator(b, "WIDE", &value));
	assert_int_equal(value, 0x100000002ULL);
	assert_false(btf_find_enumerator(b, "NR_FREE", &value));
}

static void a_typedef_that_means_itself_ends_the_search(void **state)
{
	cleanup(btf_freep) struct btf *b = NULL;
	struct btf_member member;
	u64 size;

	btf_bytes_init(&bytes);
	btf_bytes_type(&bytes, "loop", BTF_TYPEDEF, 0, 0, 1);
	btf_bytes_type(&bytes, "s", BTF_STRUCT, 1, 0, 8);
	btf_bytes_member(&bytes, "", 2, 0); /* an anonymous member of its own type */
	btf_bytes_finish(&bytes);
	assert_success(btf_open(bytes.bytes, bytes.len, &b));
	assert_false(btf_type_size(b, 1, &size));
	assert_int_equal(btf_struct_of(b, 1), 0);
	assert_false(btf_find_member(b, 2, "x", &member));
}

static void truncated_or_foreign_bytes_are_refused(void **state)
{
	struct btf *b = open_example();

	btf_free(b);
	b = NULL;
	assert_failure(btf_open(bytes.bytes, 10, &b), ERR_BAD_DATA, "10 bytes");
	assert_failure(btf_open(bytes.bytes, bytes.len - 1, &b), ERR_BAD_DATA, "outside");
	bytes.bytes[24 + 4 + 3] = 31; /* the kind of type 1 */
	assert_failure(btf_open(bytes.bytes, bytes.len, &b), ERR_UNSUPPORTED, "type 1");
	bytes.bytes[2] = 9;
	assert_failure(btf_open(bytes.bytes, bytes.len, &b), ERR_UNSUPPORTED, "version 9");
	bytes.bytes[0] = 0;
	assert_failure(btf_open(bytes.bytes, bytes.len, &b), ERR_BAD_DATA, "0xeb00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_is_found_by_name_with_offset_and_size),
		cmocka_unit_test(a_path_goes_through_named_members_only_by_name),
		cmocka_unit_test(anonymous_structs_and_unions_are_searched_through),
		cmocka_unit_test(a_bitfield_has_its_width_and_the_bytes_that_hold_it),
		cmocka_unit_test(a_flexible_array_has_no_elements),
		cmocka_unit_test(two_structs_of_one_name_are_found_one_after_the_other),
		cmocka_unit_test(enumerators_of_named_and_anonymous_enums_are_found),
		cmocka_unit_test(a_typedef_that_means_itself_ends_the_search),
		cmocka_unit_test(truncated_or_foreign_bytes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
