#include "testing.h"

#include "format/cpio.h"

#include "base/io.h"

#include <fcntl.h>
#include <sys/stat.h>

static struct err *write_example(struct buf *b)
{
	static const struct cpio_entry entries[] = {
		{.name = "dev", .mode = S_IFDIR | 0755},
		{.name = "dev/console",
		 .mode = S_IFCHR | 0600,
		 .device_major = 5,
		 .device_minor = 1},
		{.name = "init", .mode = S_IFREG | 0755, .data = "hello", .len = 5},
		{.name = "link", .mode = S_IFLNK | 0777, .data = "init", .len = 4},
		{.name = "empty", .mode = S_IFREG | 0600},
	};
	struct cpio c = {.out = b};

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		struct err *err = cpio_add(&c, &entries[i]);

		if (err)
			return err;
	}
	return cpio_end(&c);
}

static void headers_names_and_data_are_aligned_to_four(void **state)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	assert_success(write_example(&b));
	assert_int_equal(b.len % 512, 0);
	assert_memory_equal(b.data,
			    "070701"
			    "00000001"
			    "000041ed"
			    "00000000"
			    "00000000"
			    "00000002"
			    "00000000"
			    "00000000"
			    "00000000"
			    "00000000"
			    "00000000"
			    "00000000"
			    "00000004"
			    "00000000"
			    "dev\0\0\0",
			    116);
	/* The header is 110 bytes, so "dev\0" ends at 114 and the next one starts at 116.
	 */
	assert_memory_equal(b.data + 116, "07070100000002", 14);
}

static void the_same_entries_give_the_same_bytes(void **state)
{
	cleanup(buf_deinit) struct buf a = BUF_INIT;
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	assert_success(write_example(&a));
	assert_success(write_example(&b));
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
}

static void cpio_lists_what_was_written(void **state)
{
	char path[] = "/tmp/inquest-test-cpio-XXXXXX";
	char command[128], listing[1024] = "";
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	int fd = mkstemp(path);
	FILE *f;

	if (access("/usr/bin/cpio", X_OK) != 0 && access("/bin/cpio", X_OK) != 0) {
		close(fd);
		unlink(path);
		skip();
	}
	assert_success(write_example(&b));
	assert_success(io_write_all(fd, b.data, b.len, path));
	close(fd);
	snprintf(command, sizeof(command), "TZ=UTC LC_ALL=C cpio -tv --quiet < %s 2>&1",
		 path);
	f = popen(command, "r");
	assert_non_null(f);
	listing[fread(listing, 1, sizeof(listing) - 1, f)] = '\0';
	assert_int_equal(pclose(f), 0);
	unlink(path);
	assert_non_null(strstr(listing, "drwxr-xr-x   2 root     root            0 "));
	assert_non_null(strstr(listing, "crw-------   1 root     root       5,   1 "));
	assert_non_null(strstr(listing, "-rwxr-xr-x   1 root     root            5 "));
	assert_non_null(strstr(listing, "link -> init"));
	assert_non_null(strstr(listing, " empty\n"));
}

static void names_the_kernel_would_not_unpack_are_refused(void **state)
{
	static const char *const names[] = {"", "/init", "TRAILER!!!"};
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct cpio c = {.out = &b};
	char name[CPIO_NAME_MAX + 2];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct cpio_entry e = {.name = names[i], .mode = S_IFREG};

		assert_failure(cpio_add(&c, &e), ERR_USAGE, "cannot be a name");
	}
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_failure(cpio_add(&c, &(struct cpio_entry){.name = name}), ERR_USAGE,
		       "cannot be a name");
	assert_failure(cpio_add(&c, &(struct cpio_entry){.name = "big", .len = 1ULL << 32}),
		       ERR_USAGE, "too long");
	assert_int_equal(b.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_names_and_data_are_aligned_to_four),
		cmocka_unit_test(the_same_entries_give_the_same_bytes),
		cmocka_unit_test(cpio_lists_what_was_written),
		cmocka_unit_test(names_the_kernel_would_not_unpack_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
