#include "testing.h"

#include "format/manifest.h"

#include "base/str.h"

static const struct manifest_module modules[] = {
	{.path = "/lib/modules/virtio_blk.ko", .params = ""},
	{.path = "/lib/modules/crc32c_generic.ko", .params = "x=1", .optional = true},
};
static const struct manifest_sysctl sysctls[] = {{"kernel.unknown_nmi_panic", "1"}};

/* Rows that live as long as the manifest made of them. */
struct rows {
	struct manifest_target targets[2];
	struct manifest_hook hook;
	struct manifest_interface interface;
	struct manifest_route route;
};

static struct manifest example(struct rows *rows)
{
	struct manifest m = MANIFEST_DEFAULTS;

	m.final = "poweroff";
	m.modules = modules;
	m.num_modules = ARRAY_SIZE(modules);
	rows->targets[0] = MANIFEST_TARGET_DEFAULTS;
	rows->targets[0].device = "/dev/vda";
	rows->targets[0].fs_type = "ext4";
	rows->targets[1] = MANIFEST_TARGET_DEFAULTS;
	rows->targets[1].kind = "ssh";
	rows->targets[1].device = "kdump@archive";
	rows->targets[1].address = "192.0.2.7";
	rows->targets[1].port = 2222;
	rows->targets[1].tries = 16;
	m.targets = rows->targets;
	m.num_targets = 2;
	rows->hook = (struct manifest_hook){
		.when = "pre", .path = "/etc/hook", .is_optional = true};
	m.hooks = &rows->hook;
	m.num_hooks = 1;
	rows->interface = (struct manifest_interface){.name = "bond0.5",
						      .kind = "vlan",
						      .mac = "52:54:00:12:34:56",
						      .parent = "bond0",
						      .master = "",
						      .addresses = "192.0.2.5/24",
						      .bond_mode = "",
						      .vlan_id = 5,
						      .dhcp = true};
	m.interfaces = &rows->interface;
	m.num_interfaces = 1;
	rows->route = (struct manifest_route){
		.to = "default", .gateway = "192.0.2.1", .interface = "bond0.5"};
	m.routes = &rows->route;
	m.num_routes = 1;
	m.failure_action = "dump_to_rootfs";
	m.naming = "kdump-tools";
	m.keep_dumps = 3;
	m.save_dmesg = false;
	m.collector.words = "makedumpfile -c";
	m.dump.level = 17;
	m.crashed = (struct manifest_crashed){.kernel = "/boot/vmlinuz",
					      .initrd = "/boot/initrd",
					      .command_line = "console=ttyS0 \"a b\"",
					      .sysctls = sysctls,
					      .num_sysctls = 1};
	return m;
}

static struct err *parse(const char *text, struct manifest *ret)
{
	return manifest_parse(text, strlen(text), ret);
}

static void what_is_written_is_read_back(void **state)
{
	struct rows rows;
	struct manifest m = example(&rows);
	cleanup(manifest_deinit) struct manifest got = {0};
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	assert_success(manifest_format(&m, &b));
	assert_success(manifest_parse(b.data, b.len, &got));
	assert_int_equal(got.version, MANIFEST_VERSION);
	assert_string_equal(got.final, "poweroff");
	assert_int_equal(got.num_modules, 2);
	assert_string_equal(got.modules[0].path, modules[0].path);
	assert_false(got.modules[0].optional);
	assert_string_equal(got.modules[1].params, "x=1");
	assert_true(got.modules[1].optional);
	assert_int_equal(got.num_targets, 2);
	assert_string_equal(got.targets[0].kind, "fs");
	assert_string_equal(got.targets[0].device, "/dev/vda");
	assert_string_equal(got.targets[0].path, "/var/crash");
	assert_string_equal(got.targets[1].kind, "ssh");
	assert_string_equal(got.targets[1].address, "192.0.2.7");
	assert_int_equal(got.targets[1].port, 2222);
	assert_int_equal(got.targets[1].tries, 16);
	assert_int_equal(got.targets[0].tries, 0);
	assert_string_equal(got.hooks[0].path, "/etc/hook");
	assert_true(got.hooks[0].is_optional);
	assert_string_equal(got.interfaces[0].parent, "bond0");
	assert_int_equal(got.interfaces[0].vlan_id, 5);
	assert_true(got.interfaces[0].dhcp);
	assert_string_equal(got.routes[0].gateway, "192.0.2.1");
	assert_string_equal(got.failure_action, "dump_to_rootfs");
	assert_string_equal(got.naming, "kdump-tools");
	assert_int_equal(got.keep_dumps, 3);
	assert_true(got.watchdog);
	assert_false(got.save_dmesg);
	assert_string_equal(got.collector.words, "makedumpfile -c");
	assert_int_equal(got.dump.level, 17);
	assert_int_equal(got.dump.compression_level, -1);
	assert_int_equal(got.deadlines.stall_ms, 60000);
	assert_string_equal(got.crashed.command_line, "console=ttyS0 \"a b\"");
	assert_int_equal(got.crashed.num_sysctls, 1);
	assert_string_equal(got.crashed.sysctls[0].name, "kernel.unknown_nmi_panic");
}

static void equal_manifests_give_equal_bytes(void **state)
{
	struct rows rows;
	struct manifest m = example(&rows);
	cleanup(buf_deinit) struct buf a = BUF_INIT;
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	assert_success(manifest_format(&m, &a));
	assert_success(manifest_format(&m, &b));
	assert_string_equal(a.data, b.data);
}

static void absent_members_take_defaults(void **state)
{
	cleanup(manifest_deinit) struct manifest m = {0};

	assert_success(parse(
		"{\"version\":2,\"later\":[1],\"targets\":[{\"kind\":\"ssh\"}]}", &m));
	assert_true(m.save_dmesg);
	assert_int_equal(m.targets[0].tries, 0);
	assert_int_equal(m.dump.level, 31);
	assert_string_equal(m.dump.compression, "zstd");
	assert_string_equal(m.final, "reboot");
	assert_null(m.crashed.kernel);
}

static void the_one_target_of_version_1_is_read(void **state)
{
	cleanup(manifest_deinit) struct manifest m = {0};

	assert_success(parse("{\"version\":1,\"target\":{\"device\":\"/dev/vdb\","
			     "\"fs_type\":\"xfs\",\"host\":\"10.0.0.1\"}}",
			     &m));
	assert_int_equal(m.num_targets, 1);
	assert_string_equal(m.targets[0].kind, "fs");
	assert_string_equal(m.targets[0].device, "/dev/vdb");
	assert_string_equal(m.targets[0].host, "10.0.0.1");
	assert_string_equal(m.targets[0].path, "/var/crash");
}

static void a_newer_version_is_unsupported(void **state)
{
	struct manifest m;

	assert_failure(parse("{\"version\":3}", &m), ERR_UNSUPPORTED, "newer");
	assert_failure(parse("{\"version\":2,\"targets\":[{\"kind\":\"tape\"}]}", &m),
		       ERR_UNSUPPORTED, "targets[0].kind");
}

static void bad_members_are_named(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"", "no JSON at line"},
		{"[]", "not a JSON object"},
		{"{}", "no version"},
		{"{\"version\":1,\"version\":1}", "duplicate"},
		{"{\"version\":1,\"final\":7}", "manifest.final"},
		{"{\"version\":1,\"final\":\"fly\"}", "final is not"},
		{"{\"version\":2,\"failure_action\":\"cry\"}", "failure_action is not"},
		{"{\"version\":2,\"naming\":\"x\"}", "naming is not"},
		{"{\"version\":2,\"watchdog\":1}", "manifest.watchdog"},
		{"{\"version\":2,\"keep_dumps\":-1}", "manifest.keep_dumps"},
		{"{\"version\":2,\"save_dmesg\":0}", "manifest.save_dmesg"},
		{"{\"version\":2,\"targets\":[{\"kind\":\"ssh\",\"tries\":-1}]}",
		 "targets.tries"},
		{"{\"version\":2,\"targets\":{}}", "targets is not an array"},
		{"{\"version\":2,\"targets\":[{}]}", "targets[0] has no kind"},
		{"{\"version\":2,\"routes\":[{\"to\":1}]}", "routes.to"},
		{"{\"version\":2,\"collector\":\"cp\"}", "collector is not an object"},
		{"{\"version\":1,\"modules\":[{}]}", "modules[0]"},
		{"{\"version\":1,\"modules\":[7]}", "modules[0]"},
		{"{\"version\":1,\"target\":[]}", "target is not an object"},
		{"{\"version\":1,\"target\":{\"host\":\"../x\"}}", "host is no part"},
		{"{\"version\":1,\"target\":{\"host\":\"..\"}}", "host is no part"},
		{"{\"version\":1,\"dump\":{\"level\":32}}", "dump.level"},
		{"{\"version\":1,\"dump\":{\"compression\":\"xz\"}}", "dump.compression"},
		{"{\"version\":1,\"deadlines\":{\"stall_ms\":0}}", "deadlines.stall_ms"},
		{"{\"version\":1,\"crashed\":{\"kernel\":\"/k\"}}", "crashed needs"},
		{"{\"version\":1,\"crashed\":{\"kernel\":\"k\",\"command_line\":\"\"}}",
		 "crashed needs"},
		{"{\"version\":1,\"crashed\":{\"kernel\":\"k\",\"initrd\":\"i\"}}",
		 "crashed needs"},
		{"{\"version\":1,\"crashed\":{\"kernel\":\"k\",\"initrd\":\"i\","
		 "\"command_line\":\"\",\"sysctls\":[{}]}}",
		 "sysctls[0]"},
	};
	struct manifest m;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_failure(parse(rows[i].text, &m), ERR_BAD_DATA, rows[i].words);
}

static void too_many_modules_are_refused(void **state)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	struct manifest m;

	buf_add_str(&b, "{\"version\":1,\"modules\":[{\"path\":\"a\"}");
	for (size_t i = 0; i < MANIFEST_MODULES_MAX; i++)
		buf_add_str(&b, ",{\"path\":\"a\"}");
	buf_add_str(&b, "]}");
	assert_failure(manifest_parse(b.data, b.len, &m), ERR_BAD_DATA, "limit");
}

static void every_compression_of_the_collector_is_known(void **state)
{
	static const char *const names[] = {"zstd", "zlib", "lzo", "snappy", "none"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char text[80];
		struct manifest m;
		int len = snprintf(text, sizeof(text),
				   "{\"version\":1,\"dump\":{\"compression\":\"%s\"}}",
				   names[i]);

		assert_success(manifest_parse(text, (size_t)len, &m));
		assert_string_equal(m.dump.compression, names[i]);
		manifest_deinit(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_compression_of_the_collector_is_known),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(equal_manifests_give_equal_bytes),
		cmocka_unit_test(absent_members_take_defaults),
		cmocka_unit_test(the_one_target_of_version_1_is_read),
		cmocka_unit_test(a_newer_version_is_unsupported),
		cmocka_unit_test(bad_members_are_named),
		cmocka_unit_test(too_many_modules_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
