#include "testing.h"

#include "backend/backend.h"
#include "base/io.h"

#include <malloc.h>

#define SECRET "correct-horse-battery-staple"

/* The linker turns free() in our code into this: memory that goes back must not hold the
 * secret any more. Shared libraries are not looked into. */
static unsigned found;

void __real_free(void *p);
void __wrap_free(void *p);

void __wrap_free(void *p)
{
	if (p && memmem(p, malloc_usable_size(p), SECRET, strlen(SECRET)))
		found++;
	__real_free(p);
}

static void open_and_close(const char *uri)
{
	const struct backend_address a = {
		.uri = uri,
		.username = "operator",
		.password = SECRET,
		.session_token = "token-" SECRET,
	};
	struct backend *b = NULL;

	found = 0;
	assert_success(backend_open(&a, &b));
	backend_close(b);
	if (found)
		print_error("%s: the password was freed as it stood\n", uri);
	assert_int_equal(found, 0);
}

static void what_is_freed_is_looked_into(void **state)
{
	char *text = strdup(SECRET);

	found = 0;
	__wrap_free(text);
	assert_int_equal(found, 1);
}

static void passwords_of_http_are_wiped(void **state)
{
	open_and_close("redfish://bmc.example/redfish/v1/Systems/1");
	open_and_close("ec2:eu-west-1/i-1234567890abcdef0");
}

static void the_password_for_ipmitool_is_wiped(void **state)
{
	char dir[] = "/tmp/secrets-XXXXXX", path[64];

	/* It is looked for when the address is opened, and not run before it is needed. */
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/ipmitool", dir);
	assert_success(io_write_file(path, 0700, "", 0));
	assert_int_equal(setenv("PATH", dir, 1), 0);
	open_and_close("ipmi://operator@192.0.2.1");
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_freed_is_looked_into),
		cmocka_unit_test(passwords_of_http_are_wiped),
		cmocka_unit_test(the_password_for_ipmitool_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
