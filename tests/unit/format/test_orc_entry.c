#include "testing.h"

#include "format/orc_entry.h"

/* Bytes of an entry: sp_offset, bp_offset, and the 16 bits that encodings differ in. */
#define ENTRY(sp, bp, flags)                                                               \
	{                                                                                  \
		(u8)((u16)(sp)), (u8)((u16)(sp) >> 8), (u8)((u16)(bp)),                    \
			(u8)((u16)(bp) >> 8), (u8)(flags), (u8)((flags) >> 8)              \
	}

static void a_call_row_is_read_in_each_encoding(void **state)
{
	/* sp + 16, bp saved at the caller's sp - 16 */
	static const struct {
		enum orc_encoding encoding;
		u16 flags;
	} cases[] = {
		{ORC_ENCODING_TYPE2_END, 0x0015},
		{ORC_ENCODING_TYPE2_SIGNAL_END, 0x0015},
		{ORC_ENCODING_TYPE3_SIGNAL, 0x0215},
		{ORC_ENCODING_TYPE3_SIGNAL_RENUMBERED, 0x0283},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const u8 bytes[] = ENTRY(16, -16, cases[i].flags);
		struct orc_row row;

		assert_success(orc_row_decode(cases[i].encoding, bytes, &row));
		assert_int_equal(row.kind, ORC_KIND_CALL);
		assert_false(row.signal);
		assert_int_equal(row.sp_base, ORC_BASE_SP);
		assert_int_equal(row.sp_offset, 16);
		assert_int_equal(row.bp_base, ORC_BASE_PREV_SP);
		assert_int_equal(row.bp_offset, -16);
	}
}

static void registers_mean_an_interrupted_caller_where_no_bit_says_so(void **state)
{
	const u8 regs[] = ENTRY(0, 0, 0x0105), partial[] = ENTRY(8, 0, 0x0205);
	struct orc_row row;

	assert_success(orc_row_decode(ORC_ENCODING_TYPE2_END, regs, &row));
	assert_int_equal(row.kind, ORC_KIND_REGS);
	assert_true(row.signal);
	assert_success(orc_row_decode(ORC_ENCODING_TYPE2_END, partial, &row));
	assert_int_equal(row.kind, ORC_KIND_REGS_PARTIAL);
	assert_true(row.signal);
	/* With the bit, it alone counts. */
	assert_success(orc_row_decode(ORC_ENCODING_TYPE2_SIGNAL_END, regs, &row));
	assert_int_equal(row.kind, ORC_KIND_REGS);
	assert_false(row.signal);
}

static void the_end_of_a_stack_and_code_without_a_frame_are_told_apart(void **state)
{
	static const struct {
		enum orc_encoding encoding;
		u16 flags;
		enum orc_kind kind;
	} cases[] = {
		{ORC_ENCODING_TYPE2_END, 0x0400, ORC_KIND_END_OF_STACK},
		{ORC_ENCODING_TYPE2_END, 0x0000, ORC_KIND_UNDEFINED},
		{ORC_ENCODING_TYPE2_SIGNAL_END, 0x0800, ORC_KIND_END_OF_STACK},
		{ORC_ENCODING_TYPE2_SIGNAL_END, 0x0400, ORC_KIND_UNDEFINED},
		{ORC_ENCODING_TYPE3_SIGNAL, 0x0100, ORC_KIND_END_OF_STACK},
		{ORC_ENCODING_TYPE3_SIGNAL, 0x0000, ORC_KIND_UNDEFINED},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const u8 bytes[] = ENTRY(0, 0, cases[i].flags);
		struct orc_row row;

		assert_success(orc_row_decode(cases[i].encoding, bytes, &row));
		assert_int_equal(row.kind, cases[i].kind);
	}
}

static void an_unknown_register_or_type_is_bad_data(void **state)
{
	const u8 reg[] = ENTRY(0, 0, 0x020e), type3[] = ENTRY(0, 0, 0x0705),
		 type2[] = ENTRY(0, 0, 0x0305), bp_indirect[] = ENTRY(0, 0, 0x020a);
	struct orc_row row;

	assert_failure(orc_row_decode(ORC_ENCODING_TYPE3_SIGNAL, reg, &row), ERR_BAD_DATA,
		       "0x020e");
	assert_failure(orc_row_decode(ORC_ENCODING_TYPE3_SIGNAL, type3, &row), ERR_BAD_DATA,
		       "0x0705");
	assert_failure(orc_row_decode(ORC_ENCODING_TYPE2_END, type2, &row), ERR_BAD_DATA,
		       "0x0305");
	/* Register 10 came with the new numbers. */
	assert_failure(orc_row_decode(ORC_ENCODING_TYPE3_SIGNAL, bp_indirect, &row),
		       ERR_BAD_DATA, "0x020a");
	assert_success(
		orc_row_decode(ORC_ENCODING_TYPE3_SIGNAL_RENUMBERED, bp_indirect, &row));
	assert_int_equal(row.sp_base, ORC_BASE_BP_INDIRECT);
}

static void the_header_hash_names_the_encoding(void **state)
{
	/* .orc_header of Debian's 6.12 */
	u8 hash[] = {0xfe, 0x5d, 0x32, 0xbf, 0x58, 0x1b, 0xd6, 0x3b, 0x2c, 0xa9,
		     0xa5, 0xc6, 0x5b, 0xa5, 0xa6, 0x25, 0xea, 0xb3, 0xfe, 0x24};
	enum orc_encoding encoding;

	assert_true(orc_encoding_from_hash(hash, &encoding));
	assert_int_equal(encoding, ORC_ENCODING_TYPE3_SIGNAL);
	hash[19] ^= 1;
	assert_false(orc_encoding_from_hash(hash, &encoding));
}

static void the_bitfields_of_the_type_name_the_encoding(void **state)
{
	enum orc_encoding encoding;

	assert_true(orc_encoding_from_layout(2, false, true, &encoding));
	assert_int_equal(encoding, ORC_ENCODING_TYPE2_END);
	assert_true(orc_encoding_from_layout(2, true, true, &encoding));
	assert_int_equal(encoding, ORC_ENCODING_TYPE2_SIGNAL_END);
	assert_true(orc_encoding_from_layout(3, true, false, &encoding));
	assert_int_equal(encoding, ORC_ENCODING_TYPE3_SIGNAL);
	assert_false(orc_encoding_from_layout(4, true, false, &encoding));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_row_is_read_in_each_encoding),
		cmocka_unit_test(registers_mean_an_interrupted_caller_where_no_bit_says_so),
		cmocka_unit_test(
			the_end_of_a_stack_and_code_without_a_frame_are_told_apart),
		cmocka_unit_test(an_unknown_register_or_type_is_bad_data),
		cmocka_unit_test(the_header_hash_names_the_encoding),
		cmocka_unit_test(the_bitfields_of_the_type_name_the_encoding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
