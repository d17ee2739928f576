#include "testing.h"

#include "format/manifest.h"

#include "base/str.h"

static const struct manifest_module modules[] = {
	{.path = "/lib/modules/virtio_blk.ko", .params = ""},
	{.path = "/lib/modules/crc32c_generic.ko", .params = "x=1", .optional = true},
};
static const struct manifest_sysctl sysctls[] = {{"kernel.unknown_nmi_panic", "1"}};

static struct manifest example(void)
{
	struct manifest m = MANIFEST_DEFAULTS;

	m.final = "poweroff";
	m.modules = modules;
	m.num_modules = ARRAY_SIZE(modules);
	m.target.device = "/dev/vda";
	m.target.fs_type = "ext4";
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
	struct manifest m = example();
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
	assert_string_equal(got.target.device, "/dev/vda");
	assert_string_equal(got.target.path, "/var/crash");
	assert_int_equal(got.dump.level, 17);
	assert_int_equal(got.dump.compression_level, -1);
	assert_int_equal(got.deadlines.stall_ms, 60000);
	assert_string_equal(got.crashed.command_line, "console=ttyS0 \"a b\"");
	assert_int_equal(got.crashed.num_sysctls, 1);
	assert_string_equal(got.crashed.sysctls[0].name, "kernel.unknown_nmi_panic");
}

static void equal_manifests_give_equal_bytes(void **state)
{
	struct manifest m = example();
	cleanup(buf_deinit) struct buf a = BUF_INIT;
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	assert_success(manifest_format(&m, &a));
	assert_success(manifest_format(&m, &b));
	assert_string_equal(a.data, b.data);
}

static void absent_members_take_defaults(void **state)
{
	cleanup(manifest_deinit) struct manifest m = {0};

	assert_success(parse("{\"version\":1,\"later\":[1]}", &m));
	assert_int_equal(m.dump.level, 31);
	assert_string_equal(m.dump.compression, "zstd");
	assert_string_equal(m.final, "reboot");
	assert_null(m.crashed.kernel);
}

static void a_newer_version_is_unsupported(void **state)
{
	struct manifest m;

	assert_failure(parse("{\"version\":2}", &m), ERR_UNSUPPORTED, "newer");
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
		{"{\"version\":1,\"final\":\"fly\"}", "final is neither"},
		{"{\"version\":1,\"modules\":[{}]}", "modules[0]"},
		{"{\"version\":1,\"modules\":[7]}", "modules[0]"},
		{"{\"version\":1,\"target\":[]}", "target is not an object"},
		{"{\"version\":1,\"target\":{\"host\":\"../x\"}}", "target.host"},
		{"{\"version\":1,\"dump\":{\"level\":32}}", "dump.level"},
		{"{\"version\":1,\"dump\":{\"compression\":\"xz\"}}", "dump.compression"},
		{"{\"version\":1,\"deadlines\":{\"stall_ms\":0}}", "deadlines.stall_ms"},
		{"{\"version\":1,\"crashed\":{\"kernel\":\"/k\"}}", "crashed needs"},
		{"{\"version\":1,\"crashed\":{\"kernel\":\"k\",\"initrd\":\"i\","
		 "\"command_line\":\"\",\"sysctls\":[{}]}}",
		 "crashed.sysctls[0]"},
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
	assert_failure(manifest_parse(b.data, b.len, &m), ERR_BAD_DATA, "limits");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(equal_manifests_give_equal_bytes),
		cmocka_unit_test(absent_members_take_defaults),
		cmocka_unit_test(a_newer_version_is_unsupported),
		cmocka_unit_test(bad_members_are_named),
		cmocka_unit_test(too_many_modules_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
