#include "fake_machine.h"

#include "arm/mount_table.h"

struct example {
	const char *mountinfo, *path;
	const char *source, *place;
};

/* Resolve @path on a machine with these mounts and no symbolic links. */
static void resolve(const char *mountinfo, const char *path, const char *source,
		    const char *place)
{
	struct mount_table t = {0};
	struct mount_place p = {0};

	assert_success(mount_table_parse(mountinfo, strlen(mountinfo), &t));
	assert_success(mount_table_resolve(&t, "/nonexistent", path, &p));
	assert_string_equal(p.mount->source, source);
	assert_string_equal(p.path, place);
	free(p.path);
	mount_table_deinit(&t);
}

#define ROOT_ROW "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"

static void without_a_mount_below_the_path_is_on_the_root(void **state)
{
	resolve(ROOT_ROW, "/var/crash", "/dev/sda1", "/var/crash");
	resolve(ROOT_ROW, "/var/crash/", "/dev/sda1", "/var/crash");
	resolve(ROOT_ROW, "/", "/dev/sda1", "/");
}

static void a_disk_on_var_takes_the_rest_of_the_path(void **state)
{
	resolve(ROOT_ROW "30 22 8:16 / /var rw,relatime - ext4 /dev/sdb rw\n", "/var/crash",
		"/dev/sdb", "/crash");
	/* /variable is another directory. */
	resolve(ROOT_ROW "30 22 8:16 / /var rw,relatime - ext4 /dev/sdb rw\n",
		"/variable/crash", "/dev/sda1", "/variable/crash");
}

static void nfs_on_var_is_the_servers(void **state)
{
	resolve(ROOT_ROW "30 22 0:40 / /var rw,relatime - nfs4 foo.com:/export/tmp rw\n",
		"/var/crash", "foo.com:/export/tmp", "/crash");
}

static void a_bind_mount_leads_to_where_its_files_are(void **state)
{
	resolve("22 1 8:1 /ostree/deploy/x/0 / rw - xfs /dev/sda1 rw\n"
		"30 22 8:1 /ostree/deploy/x/var /var rw - xfs /dev/sda1 rw\n",
		"/var/crash", "/dev/sda1", "/ostree/deploy/x/var/crash");
}

static void the_upmost_of_nested_and_stacked_mounts_counts(void **state)
{
	static const char mounts[] =
		ROOT_ROW "30 22 8:16 / /var rw - ext4 /dev/sdb rw\n"
			 "31 30 8:32 / /var/crash rw - xfs /dev/sdc rw\n"
			 "32 31 8:48 / /var/crash rw - xfs /dev/sdd rw\n"
			 /* Hidden by what was mounted at /var later. */
			 "29 22 8:64 / /var/crash rw - xfs /dev/sde rw\n";

	resolve(mounts, "/var/crash/a", "/dev/sdd", "/a");
	resolve(mounts, "/var/spool", "/dev/sdb", "/spool");
}

/* As after an initramfs, whose mounts come before the root in the list. */
static void the_order_of_the_rows_does_not_matter(void **state)
{
	resolve("20 25 0:5 / /dev rw - devtmpfs udev rw\n"
		"25 1 8:1 / / rw - ext4 /dev/sda1 rw\n",
		"/dev/x", "udev", "/x");
}

static void blanks_in_names_are_read(void **state)
{
	resolve(ROOT_ROW "30 22 8:16 / /my\\040disk rw - vfat /dev/sdb rw\n",
		"/my disk/crash", "/dev/sdb", "/crash");
}

static void symbolic_links_are_followed_below_the_root(void **state)
{
	static const char mounts[] = ROOT_ROW "30 22 8:16 / /data rw - ext4 /dev/sdb rw\n";
	struct fake_modules m;
	struct mount_table t = {0};
	struct mount_place p = {0};

	fake_modules_init(&m);
	machine_link(&m, "var/crash", "/data/crash/../dumps");
	machine_link(&m, "loop/a", "b");
	machine_link(&m, "loop/b", "a");
	assert_success(mount_table_parse(mounts, strlen(mounts), &t));
	assert_success(mount_table_resolve(&t, m.dir, "/var/crash/new", &p));
	assert_string_equal(p.mount->source, "/dev/sdb");
	assert_string_equal(p.path, "/dumps/new");
	free(p.path);
	assert_failure(mount_table_resolve(&t, m.dir, "/loop/a", &p), ERR_BAD_DATA,
		       "circle");
	assert_failure(mount_table_resolve(&t, m.dir, "var", &p), ERR_USAGE, "absolute");
	mount_table_deinit(&t);
	fake_modules_deinit(&m);
}

static void a_line_that_is_no_mount_is_bad_data(void **state)
{
	static const char *const bad[] = {
		"22 1 8:1 / / rw",
		"x 1 8:1 / / rw - ext4 /dev/sda1 rw",
		"22 1 8-1 / / rw - ext4 /dev/sda1 rw",
		"22 1 8:1 / relative rw - ext4 /dev/sda1 rw",
		"22 1 8:1 / / rw - ext4",
	};
	struct mount_table t = {0};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_failure(mount_table_parse(bad[i], strlen(bad[i]), &t), ERR_BAD_DATA,
			       "line 1");
}

static void options_are_found_by_name(void **state)
{
	char *value;

	assert_success(mount_option("rw,subvolid=256,subvol=/@", "subvol", &value));
	assert_string_equal(value, "/@");
	free(value);
	assert_success(mount_option("rw,xsubvol=/@", "subvol", &value));
	assert_null(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_mount_below_the_path_is_on_the_root),
		cmocka_unit_test(a_disk_on_var_takes_the_rest_of_the_path),
		cmocka_unit_test(nfs_on_var_is_the_servers),
		cmocka_unit_test(a_bind_mount_leads_to_where_its_files_are),
		cmocka_unit_test(the_upmost_of_nested_and_stacked_mounts_counts),
		cmocka_unit_test(the_order_of_the_rows_does_not_matter),
		cmocka_unit_test(blanks_in_names_are_read),
		cmocka_unit_test(symbolic_links_are_followed_below_the_root),
		cmocka_unit_test(a_line_that_is_no_mount_is_bad_data),
		cmocka_unit_test(options_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
