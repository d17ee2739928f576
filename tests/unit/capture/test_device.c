#include "testing.h"

#include "base/clock.h"
#include "base/io.h"
#include "capture/device.h"

#include <sys/stat.h>

static void waiting_for_a_device_ends(void **state)
{
	u64 start = clock_now_ms();
	struct device d;

	assert_failure(device_find("/dev/null", 50, &d), ERR_ABSENT,
		       "did not appear as a block device within 50 ms");
	assert_failure(device_find("LABEL=no such label", 50, &d), ERR_ABSENT,
		       "LABEL=no such label did not appear");
	assert_true(clock_now_ms() - start >= 100);
}

static void what_is_no_device_is_refused(void **state)
{
	struct device d;

	assert_failure(device_find("vda1", 0, &d), ERR_USAGE, "vda1");
	assert_failure(device_find("", 0, &d), ERR_USAGE, "");
}

/* libblkid reads image files as well. */
static void a_file_system_is_recognised_and_nothing_is_no_error(void **state)
{
	char path[] = "/tmp/inquest-test-device-XXXXXX", type[DEVICE_TYPE_SIZE];
	static char swap[65536];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_success(io_write_all(fd, swap, sizeof(swap), path));
	assert_success(device_probe(path, type));
	assert_string_equal(type, "");
	/* A swap area of version 1: mm/swapfile.c. */
	swap[1024] = 1;
	swap[1028] = 15;
	memcpy(swap + 4086, "SWAPSPACE2", 10);
	assert_success(io_pwrite_all(fd, swap, sizeof(swap), 0, path));
	assert_success(device_probe(path, type));
	assert_string_equal(type, "swap");
	close(fd);
	unlink(path);
	assert_failure(device_probe(path, type), ERR_OS, path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting_for_a_device_ends),
		cmocka_unit_test(what_is_no_device_is_refused),
		cmocka_unit_test(a_file_system_is_recognised_and_nothing_is_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
