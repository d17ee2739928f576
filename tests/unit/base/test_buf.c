#include "testing.h"

#include "base/buf.h"
#include "failing_malloc.h"

static void an_empty_buffer_is_an_empty_string(void **state)
{
	struct buf b = BUF_INIT;

	assert_string_equal(buf_text(&b), "");
	assert_success(buf_check(&b));
	buf_deinit(&b);
}

static void additions_follow_each_other_and_end_with_a_zero(void **state)
{
	struct buf b = BUF_INIT;

	buf_add_str(&b, "pfn ");
	buf_printf(&b, "%d of %s", 7, "vmcore");
	buf_add_char(&b, '!');
	buf_add(&b, NULL, 0);
	assert_string_equal(buf_text(&b), "pfn 7 of vmcore!");
	assert_int_equal(b.len, strlen("pfn 7 of vmcore!"));
	buf_deinit(&b);
}

static void bytes_with_zeros_are_kept_whole(void **state)
{
	struct buf b = BUF_INIT;

	buf_add(&b, "a\0b", 3);
	buf_add(&b, "\0", 1);
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "a\0b\0", 5);
	buf_deinit(&b);
}

static void a_buffer_grows_past_any_first_guess(void **state)
{
	struct buf b = BUF_INIT;

	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "%04d ", i);
	assert_success(buf_check(&b));
	assert_int_equal(b.len, 50000);
	assert_memory_equal(b.data + 5 * 9999, "9999 ", 6);
	buf_deinit(&b);
}

static void text_that_just_fills_the_room_still_has_its_zero(void **state)
{
	for (size_t len = 0; len < 300; len++) {
		struct buf b = BUF_INIT;
		char text[300];

		memset(text, 'x', len);
		buf_add(&b, text, len);
		buf_printf(&b, "%s", "yz");
		assert_int_equal(strlen(buf_text(&b)), len + 2);
		buf_deinit(&b);
	}
}

static void a_length_that_wraps_around_is_refused(void **state)
{
	struct buf b = BUF_INIT;

	buf_add_char(&b, 'x');
	buf_add(&b, "y", SIZE_MAX);
	assert_failure(buf_check(&b), ERR_NOMEM, "memory");
	buf_deinit(&b);
	buf_add(&b, "y", SIZE_MAX / 2 + 1);
	assert_failure(buf_check(&b), ERR_NOMEM, "memory");
	buf_deinit(&b);
}

static void lost_additions_are_remembered_until_the_end(void **state)
{
	struct buf b = BUF_INIT;

	buf_add_str(&b, "kept");
	failing_malloc_set(1);
	for (int i = 0; i < 1000; i++)
		buf_add_char(&b, 'x');
	assert_true(failing_malloc_failed());
	assert_failure(buf_check(&b), ERR_NOMEM, "memory");
	assert_memory_equal(buf_text(&b), "kept", 4);
	buf_deinit(&b);
	assert_success(buf_check(&b));
}

static struct err *fill(void *ctx)
{
	struct buf b = BUF_INIT;
	struct err *err;

	for (int i = 0; i < 500; i++)
		buf_printf(&b, "%d,", i);
	err = buf_check(&b);
	if (!err)
		assert_int_equal(b.len, 1890);
	buf_deinit(&b);
	return err;
}

static void no_failing_allocation_goes_unnoticed(void **state)
{
	assert_true(each_allocation_fails_once(fill, NULL) > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buffer_is_an_empty_string),
		cmocka_unit_test(additions_follow_each_other_and_end_with_a_zero),
		cmocka_unit_test(bytes_with_zeros_are_kept_whole),
		cmocka_unit_test(a_buffer_grows_past_any_first_guess),
		cmocka_unit_test(text_that_just_fills_the_room_still_has_its_zero),
		cmocka_unit_test(a_length_that_wraps_around_is_refused),
		cmocka_unit_test(lost_additions_are_remembered_until_the_end),
		cmocka_unit_test(no_failing_allocation_goes_unnoticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
