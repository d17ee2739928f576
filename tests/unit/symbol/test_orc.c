#include "tables.h"

#define IPS  0xffffffff82000000ULL
#define ROWS 0xffffffff82001000ULL
#define TEXT 0xffffffff81000000ULL
#define NUM  5

static u8 ips[4 * NUM], rows[ORC_ENTRY_LEN * NUM];

static struct err *read_tables(void *ctx, vaddr_t addr, void *data, size_t len)
{
	if (addr >= IPS && range_fits(addr - IPS, len, sizeof(ips)))
		memcpy(data, ips + (addr - IPS), len);
	else if (addr >= ROWS && range_fits(addr - ROWS, len, sizeof(rows)))
		memcpy(data, rows + (addr - ROWS), len);
	else
		return err_fault(addr, "nothing at 0x%llx", (unsigned long long)addr);
	return NULL;
}

/* Rows begin at TEXT + 0, 1, 8, 8 and 32; the sp_offset of each is 8 times its number, from
 * 1 on. */
static struct orc_table example(void)
{
	static const u32 starts[NUM] = {0, 1, 8, 8, 32};

	for (u32 i = 0; i < NUM; i++) {
		put_le32(ips + 4 * i, (u32)(TEXT + starts[i] - (IPS + 4 * i)));
		orc_bytes_call(rows + ORC_ENTRY_LEN * i, (s16)(8 * (i + 1)));
	}
	return (struct orc_table){.ips = IPS,
				  .rows = ROWS,
				  .count = NUM,
				  .encoding = ORC_ENCODING_TYPE3_SIGNAL};
}

static void each_address_gets_the_last_row_that_begins_at_or_below_it(void **state)
{
	static const struct {
		u32 ip;
		s16 sp_offset;
	} cases[] = {{0, 8},  {1, 16},	{2, 16},  {7, 16},  {8, 32},
		     {9, 32}, {31, 32}, {32, 40}, {33, 40}, {4096, 40}};
	struct orc_table table = example();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct orc_row row = {0};
		bool is_found = false;

		assert_success(orc_find(&table, read_tables, NULL, TEXT + cases[i].ip,
					&is_found, &row));
		assert_true(is_found);
		assert_int_equal(row.sp_offset, cases[i].sp_offset);
	}
}

static void an_address_below_the_table_has_no_row(void **state)
{
	struct orc_table table = example();
	struct orc_row row;
	bool is_found = true;

	assert_success(orc_find(&table, read_tables, NULL, TEXT - 1, &is_found, &row));
	assert_false(is_found);
	table.count = 0;
	is_found = true;
	assert_success(orc_find(&table, read_tables, NULL, TEXT, &is_found, &row));
	assert_false(is_found);
}

static void a_table_that_cannot_be_read_is_a_fault_naming_the_row(void **state)
{
	struct orc_table table = example();
	struct orc_row row;
	bool is_found;

	table.rows += 0x100000;
	assert_failure(orc_find(&table, read_tables, NULL, TEXT, &is_found, &row),
		       ERR_FAULT, "ORC row 0 of 5");
	table.ips += 0x100000;
	assert_failure(orc_find(&table, read_tables, NULL, TEXT, &is_found, &row),
		       ERR_FAULT, "ORC address 2 of 5");
}

/* Rows as in real tables: mostly calls, few others. */
static enum orc_encoding guess(u16 call, u16 other)
{
	struct orc_table table = example();
	enum orc_encoding encoding = ORC_ENCODING_TYPE3_SIGNAL_RENUMBERED;

	for (u32 i = 0; i < NUM; i++)
		put_le16(rows + ORC_ENTRY_LEN * i + 4, i == 2 ? other : call);
	assert_success(orc_guess_encoding(&table, read_tables, NULL, &encoding));
	return encoding;
}

static void the_rows_themselves_tell_their_encoding(void **state)
{
	assert_int_equal(guess(0x0205, 0x0100), ORC_ENCODING_TYPE3_SIGNAL);
	assert_int_equal(guess(0x0005, 0x0400), ORC_ENCODING_TYPE2_END);
	assert_int_equal(guess(0x0005, 0x0800), ORC_ENCODING_TYPE2_SIGNAL_END);
}

static void rows_of_no_known_encoding_are_unsupported(void **state)
{
	struct orc_table table = example();
	enum orc_encoding encoding;

	put_le16(rows + 4, 0x8205);
	assert_failure(orc_guess_encoding(&table, read_tables, NULL, &encoding),
		       ERR_UNSUPPORTED, "unknown encoding");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_address_gets_the_last_row_that_begins_at_or_below_it),
		cmocka_unit_test(an_address_below_the_table_has_no_row),
		cmocka_unit_test(a_table_that_cannot_be_read_is_a_fault_naming_the_row),
		cmocka_unit_test(the_rows_themselves_tell_their_encoding),
		cmocka_unit_test(rows_of_no_known_encoding_are_unsupported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
