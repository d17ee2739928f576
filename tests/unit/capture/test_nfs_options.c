#include "testing.h"

#include "capture/nfs_options.h"

static void assert_options(const struct nfs_mount *m, const char *version,
			   const char *expected)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	nfs_options_add(m, version, &b);
	assert_string_equal(buf_text(&b), expected);
}

static void version_without_surprises_is_tried_first(void **state)
{
	const char *versions[NFS_VERSIONS_MAX];

	nfs_versions("rw,soft", versions);
	assert_string_equal(versions[0], "4.1");
	assert_string_equal(versions[1], "4.2");
	assert_string_equal(versions[3], "3");
	assert_null(versions[4]);
}

static void configured_version_is_the_only_one(void **state)
{
	static const char *const options[] = {"vers=3", "rw,nfsvers=4.1", "vers=4.0,ro",
					      "v3"};
	const char *versions[NFS_VERSIONS_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		nfs_versions(options[i], versions);
		assert_string_equal(versions[0], "");
		assert_null(versions[1]);
	}
}

static void version_4_2_is_the_second_choice_of_who_names_it(void **state)
{
	const struct nfs_mount m = {.options = "vers=4.2,sync", .address = "192.0.2.1"};
	const char *versions[NFS_VERSIONS_MAX];

	nfs_versions(m.options, versions);
	assert_string_equal(versions[0], "4.1");
	assert_string_equal(versions[1], "");
	assert_null(versions[2]);
	assert_options(&m, "4.1",
		       "addr=192.0.2.1,vers=4.1,sync,soft,proto=tcp,timeo=600,retrans=3");
	assert_options(&m, "",
		       "addr=192.0.2.1,vers=4.2,sync,soft,proto=tcp,timeo=600,retrans=3");
}

static void bare_mount_is_soft_and_has_addresses(void **state)
{
	const struct nfs_mount m = {
		.options = "", .address = "192.0.2.1", .own_address = "192.0.2.5"};

	assert_options(&m, "4.2",
		       "addr=192.0.2.1,vers=4.2,soft,proto=tcp,timeo=600,retrans=3,"
		       "clientaddr=192.0.2.5");
}

static void version_3_is_mounted_without_a_lock_daemon(void **state)
{
	struct nfs_mount m = {.options = "",
			      .address = "2001:db8::1",
			      .own_address = "2001:db8::5",
			      .port = 12049};

	assert_options(&m, "3",
		       "addr=2001:db8::1,vers=3,soft,proto=tcp6,timeo=600,retrans=3,"
		       "port=12049,mountaddr=2001:db8::1,nolock,mountproto=tcp6");
	m = (struct nfs_mount){.options = "vers=3,mountproto=udp", .address = "192.0.2.1"};
	assert_options(&m, "",
		       "addr=192.0.2.1,vers=3,mountproto=udp,soft,proto=tcp,timeo=600,"
		       "retrans=3,mountaddr=192.0.2.1,nolock");
}

/* As /proc/mounts and /etc/fstab have them. */
static void a_dump_needs_a_mount_that_can_be_written_to(void **state)
{
	const struct nfs_mount m = {.options = "ro,vers=4.2,noexec",
				    .address = "192.0.2.1"};

	assert_options(&m, "",
		       "addr=192.0.2.1,vers=4.2,soft,proto=tcp,timeo=600,retrans=3");
}

static void what_was_true_of_another_mount_is_left_out(void **state)
{
	const struct nfs_mount m = {
		.options = "rw,relatime,vers=4.2,rsize=1048576,hard,proto=tcp,timeo=600,"
			   "retrans=2,sec=sys,clientaddr=10.0.0.1,addr=10.0.0.2,_netdev,"
			   "noauto,x-systemd.automount,bg,retry=5",
		.address = "192.0.2.1",
		.own_address = "192.0.2.5"};

	assert_options(&m, "",
		       "addr=192.0.2.1,vers=4.2,rsize=1048576,proto=tcp,timeo=600,"
		       "retrans=2,sec=sys,soft,clientaddr=192.0.2.5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_without_surprises_is_tried_first),
		cmocka_unit_test(version_4_2_is_the_second_choice_of_who_names_it),
		cmocka_unit_test(configured_version_is_the_only_one),
		cmocka_unit_test(a_dump_needs_a_mount_that_can_be_written_to),
		cmocka_unit_test(bare_mount_is_soft_and_has_addresses),
		cmocka_unit_test(version_3_is_mounted_without_a_lock_daemon),
		cmocka_unit_test(what_was_true_of_another_mount_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
