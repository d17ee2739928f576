#include "testing.h"

#include "base/bytes.h"
#include "format/note.h"

static size_t add(u8 *at, u32 name_len, const char *name, u32 desc_len, u8 first)
{
	put_le32(at, name_len);
	put_le32(at + 4, desc_len);
	put_le32(at + 8, 7);
	memcpy(at + 12, name, name_len);
	at[12 + (name_len + 3) / 4 * 4] = first;
	return 12 + (name_len + 3) / 4 * 4 + (desc_len + 3) / 4 * 4;
}

static void notes_come_in_order_with_name_and_descriptor(void **state)
{
	u8 bytes[256] = {0};
	size_t len = add(bytes, 5, "CORE", 6, 0xaa);
	struct note_iter it;
	struct note n;

	len += add(bytes + len, 11, "VMCOREINFO", 1, 0xbb);
	it = note_iter_init(bytes, len);
	assert_true(note_next(&it, &n));
	assert_true(note_has_name(&n, "CORE"));
	assert_false(note_has_name(&n, "COR"));
	assert_int_equal(n.type, 7);
	assert_int_equal(n.desc_len, 6);
	assert_int_equal(*(const u8 *)n.desc, 0xaa);
	assert_true(note_next(&it, &n));
	assert_true(note_has_name(&n, "VMCOREINFO"));
	assert_int_equal(*(const u8 *)n.desc, 0xbb);
	assert_false(note_next(&it, &n));
	assert_false(it.is_damaged);
}

static void empty_notes_are_skipped(void **state)
{
	u8 bytes[256] = {0};
	size_t len = 24 + add(bytes + 24, 5, "CORE", 4, 1);
	struct note_iter it = note_iter_init(bytes, len);
	struct note n;

	assert_true(note_next(&it, &n));
	assert_int_equal(n.offset, 24);
}

static void a_note_past_the_end_is_damage_not_a_note(void **state)
{
	u8 bytes[256] = {0};
	size_t len = add(bytes, 5, "CORE", 8, 1);
	struct note_iter it = note_iter_init(bytes, len - 1);
	struct note n;

	assert_false(note_next(&it, &n));
	assert_true(it.is_damaged);
	put_le32(bytes, 0xfffffffe);
	it = note_iter_init(bytes, len);
	assert_false(note_next(&it, &n));
	assert_true(it.is_damaged);
}

static void padding_after_the_last_note_may_be_missing(void **state)
{
	u8 bytes[256] = {0};
	size_t len = add(bytes, 5, "CORE", 5, 1);
	struct note_iter it = note_iter_init(bytes, len - 3);
	struct note n;

	assert_true(note_next(&it, &n));
	assert_int_equal(n.desc_len, 5);
	assert_false(note_next(&it, &n));
	assert_false(it.is_damaged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_come_in_order_with_name_and_descriptor),
		cmocka_unit_test(empty_notes_are_skipped),
		cmocka_unit_test(a_note_past_the_end_is_damage_not_a_note),
		cmocka_unit_test(padding_after_the_last_note_may_be_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
