#include "fake_machine.h"

#include "arm/time_zone.h"

static void read_zone(const struct fake_modules *m, const char *zone)
{
	char *found;

	assert_success(time_zone_read(m->dir, &found));
	assert_string_equal(found, zone);
	free(found);
}

static void the_footer_is_the_zone(void **state)
{
	struct fake_modules m;

	fake_modules_init(&m);
	read_zone(&m, "UTC0");
	machine_file(&m, "usr/share/zoneinfo/X", "TZif2...\nCET-1CEST,M3.5.0,M10.5.0/3\n");
	machine_link(&m, "etc/localtime", "/usr/share/zoneinfo/X");
	/* A rule with hours has a '/', which a TZ value may have behind a comma only. */
	read_zone(&m, "CET-1CEST,M3.5.0,M10.5.0/3");
	machine_file(&m, "usr/share/zoneinfo/X", "TZif2...\n<+0330>-3:30\n");
	read_zone(&m, "<+0330>-3:30");
	fake_modules_deinit(&m);
}

static void what_is_no_zone_is_utc(void **state)
{
	static const char *const bad[] = {
		"",
		"TZif2",
		"TZif2\n\n",
		"TZif1\nCET-1\n",
		"TZif2\nCET-1",
		"XXif2\nA\n",
		"TZif2\n/etc/passwd\n",
		"TZif2\n:x\n",
	};
	struct fake_modules m;

	fake_modules_init(&m);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		machine_file(&m, "etc/localtime", bad[i]);
		read_zone(&m, "UTC0");
	}
	fake_modules_deinit(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_footer_is_the_zone),
		cmocka_unit_test(what_is_no_zone_is_utc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
