#include "testing.h"

#include "backend/backend.h"

static struct err *try_address(const char *uri, char name[128])
{
	const struct backend_address a = {.uri = uri};
	struct backend *b = NULL;
	struct err *err = backend_open(&a, &b);

	if (!err) {
		snprintf(name, 128, "%s|%s", backend_scheme(b), backend_name(b));
		backend_close(b);
	}
	return err;
}

static void addresses_are_told_for_sentences(void **state)
{
	char name[128];

	assert_success(try_address("qmp:/run/x.qmp", name));
	assert_string_equal(name, "qmp|QMP socket /run/x.qmp");
	assert_success(try_address("qmp:relative\033[2J", name));
	assert_string_equal(name, "qmp|QMP socket relative\\x1b[2J");
}

static void what_is_no_address_is_a_usage_error_that_says_what_is_one(void **state)
{
	char name[128];
	char path[256] = "qmp:";

	assert_failure(try_address("/run/x.qmp", name), ERR_USAGE, "qmp:PATH");
	assert_failure(try_address("", name), ERR_USAGE, "qmp:PATH");
	assert_failure(try_address("qmp:", name), ERR_USAGE, "no path");
	memset(path + 4, 'a', 200);
	assert_failure(try_address(path, name), ERR_USAGE, "longer");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_told_for_sentences),
		cmocka_unit_test(what_is_no_address_is_a_usage_error_that_says_what_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
