#include "testing.h"

#include "fake_modules.h"

#include "arm/modules.h"

static struct fake_modules fake;

static int set_up(void **state)
{
	fake_modules_init(&fake);
	fake_module(&fake, "kernel/fs/disk-fs.ko.xz",
		    "depends=journal,crc16\nsoftdep=pre: crypto-crc32c post: never");
	fake_module(&fake, "kernel/fs/journal.ko", "depends=\nsoftdep=pre: crypto-crc32c");
	fake_module(&fake, "kernel/lib/crc16.ko.zst", "license=GPL");
	fake_module(&fake, "kernel/crypto/crc32c-special.ko", "alias=crypto-crc32c");
	fake_module(&fake, "kernel/crypto/crc32c_generic.ko",
		    "alias=crc32c\nalias=crypto-crc32c");
	fake_module(&fake, "kernel/crypto/crc32c_other.ko", "alias=crc32c-not-this");
	fake_module(&fake, "kernel/bad/circle_a.ko", "softdep=pre: circle_b");
	fake_module(&fake, "kernel/bad/circle_b.ko", "softdep=pre: circle_a");
	fake_module(&fake, "kernel/bad/orphan.ko", "depends=gone");
	fake_module(&fake, "kernel/bad/wishful.ko", "softdep=pre: gone");
	fake_module(&fake, "kernel/on-bus.ko", "depends=bus");
	fake_module(&fake, "kernel/twice.ko", "license=kernel");
	fake_module(&fake, "updates/twice.ko", "license=updates");
	fake_file(&fake, "modules.builtin", "kernel/drivers/bus.ko\n", 22);
	fake_file(&fake, "modules.builtin.modinfo", "a.license=x\0bus.alias=bus-alias", 32);
	fake_file(&fake, "kernel/damaged.ko.xz",
		  "\xfd"
		  "7zXZ\0junk",
		  10);
	fake_file(&fake, "kernel/short.ko.zst", "\x28\xb5\x2f\xfd\x04\x00", 6);
	return 0;
}

static int tear_down(void **state)
{
	fake_modules_deinit(&fake);
	return 0;
}

/* Resolve one name and write the order as "a b c", soft dependencies in brackets. */
static void resolve(const char *name, char *order, size_t size)
{
	const char *const names[] = {name, NULL};
	cleanup(module_list_deinit) struct module_list list = {0};

	order[0] = '\0';
	assert_success(modules_resolve(fake.dir, names, &list));
	for (size_t i = 0; i < list.count; i++)
		snprintf(order + strlen(order), size - strlen(order),
			 list.files[i].optional ? "%s(%s)" : "%s%s", i ? " " : "",
			 list.files[i].name);
}

static void dependencies_come_before_what_needs_them(void **state)
{
	char order[256];

	resolve("disk-fs", order, sizeof(order));
	assert_string_equal(order, "(crc32c_generic) journal crc16 disk_fs");
}

static void dashes_and_underscores_are_the_same(void **state)
{
	char order[256];

	resolve("disk_fs", order, sizeof(order));
	assert_non_null(strstr(order, "disk_fs"));
}

static void a_soft_dependency_asked_for_by_name_is_no_longer_optional(void **state)
{
	const char *const names[] = {"journal", "crc32c_generic", NULL};
	cleanup(module_list_deinit) struct module_list list = {0};

	assert_success(modules_resolve(fake.dir, names, &list));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.files[0].name, "crc32c_generic");
	assert_false(list.files[0].optional);
}

static void built_in_modules_are_left_out(void **state)
{
	char order[256];

	resolve("on_bus", order, sizeof(order));
	assert_string_equal(order, "on_bus");
	resolve("bus-alias", order, sizeof(order));
	assert_string_equal(order, "");
}

static void soft_dependencies_may_be_missing_or_go_in_circles(void **state)
{
	char order[256];

	resolve("wishful", order, sizeof(order));
	assert_string_equal(order, "wishful");
	resolve("circle_a", order, sizeof(order));
	assert_string_equal(order, "(circle_b) circle_a");
}

static void a_missing_module_is_named_with_who_needs_it(void **state)
{
	static const char *const orphan[] = {"orphan", NULL};
	static const char *const nothing[] = {"nothing", NULL};
	struct module_list list;

	assert_failure(modules_resolve(fake.dir, orphan, &list), ERR_ABSENT,
		       "module gone, needed by orphan,");
	assert_failure(modules_resolve(fake.dir, nothing, &list), ERR_ABSENT,
		       "module nothing, needed by this image,");
	assert_failure(modules_resolve("/nonexistent", nothing, &list), ERR_OS,
		       "/nonexistent");
}

static void updates_win_over_the_kernels_own(void **state)
{
	static const char *const names[] = {"twice", NULL};
	cleanup(module_list_deinit) struct module_list list = {0};

	assert_success(modules_resolve(fake.dir, names, &list));
	assert_non_null(strstr(list.files[0].path, "/updates/twice.ko"));
}

static void compressed_modules_are_read_as_they_were_signed(void **state)
{
	static const char *const files[] = {"fs/disk-fs.ko.xz", "lib/crc16.ko.zst",
					    "fs/journal.ko"};
	static const char *const infos[] = {
		"depends=journal,crc16\nsoftdep=pre: crypto-crc32c post: never",
		"license=GPL", "depends=\nsoftdep=pre: crypto-crc32c"};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		cleanup(buf_deinit) struct buf want = BUF_INIT;
		cleanup(freep) void *got = NULL;
		char path[256];
		size_t len;

		snprintf(path, sizeof(path), "%s/kernel/%s", fake.dir, files[i]);
		fake_module_bytes(infos[i], &want);
		assert_success(module_read(path, &got, &len));
		assert_int_equal(len, want.len);
		assert_memory_equal(got, want.data, len);
	}
}

static void damaged_module_files_are_bad_data_naming_the_file(void **state)
{
	static const char *const files[] = {"damaged.ko.xz", "short.ko.zst"};
	void *data;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/kernel/%s", fake.dir, files[i]);
		assert_failure(module_read(path, &data, &len), ERR_BAD_DATA, files[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dependencies_come_before_what_needs_them),
		cmocka_unit_test(dashes_and_underscores_are_the_same),
		cmocka_unit_test(a_soft_dependency_asked_for_by_name_is_no_longer_optional),
		cmocka_unit_test(built_in_modules_are_left_out),
		cmocka_unit_test(soft_dependencies_may_be_missing_or_go_in_circles),
		cmocka_unit_test(a_missing_module_is_named_with_who_needs_it),
		cmocka_unit_test(updates_win_over_the_kernels_own),
		cmocka_unit_test(compressed_modules_are_read_as_they_were_signed),
		cmocka_unit_test(damaged_module_files_are_bad_data_naming_the_file),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
