#include "testing.h"

#include "backend/authority_priv.h"

#include "base/buf.h"

static struct err *parse(const char *text, struct buf *b)
{
	struct backend_authority a = {0};
	struct err *err = backend_authority_parse(text, &a);

	if (!err)
		buf_printf(b, "%s %s%s %u %s", a.username ? a.username : "-", a.host,
			   a.is_ipv6 ? " v6" : "", a.port, a.path);
	backend_authority_deinit(&a);
	return err;
}

static void users_hosts_and_ports_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"bmc7", "- bmc7 0 "},
		{"bmc7:6230", "- bmc7 6230 "},
		{"root@10.0.0.7", "root 10.0.0.7 0 "},
		{"a.b-c_d+e@h.example:65535/redfish/v1/x@y:z",
		 "a.b-c_d+e h.example 65535 /redfish/v1/x@y:z"},
		{"[fe80::1]", "- fe80::1 v6 0 "},
		{"u@[::1]:623/", "u ::1 v6 623 /"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf b = BUF_INIT;

		assert_success(parse(cases[i].text, &b));
		assert_string_equal(buf_text(&b), cases[i].expected);
		buf_deinit(&b);
	}
}

static void what_could_be_something_else_is_refused(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"", "no host"},
		{"@bmc", "user name"},
		{"user:secret@bmc", "password does not belong"},
		{"us er@bmc", "user name"},
		{"-oProxyCommand=x", "a host is"},
		{"bmc;reboot", "a host is"},
		{"bmc:0", "port"},
		{"bmc:65536", "port"},
		{"bmc:0x10", "port"},
		{"bmc:623456789", "port"},
		{"bmc:-1", "port"},
		{"[::1", "[ADDRESS]"},
		{"[::1]x", "nothing but a port"},
		{"[::1%eth0]", "[ADDRESS]"},
		{"[]", "no host"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf b = BUF_INIT;

		assert_failure(parse(cases[i].text, &b), ERR_USAGE, cases[i].words);
		buf_deinit(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_hosts_and_ports_are_taken_apart),
		cmocka_unit_test(what_could_be_something_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
