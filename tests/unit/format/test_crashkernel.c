#include "testing.h"

#include "format/crashkernel.h"

#define M (1ULL << 20)
#define G (1ULL << 30)

static u64 reserved(const char *text, u64 ram)
{
	struct crashkernel c = {0};

	assert_success(crashkernel_parse(text, &c));
	return crashkernel_evaluate(&c, ram);
}

static void a_plain_size_holds_for_any_ram(void **state)
{
	assert_int_equal(reserved("88M", 512 * M), 88 * M);
	assert_int_equal(reserved("1g", 64 * G), G);
	assert_int_equal(reserved("64M@16M", G), 64 * M);
}

static void the_range_of_this_ram_decides(void **state)
{
	const char *text = "384M-2G:64M,2G-4G:160M,4G-:192M@32M";

	assert_int_equal(reserved(text, 256 * M), 0);
	assert_int_equal(reserved(text, 384 * M), 64 * M);
	assert_int_equal(reserved(text, 2 * G - 1), 160 * M);
	assert_int_equal(reserved(text, 2 * G), 160 * M);
	assert_int_equal(reserved(text, 5 * G), 192 * M);
}

static void ram_is_rounded_up_to_128_mib_before_a_range_is_chosen(void **state)
{
	assert_int_equal(reserved("2G-:128M", 2 * G - 100 * M), 128 * M);
	assert_int_equal(reserved("2G-:128M", 2 * G - 128 * M), 0);
}

static void the_kind_is_told(void **state)
{
	struct crashkernel c = {0};

	assert_success(crashkernel_parse("512M,high", &c));
	assert_int_equal(c.kind, CRASHKERNEL_HIGH);
	assert_success(crashkernel_parse("72M,low", &c));
	assert_int_equal(c.kind, CRASHKERNEL_LOW);
	assert_success(crashkernel_parse("300M,cma", &c));
	assert_int_equal(c.kind, CRASHKERNEL_CMA);
	assert_success(crashkernel_parse("64M@1G", &c));
	assert_int_equal(c.kind, CRASHKERNEL_PLAIN);
	assert_true(c.has_offset);
	assert_int_equal(c.offset_bytes, G);
}

static void nonsense_is_refused_naming_the_word(void **state)
{
	struct crashkernel c;

	assert_failure(crashkernel_parse("", &c), ERR_USAGE, "missing");
	assert_failure(crashkernel_parse("auto", &c), ERR_USAGE, "RHEL");
	assert_failure(crashkernel_parse("128MB", &c), ERR_USAGE, "\"128MB\"");
	assert_failure(crashkernel_parse("128 M", &c), ERR_USAGE, "unit");
	assert_failure(crashkernel_parse("0M", &c), ERR_USAGE, "0 reserves nothing");
	assert_failure(crashkernel_parse("128M,hihg", &c), ERR_USAGE, "\",hihg\"");
	assert_failure(crashkernel_parse("2G-1G:64M", &c), ERR_USAGE, "ends before");
	assert_failure(crashkernel_parse("2G-4G", &c), ERR_USAGE, "\":SIZE\"");
	assert_failure(crashkernel_parse("2G-:64M,4G", &c), ERR_USAGE, "range");
	assert_failure(crashkernel_parse("99999999999999999999M", &c), ERR_USAGE,
		       "too large");
	assert_failure(crashkernel_parse("99999999999E", &c), ERR_USAGE, "too large");
	assert_failure(crashkernel_parse("64M@", &c), ERR_USAGE, "missing");
}

static void ranges_are_bounded(void **state)
{
	char text[64 * (CRASHKERNEL_RANGES_MAX + 1)] = "";
	struct crashkernel c;

	for (int i = 1; i <= CRASHKERNEL_RANGES_MAX + 1; i++)
		sprintf(text + strlen(text), "%s%dG-%dG:64M", i > 1 ? "," : "", i, i + 1);
	assert_failure(crashkernel_parse(text, &c), ERR_USAGE, "too many");
}

static struct crashkernel_reservation reserved_by(const char *cmdline, u64 ram)
{
	struct crashkernel_reservation r;

	crashkernel_reserved(cmdline, ram, &r);
	return r;
}

static void the_last_word_of_a_command_line_counts(void **state)
{
	assert_int_equal(
		reserved_by("ro crashkernel=384M-:128M quiet crashkernel=256M", G).bytes,
		256 * M);
	assert_int_equal(reserved_by("crashkernel=512M-2G:64M,2G-:128M", G).bytes, 64 * M);
	/* A plain one comes before ",high", wherever it stands. */
	assert_int_equal(reserved_by("crashkernel=64M crashkernel=1G,high", 8 * G).bytes,
			 64 * M);
}

static void high_brings_low_with_it(void **state)
{
	struct crashkernel_reservation r = reserved_by("crashkernel=512M,high", 8 * G);

	assert_int_equal(r.bytes, 512 * M);
	assert_int_equal(r.low_bytes, 256 * M);
	r = reserved_by("crashkernel=512M,high crashkernel=72M,low", 8 * G);
	assert_int_equal(r.low_bytes, 72 * M);
	r = reserved_by("crashkernel=512M,high crashkernel=0,low", 8 * G);
	assert_int_equal(r.low_bytes, 0);
	r = reserved_by("crashkernel=100M crashkernel=300M,cma", 8 * G);
	assert_int_equal(r.bytes, 100 * M);
	assert_int_equal(r.cma_bytes, 300 * M);
	assert_string_equal(r.why, "");
}

static void what_reserves_nothing_is_said_to(void **state)
{
	struct crashkernel_reservation r = reserved_by("ro crashkernel=auto", G);

	assert_true(r.is_given);
	assert_int_equal(r.bytes, 0);
	assert_non_null(strstr(r.why, "reserve nothing"));
	r = reserved_by("crashkernel=2G-:128M", G);
	assert_non_null(strstr(r.why, "no range of \"2G-:128M\""));
	r = reserved_by("crashkernel=128X", G);
	assert_non_null(strstr(r.why, "unknown unit"));
	r = reserved_by("crashkernel=72M,low", G);
	assert_non_null(strstr(r.why, "only add to a reservation"));
	r = reserved_by("ro quiet xcrashkernel=1M", G);
	assert_false(r.is_given);
	assert_non_null(strstr(r.why, "no crashkernel="));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_size_holds_for_any_ram),
		cmocka_unit_test(the_range_of_this_ram_decides),
		cmocka_unit_test(ram_is_rounded_up_to_128_mib_before_a_range_is_chosen),
		cmocka_unit_test(the_kind_is_told),
		cmocka_unit_test(nonsense_is_refused_naming_the_word),
		cmocka_unit_test(ranges_are_bounded),
		cmocka_unit_test(the_last_word_of_a_command_line_counts),
		cmocka_unit_test(high_brings_low_with_it),
		cmocka_unit_test(what_reserves_nothing_is_said_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
