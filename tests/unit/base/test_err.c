#include "testing.h"

#include "failing_malloc.h"

static void context_is_prepended_on_the_way_up(void **state)
{
	struct err *err = err_new(ERR_BAD_DATA, "page %d is short", 7);

	err = err_wrap(err, "%s", "vmcore");
	assert_string_equal(err_message(err), "vmcore: page 7 is short");
	assert_int_equal(err_code(err), ERR_BAD_DATA);
	err_free(err);
}

static void success_stays_success_when_wrapped(void **state)
{
	assert_null(err_wrap(NULL, "context"));
}

static void system_errors_carry_errno_and_its_words(void **state)
{
	struct err *err = err_os(2, "cannot open %s", "x");

	assert_string_equal(err_message(err), "cannot open x: No such file or directory");
	assert_int_equal(err_errno(err), 2);
	err_free(err);
}

static void faults_carry_the_address(void **state)
{
	struct err *err = err_fault(0xabc, "not mapped");

	assert_int_equal(err_address(err), 0xabc);
	err_free(err);
}

static void out_of_memory_needs_no_memory_and_no_freeing(void **state)
{
	struct err *err = err_wrap(err_nomem(), "context");

	assert_int_equal(err_code(err), ERR_NOMEM);
	err_free(err);
	assert_string_equal(err_message(err), "out of memory");
}

static struct err *make_and_wrap(void *ctx)
{
	struct err *err = err_os(2, "cannot open %s", "x");

	err = err_wrap(err, "%s", "vmcore");
	/* Whatever was lost on the way, there is an error with a sentence. */
	assert_non_null(err);
	assert_true(strlen(err_message(err)) > 0);
	err_free(err);
	return NULL;
}

static void an_error_stays_one_when_there_is_no_memory_for_its_sentence(void **state)
{
	assert_int_equal(each_allocation_fails_once(make_and_wrap, NULL), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(context_is_prepended_on_the_way_up),
		cmocka_unit_test(success_stays_success_when_wrapped),
		cmocka_unit_test(system_errors_carry_errno_and_its_words),
		cmocka_unit_test(faults_carry_the_address),
		cmocka_unit_test(out_of_memory_needs_no_memory_and_no_freeing),
		cmocka_unit_test(
			an_error_stays_one_when_there_is_no_memory_for_its_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
