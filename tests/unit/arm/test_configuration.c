#include "testing.h"

#include "arm/configuration.h"
#include "base/io.h"

#include <sys/stat.h>

/* A root of made-up files, removed by each test's end. */
static char root[] = "/tmp/configuration-XXXXXX";

static int make_root(void **state)
{
	memcpy(root + sizeof(root) - 7, "XXXXXX", 6);
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void put(const char *path, const void *text, size_t len)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *slash = full + sizeof(root); (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	assert_success(io_write_file(full, 0644, text, len));
}

static void without_any_file_the_native_defaults_hold(void **state)
{
	struct capture_config c;

	assert_success(configuration_read(root, &c));
	assert_int_equal(c.dialect, CONFIG_INQUEST);
	assert_int_equal(c.num_targets, 0);
	capture_config_deinit(&c);
	assert_success(configuration_read_dialect(root, CONFIG_KDUMP, &c));
	assert_int_equal(c.dialect, CONFIG_KDUMP);
	capture_config_deinit(&c);
}

static void a_zero_byte_is_refused_with_its_line(void **state)
{
	struct capture_config c;

	put("/etc/kdump.conf", "path /a\n\0\n", 10);
	assert_failure(configuration_read(root, &c), ERR_BAD_DATA,
		       "/etc/kdump.conf has a zero byte in line 2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_any_file_the_native_defaults_hold,
						make_root, remove_root),
		cmocka_unit_test_setup_teardown(a_zero_byte_is_refused_with_its_line,
						make_root, remove_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
