#include "testing.h"

#include "format/diskdump.h"
#include "gen.h"

static void make(const struct gen_kdump_options *options, struct buf *file)
{
	struct gen g;

	gen_init(&g, 12, 100);
	gen_ram(&g, 1, 2, GEN_PRESENT);
	gen_kdump(&g, options, file);
	gen_deinit(&g);
}

static void a_header_survives_formatting_and_parsing(void **state)
{
	struct diskdump in = {
		.version = 6,
		.timestamp_s = 1234567890123,
		.timestamp_us = 999999,
		.status = DISKDUMP_ZSTD | DISKDUMP_INCOMPLETE,
		.block_size = 65536,
		.sub_header_blocks = 2,
		.bitmap_blocks = 8,
		.current_cpu = 3,
		.num_cpus = 4,
		.max_pfn = 0x123456,
		.phys_base = (u64)-4096,
		.dump_level = 31,
		.vmcoreinfo_offset = 65536 + 200,
		.vmcoreinfo_size = 3000,
		.notes_offset = 65536 + 104,
		.notes_size = 4000,
	};
	struct diskdump out;
	cleanup(freep) u8 *file = calloc(2, 65536);
	struct byte_source src = source_from_memory(file, 2 * 65536, "vmcore");

	strcpy(in.uts[DISKDUMP_MACHINE], "x86_64");
	diskdump_format_header(&in, file);
	diskdump_format_sub_header(&in, file + 65536);
	assert_success(diskdump_parse(&src, &out));
	diskdump_lay_out(&in);
	assert_memory_equal(&in, &out, sizeof(in));
	assert_int_equal(out.descs_offset, 65536 * 11);
}

/* The layout of a file that makedumpfile wrote for x86-64. */
static void fields_lie_where_x86_64_aligns_them(void **state)
{
	struct diskdump dd = {.version = 6, .block_size = 4096, .status = 1, .max_pfn = 7};
	u8 h[DISKDUMP_HEADER_LEN];

	dd.timestamp_s = 0x6b;
	dd.num_cpus = 2;
	strcpy(dd.uts[DISKDUMP_SYSNAME], "Linux");
	diskdump_format_header(&dd, h);
	assert_memory_equal(h, "KDUMP   \6\0\0\0Linux", 17);
	assert_int_equal(h[0x198], 0x6b);
	assert_int_equal(h[0x1a8], 1);
	assert_int_equal(h[0x1ad], 0x10);
	assert_int_equal(h[0x1b8], 7);
	assert_int_equal(h[0x1cc], 2);
}

static void older_versions_lack_the_later_fields(void **state)
{
	struct buf file = BUF_INIT;
	struct byte_source src;
	struct diskdump dd;

	make(NULL, &file);
	src = source_from_memory(file.data, file.len, "vmcore");
	file.data[8] = 3;
	assert_success(diskdump_parse(&src, &dd));
	assert_int_equal(dd.max_pfn, 100);
	assert_int_equal(dd.notes_size, 0);
	file.data[8] = 6;
	assert_success(diskdump_parse(&src, &dd));
	assert_int_not_equal(dd.notes_size, 0);
	buf_deinit(&file);
}

static void counts_that_contradict_each_other_are_named_with_their_offset(void **state)
{
	struct buf file = BUF_INIT;
	struct byte_source src;
	struct diskdump dd;

	make(NULL, &file);
	src = source_from_memory(file.data, file.len, "vmcore");
	file.data[0x1b6] = 1;
	assert_success(diskdump_parse(&src, &dd));
	file.data[0x1b4] = 0;
	file.data[0x1b6] = 0;
	assert_failure(diskdump_parse(&src, &dd), ERR_BAD_DATA,
		       "0 bitmap blocks (offset 0x1b4)");
	file.data[0x1b4] = 2;
	file.data[4096 + 96 + 7] = 1;
	assert_failure(diskdump_parse(&src, &dd), ERR_BAD_DATA, "0x100000000000064");
	file.data[4096 + 96 + 7] = 0;
	file.data[0x1ac] = 1;
	assert_failure(diskdump_parse(&src, &dd), ERR_BAD_DATA, "block size 4097");
	file.data[0x1ac] = 0;
	strcpy(file.data + 12 + 4 * 65, "i686");
	assert_failure(diskdump_parse(&src, &dd), ERR_UNSUPPORTED,
		       "32-bit machine, \"i686\"");
	file.data[8] = 0;
	file.data[11] = 6;
	assert_failure(diskdump_parse(&src, &dd), ERR_UNSUPPORTED, "big-endian");
	src.size = 300;
	assert_failure(diskdump_parse(&src, &dd), ERR_BAD_DATA, "past the end at 0x12c");
	buf_deinit(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_survives_formatting_and_parsing),
		cmocka_unit_test(fields_lie_where_x86_64_aligns_them),
		cmocka_unit_test(older_versions_lack_the_later_fields),
		cmocka_unit_test(
			counts_that_contradict_each_other_are_named_with_their_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
