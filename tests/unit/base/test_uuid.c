#include "base/uuid.h"

#include "testing.h"

static void a_uuid_is_of_version_4_and_no_two_are_alike(void **state)
{
	char a[UUID_TEXT_LEN + 1], b[UUID_TEXT_LEN + 1];

	(void)state;
	assert_success(uuid_make(a));
	assert_success(uuid_make(b));
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), UUID_TEXT_LEN);
	assert_int_equal(strspn(a, "0123456789abcdef-"), UUID_TEXT_LEN);
	assert_true(a[8] == '-' && a[13] == '-' && a[18] == '-' && a[23] == '-');
	assert_int_equal(a[14], '4');
	assert_non_null(strchr("89ab", a[19]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_uuid_is_of_version_4_and_no_two_are_alike),
	};

	return cmocka_run_group_tests_name("uuid", tests, NULL, NULL);
}
