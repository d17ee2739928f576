#include "testing.h"

#include "format/raw_label.h"

static const struct raw_label label = {
	.bytes = 123456789, .started = 1000000007, .id = "0123-4567"};

static void a_label_is_read_as_it_was_written(void **state)
{
	u8 bytes[RAW_LABEL_LEN];
	struct raw_label read;

	raw_label_format(&label, bytes);
	assert_true(raw_label_parse(bytes, &read));
	assert_int_equal(read.bytes, label.bytes);
	assert_int_equal(read.started, label.started);
	assert_string_equal(read.id, label.id);
}

static void what_is_not_one_is_not_taken_for_one(void **state)
{
	u8 bytes[RAW_LABEL_LEN] = {0};
	struct raw_label read;

	assert_false(raw_label_parse(bytes, &read));
	raw_label_format(&label, bytes);
	bytes[0] ^= 1;
	assert_false(raw_label_parse(bytes, &read));
	raw_label_format(&label, bytes);
	bytes[16] = 0xff;
	assert_false(raw_label_parse(bytes, &read));
	/* No time_t either. */
	raw_label_format(&label, bytes);
	bytes[24] = 0xff;
	assert_false(raw_label_parse(bytes, &read));
	raw_label_format(&label, bytes);
	bytes[32] = '\n';
	assert_false(raw_label_parse(bytes, &read));
	/* No end of the text. */
	raw_label_format(&label, bytes);
	memset(bytes + 32, 'x', RAW_LABEL_LEN - 32);
	assert_false(raw_label_parse(bytes, &read));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_label_is_read_as_it_was_written),
		cmocka_unit_test(what_is_not_one_is_not_taken_for_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
