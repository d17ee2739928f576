#include "testing.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "base/io.h"
#include "dump/dump.h"
#include "format/diskdump.h"
#include "format/flattened.h"

#include <elf.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* What dumps may ask for that claim more than they are: this much, beside what the program
 * has already. */
#define SMALL_BUDGET ((size_t)4 << 20)
#define LARGE_BUDGET ((size_t)64 << 20)

static const struct dump_format *const formats[] = {&dump_format_elfcore,
						    &dump_format_diskdump, NULL};

static size_t data_bytes(void)
{
	unsigned long size, resident, shared, text, lib, data;
	FILE *f = fopen("/proc/self/statm", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu %lu %lu %lu %lu %lu", &size, &resident, &shared,
				&text, &lib, &data),
			 6);
	fclose(f);
	return data * (size_t)getpagesize();
}

/* The sanitizers' own memory is not to be limited. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#	define IS_LIMITED false
#else
#	define IS_LIMITED true
#endif

/* Open and visit with no more than @budget of memory of our own. */
static struct err *open_within(const char *path, size_t budget)
{
	struct rlimit before, limit;
	struct dump_reader *r = NULL;
	struct dump *d = NULL;
	struct err *err;
	pfn_t end = 0;

	assert_int_equal(getrlimit(RLIMIT_DATA, &before), 0);
	limit = before;
	if (IS_LIMITED)
		limit.rlim_cur = data_bytes() + budget;
	assert_int_equal(setrlimit(RLIMIT_DATA, &limit), 0);
	err = dump_open(path, formats, &d);
	if (!err)
		err = dump_reader_open(d, &r);
	for (int i = 0; i < 1000 && !err && end < dump_max_pfn(d); i++)
		dump_reader_pfn_run(r, end, &end);
	assert_int_equal(setrlimit(RLIMIT_DATA, &before), 0);
	dump_reader_close(r);
	dump_close(d);
	return err;
}

static int make_file(char path[64], const struct buf *bytes, u64 len)
{
	int fd = memfd_create("vmcore", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_success(io_write_all(fd, bytes->data, bytes->len, "vmcore"));
	assert_int_equal(ftruncate(fd, (off_t)len), 0);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

/* Header and sub header of a dump of @max_pfn page frames. */
static void add_headers(struct buf *b, u64 max_pfn, u64 notes_size)
{
	struct diskdump dd = {
		.version = 6,
		.block_size = 4096,
		.sub_header_blocks = 1,
		.bitmap_blocks = (u32)(2 * ((max_pfn / 8 + 4095) / 4096)),
		.max_pfn = max_pfn,
		.dump_level = 31,
		.notes_offset = notes_size ? (u64)1 << 45 : 0,
		.notes_size = notes_size,
		.vmcoreinfo_offset = notes_size ? (u64)1 << 46 : 0,
		.vmcoreinfo_size = notes_size,
	};
	u8 block[8192] = {0};

	snprintf(dd.uts[DISKDUMP_MACHINE], sizeof(dd.uts[0]), "x86_64");
	diskdump_format_header(&dd, block);
	diskdump_format_sub_header(&dd, block + 4096);
	buf_add(b, block, sizeof(block));
}

static void a_hole_that_claims_all_memory_there_can_be_costs_little(void **state)
{
	cleanup(buf_deinit) struct buf file = BUF_INIT;
	char path[64];
	int fd;

	add_headers(&file, DISKDUMP_MAX_PFN - 1, 0);
	fd = make_file(path, &file, (u64)1 << 50);
	/* One page that is said to be there. */
	assert_int_equal(pwrite(fd, "\1", 1, (off_t)(8192 + ((u64)1 << 36))), 1);
	assert_success(open_within(path, SMALL_BUDGET));
	close(fd);
}

static void a_flattened_claim_costs_as_little(void **state)
{
	cleanup(buf_deinit) struct buf file = BUF_INIT, flat = BUF_INIT;
	u8 header[FLATTENED_HEADER_LEN];
	char path[64];
	int fd;

	add_headers(&file, DISKDUMP_MAX_PFN - 1, 0);
	flattened_format_header(header);
	buf_add(&flat, header, sizeof(header));
	flattened_format_segment(0, file.len, header);
	buf_add(&flat, header, FLATTENED_SEGMENT_LEN);
	buf_add(&flat, file.data, file.len);
	flattened_format_segment((u64)1 << 55, 1, header);
	buf_add(&flat, header, FLATTENED_SEGMENT_LEN);
	buf_add(&flat, "x", 1);
	flattened_format_end(header);
	buf_add(&flat, header, FLATTENED_SEGMENT_LEN);
	fd = make_file(path, &flat, flat.len);
	assert_success(open_within(path, SMALL_BUDGET + ((size_t)12 << 20)));
	close(fd);
}

static void endless_notes_are_cut(void **state)
{
	cleanup(buf_deinit) struct buf file = BUF_INIT;
	char path[64];
	int fd;

	add_headers(&file, 4096, (u64)1 << 40);
	fd = make_file(path, &file, (u64)1 << 50);
	assert_success(open_within(path, LARGE_BUDGET));
	close(fd);
}

static void ram_in_very_many_pieces_has_a_limit(void **state)
{
	static const u8 every_second = 0x55;
	cleanup(buf_deinit) struct buf file = BUF_INIT;
	char path[64];
	int fd;

	add_headers(&file, (u64)1 << 23, 0);
	for (u32 i = 0; i < 2 << 20; i++)
		buf_add(&file, &every_second, 1);
	fd = make_file(path, &file, file.len);
	assert_success(open_within(path, SMALL_BUDGET + ((size_t)8 << 20)));
	close(fd);
}

/* @count program headers of one page each, with holes between them. */
static void add_elf(struct buf *b, u32 count)
{
	u8 header[128] = {ELFMAG0,    ELFMAG1,	   ELFMAG2,   ELFMAG3,
			  ELFCLASS64, ELFDATA2LSB, EV_CURRENT};

	put_le16(header + 16, ET_CORE);
	put_le16(header + 18, EM_X86_64);
	put_le64(header + 32, sizeof(header)); /* e_phoff */
	put_le64(header + 40, 64);	       /* e_shoff */
	put_le16(header + 54, 56);
	put_le16(header + 56, PN_XNUM);
	put_le16(header + 58, 64);
	put_le32(header + 64 + 44, count);
	buf_add(b, header, sizeof(header));
	for (u32 i = 0; i < count; i++) {
		u8 p[56] = {PT_LOAD};

		put_le64(p + 8, (u64)1 << 40); /* p_offset */
		put_le64(p + 24, (u64)i << 13);
		put_le64(p + 32, 1024);
		put_le64(p + 40, 4096);
		buf_add(b, p, sizeof(p));
	}
}

static void segments_without_number_have_a_limit(void **state)
{
	cleanup(buf_deinit) struct buf file = BUF_INIT;
	char path[64];
	int fd;

	add_elf(&file, 1u << 18);
	fd = make_file(path, &file, (u64)1 << 41);
	assert_success(open_within(path, LARGE_BUDGET));
	close(fd);
	file.len = 0;
	add_elf(&file, (1u << 18) + 1);
	fd = make_file(path, &file, (u64)1 << 41);
	assert_failure(open_within(path, LARGE_BUDGET), ERR_BAD_DATA,
		       "262145 program headers are more than 262144");
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hole_that_claims_all_memory_there_can_be_costs_little),
		cmocka_unit_test(a_flattened_claim_costs_as_little),
		cmocka_unit_test(endless_notes_are_cut),
		cmocka_unit_test(ram_in_very_many_pieces_has_a_limit),
		cmocka_unit_test(segments_without_number_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
