#include "testing.h"

#include "base/notices.h"
#include "failing_malloc.h"

static void a_sentence_is_kept_only_once(void **state)
{
	struct notices n = {0};

	notices_add(&n, "page %d is missing", 7);
	notices_add(&n, "page %d is missing", 7);
	notices_add(&n, "page %d is missing", 8);
	assert_int_equal(n.count, 2);
	assert_string_equal(n.texts[0], "page 7 is missing");
	assert_string_equal(n.texts[1], "page 8 is missing");
	assert_int_equal(n.dropped, 0);
	notices_deinit(&n);
	assert_int_equal(n.count, 0);
}

static void past_the_limit_sentences_are_counted_not_kept(void **state)
{
	struct notices n = {0};

	for (int i = 0; i < NOTICES_MAX + 5; i++)
		notices_add(&n, "page %d is missing", i);
	assert_int_equal(n.count, NOTICES_MAX);
	assert_int_equal(n.dropped, 5);
	notices_add(&n, "page %d is missing", 0);
	assert_int_equal(n.dropped, 5);
	notices_deinit(&n);
}

static void an_error_becomes_a_sentence_and_success_none(void **state)
{
	struct notices n = {0};

	notices_add_err(&n, NULL);
	assert_int_equal(n.count, 0);
	notices_add_err(&n, err_new(ERR_ABSENT, "no BTF in this kernel"));
	assert_int_equal(n.count, 1);
	assert_string_equal(n.texts[0], "no BTF in this kernel");
	notices_deinit(&n);
}

static void a_sentence_there_is_no_memory_for_is_counted(void **state)
{
	struct notices n = {0};

	failing_malloc_set(1);
	notices_add(&n, "page %d is missing", 7);
	failing_malloc_set(0);
	assert_int_equal(n.count, 0);
	assert_int_equal(n.dropped, 1);
	notices_deinit(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sentence_is_kept_only_once),
		cmocka_unit_test(past_the_limit_sentences_are_counted_not_kept),
		cmocka_unit_test(an_error_becomes_a_sentence_and_success_none),
		cmocka_unit_test(a_sentence_there_is_no_memory_for_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
