#include "testing.h"

#include "format/flattened.h"

/* The first bytes of a file that makedumpfile 1.7.2 made with -F, and of a segment of it.
 */
static const u8 real_header[32] = "makedumpfile\0\0\0\0"
				  "\0\0\0\0\0\0\0\1"
				  "\0\0\0\0\0\0\0\1";
static const u8 real_segment[16] = "\0\0\0\0\0\0\x10\x68"
				   "\0\0\0\0\0\0\x0f\xc4";

static void the_header_is_what_makedumpfile_writes(void **state)
{
	u8 header[FLATTENED_HEADER_LEN];

	flattened_format_header(header);
	assert_memory_equal(header, real_header, sizeof(real_header));
	for (size_t i = sizeof(real_header); i < sizeof(header); i++)
		assert_int_equal(header[i], 0);
	assert_true(flattened_recognises(header, sizeof(header)));
	assert_success(flattened_check_header(header, "vmcore"));
}

static void other_files_are_not_recognised(void **state)
{
	assert_false(flattened_recognises(real_header, 15));
	assert_false(flattened_recognises("makedumpfile2\0\0\0", 16));
	assert_false(flattened_recognises("KDUMP   \0\0\0\0\0\0\0\0", 16));
}

static void another_version_is_refused_by_number(void **state)
{
	u8 header[FLATTENED_USED_LEN];

	memcpy(header, real_header, sizeof(header));
	header[31] = 2;
	assert_failure(flattened_check_header(header, "vmcore"), ERR_UNSUPPORTED,
		       "vmcore: flattened format of type 1 and version 2");
}

static void segments_go_both_ways(void **state)
{
	struct flattened_segment s;
	u8 bytes[FLATTENED_SEGMENT_LEN];

	assert_true(flattened_parse_segment(real_segment, &s));
	assert_int_equal(s.offset, 4200);
	assert_int_equal(s.size, 4036);
	assert_false(s.is_end);
	flattened_format_segment(s.offset, s.size, bytes);
	assert_memory_equal(bytes, real_segment, sizeof(bytes));
	flattened_format_end(bytes);
	for (size_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], 0xff);
	assert_true(flattened_parse_segment(bytes, &s));
	assert_true(s.is_end);
}

static void a_segment_that_no_file_can_hold_is_damage(void **state)
{
	static const u64 wrong[][2] = {{UINT64_MAX, 0},
				       {0, UINT64_MAX},
				       {(u64)INT64_MAX, 1},
				       {1, (u64)INT64_MAX},
				       {(u64)1 << 63, 4096}};
	struct flattened_segment s;
	u8 bytes[FLATTENED_SEGMENT_LEN];

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		flattened_format_segment(wrong[i][0], wrong[i][1], bytes);
		assert_false(flattened_parse_segment(bytes, &s));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_header_is_what_makedumpfile_writes),
		cmocka_unit_test(other_files_are_not_recognised),
		cmocka_unit_test(another_version_is_refused_by_number),
		cmocka_unit_test(segments_go_both_ways),
		cmocka_unit_test(a_segment_that_no_file_can_hold_is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
