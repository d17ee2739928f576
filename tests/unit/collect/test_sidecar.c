#include "testing.h"

#include "base/io.h"
#include "collect/sidecar.h"
#include "failing_malloc.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define FILE_BYTES 300000u
#define RANGE	   65536u /* of the small sidecars here: 5 ranges, the last one short */

struct world {
	char dir[32], path[64];
	int fd;
	struct sidecar s;
};

static void begin(struct world *w)
{
	static char data[FILE_BYTES];

	*w = (struct world){.dir = "/tmp/inquest-test-XXXXXX"};
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * i >> 7);
	w->fd = memfd_create("vmcore", MFD_CLOEXEC);
	assert_true(w->fd >= 0);
	assert_success(io_pwrite_all(w->fd, data, sizeof(data), 0, "vmcore"));
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof(w->path), "%s/vmcore" SIDECAR_SUFFIX, w->dir);
	snprintf(w->s.format, sizeof(w->s.format), "kdump-compressed");
	snprintf(w->s.codec, sizeof(w->s.codec), "zstd");
	w->s.codec_level = -1;
	w->s.dump_level = 31;
	w->s.pages = 1234;
}

static void end(struct world *w)
{
	close(w->fd);
	unlink(w->path);
	assert_int_equal(rmdir(w->dir), 0);
	sidecar_deinit(&w->s);
}

static u32 crc_by_the_book(const void *data, size_t len)
{
	const u8 *p = data;
	u32 crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void a_sidecar_says_what_was_measured(void **state)
{
	static u8 data[FILE_BYTES];
	struct sidecar got;
	struct world w;
	struct stat st;

	begin(&w);
	assert_success(sidecar_measure(&w.s, w.fd, "vmcore", FILE_BYTES));
	assert_int_equal(w.s.num_ranges, 1);
	assert_int_equal(w.s.range_bytes, 64 << 20);
	assert_int_equal(pread(w.fd, data, sizeof(data), 0), sizeof(data));
	assert_int_equal(w.s.crcs[0], crc_by_the_book(data, sizeof(data)));
	assert_success(sidecar_write(&w.s, w.path));
	assert_int_equal(stat(w.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_success(sidecar_read(w.path, &got));
	assert_string_equal(got.format, "kdump-compressed");
	assert_string_equal(got.codec, "zstd");
	assert_int_equal(got.codec_level, -1);
	assert_int_equal(got.dump_level, 31);
	assert_int_equal(got.pages, 1234);
	assert_false(got.is_incomplete);
	assert_int_equal(got.file_bytes, FILE_BYTES);
	assert_int_equal(got.num_ranges, 1);
	assert_int_equal(got.crcs[0], w.s.crcs[0]);
	sidecar_deinit(&got);
	end(&w);
}

/* A sidecar with ranges small enough for a test, as its own JSON tells them. */
static void shrink_ranges(struct world *w)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	static u8 data[FILE_BYTES];

	assert_int_equal(pread(w->fd, data, sizeof(data), 0), sizeof(data));
	buf_printf(
		&b,
		"{\"schema\": \"inquest.sidecar\", \"version\": 1, \"later\": null,"
		"\"dump\": {\"format\": \"ELF core\", \"codec\": \"\", \"codec_level\": 0,"
		"\"level\": 0, \"pages\": 1}, \"file_bytes\": %u, \"range_bytes\": %u,"
		"\"crc32\": [",
		FILE_BYTES, RANGE);
	for (u32 at = 0; at < FILE_BYTES; at += RANGE)
		buf_printf(&b, "%s\"%08x\"", at ? "," : "",
			   crc_by_the_book(data + at, min_u64(RANGE, FILE_BYTES - at)));
	buf_add_str(&b, "]}");
	assert_success(sidecar_parse(b.data, b.len, &w->s));
	assert_int_equal(w->s.num_ranges, 5);
}

static void an_untouched_file_is_the_same(void **state)
{
	struct sidecar_check c;
	struct world w;

	begin(&w);
	shrink_ranges(&w);
	assert_success(sidecar_compare(&w.s, w.fd, "vmcore", &c));
	assert_true(c.is_same);
	assert_int_equal(c.file_bytes, FILE_BYTES);
	end(&w);
}

static void a_flipped_bit_is_found_in_its_range(void **state)
{
	static const u32 at[] = {0, RANGE - 1, RANGE, 3 * RANGE + 5, FILE_BYTES - 1};
	struct world w;

	begin(&w);
	shrink_ranges(&w);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		struct sidecar_check c;
		u8 byte, flipped;

		assert_int_equal(pread(w.fd, &byte, 1, at[i]), 1);
		flipped = byte ^ 0x20;
		assert_int_equal(pwrite(w.fd, &flipped, 1, at[i]), 1);
		assert_success(sidecar_compare(&w.s, w.fd, "vmcore", &c));
		assert_false(c.is_same);
		assert_false(c.size_differs);
		assert_int_equal(c.num_different, 1);
		assert_int_equal(c.different_offset, at[i] / RANGE * RANGE);
		assert_int_equal(c.crc_expected, w.s.crcs[at[i] / RANGE]);
		assert_int_not_equal(c.crc_found, c.crc_expected);
		assert_int_equal(pwrite(w.fd, &byte, 1, at[i]), 1);
	}
	end(&w);
}

static void a_file_that_became_shorter_or_longer_differs(void **state)
{
	struct sidecar_check c;
	struct world w;

	begin(&w);
	shrink_ranges(&w);
	assert_int_equal(ftruncate(w.fd, FILE_BYTES + 1), 0);
	assert_success(sidecar_compare(&w.s, w.fd, "vmcore", &c));
	assert_true(c.size_differs);
	assert_int_equal(c.num_different, 0);
	assert_false(c.is_same);
	assert_int_equal(ftruncate(w.fd, 3 * RANGE), 0);
	assert_success(sidecar_compare(&w.s, w.fd, "vmcore", &c));
	assert_true(c.size_differs);
	assert_int_equal(c.num_different, 2);
	assert_int_equal(c.different_offset, 3 * RANGE);
	assert_false(c.is_same);
	sidecar_deinit(&w.s);
	assert_failure(sidecar_measure(&w.s, w.fd, "vmcore", FILE_BYTES), ERR_BAD_DATA,
		       "ends at offset");
	end(&w);
}

static void an_empty_file_has_no_ranges(void **state)
{
	struct sidecar_check c;
	struct world w;

	begin(&w);
	assert_int_equal(ftruncate(w.fd, 0), 0);
	assert_success(sidecar_measure(&w.s, w.fd, "vmcore", 0));
	assert_int_equal(w.s.num_ranges, 0);
	assert_success(sidecar_compare(&w.s, w.fd, "vmcore", &c));
	assert_true(c.is_same);
	end(&w);
}

static void a_sidecar_replaces_the_one_before_and_leaves_nothing_else(void **state)
{
	struct sidecar got;
	struct world w;

	begin(&w);
	assert_success(sidecar_measure(&w.s, w.fd, "vmcore", 1000));
	assert_success(sidecar_write(&w.s, w.path));
	sidecar_deinit(&w.s);
	assert_success(sidecar_measure(&w.s, w.fd, "vmcore", FILE_BYTES));
	assert_success(sidecar_write(&w.s, w.path));
	assert_success(sidecar_read(w.path, &got));
	assert_int_equal(got.file_bytes, FILE_BYTES);
	sidecar_deinit(&got);
	assert_failure(sidecar_write(&w.s, "/tmp/inquest-test-none/x" SIDECAR_SUFFIX),
		       ERR_OS, "cannot create");
	/* The directory holds the sidecar alone: end() removes it. */
	end(&w);
}

static void a_dump_without_a_sidecar_is_told_apart_from_a_bad_one(void **state)
{
	struct sidecar got = {0};
	struct world w;

	begin(&w);
	assert_failure(sidecar_read(w.path, &got), ERR_ABSENT, w.path);
	assert_success(io_write_file(w.path, 0600, "{}", 2));
	assert_failure(sidecar_read(w.path, &got), ERR_BAD_DATA, w.path);
	end(&w);
}

#define HEAD                                                                               \
	"{\"schema\": \"inquest.sidecar\", \"version\": 1, \"dump\": {\"format\": \"x\","  \
	"\"codec\": \"\", \"codec_level\": 0, \"level\": 0, \"pages\": 1}, "

static void what_is_no_sidecar_is_refused_by_the_member_that_is_wrong(void **state)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{"", "line 1"},
		{"[]", "schema"},
		{"{\"schema\": \"inquest.manifest\", \"version\": 1}", "schema"},
		{"{\"schema\": \"inquest.sidecar\", \"schema\": \"inquest.sidecar\"}",
		 "duplicate"},
		{"{\"schema\": \"inquest.sidecar\", \"version\": 0}", "version"},
		{"{\"schema\": \"inquest.sidecar\", \"version\": 1}", "dump.format"},
		{HEAD "\"file_bytes\": -1}", "file_bytes"},
		{HEAD "\"file_bytes\": 10, \"range_bytes\": 0}", "range_bytes"},
		{HEAD "\"file_bytes\": 10, \"range_bytes\": 5, \"crc32\": [\"00000000\"]}",
		 "each 5 of 10"},
		{HEAD "\"file_bytes\": 9223372036854775807, \"range_bytes\": 1, \"crc32\": "
		      "[]}",
		 "crc32"},
		{HEAD "\"file_bytes\": 5, \"range_bytes\": 5, \"crc32\": [\"0000000\"]}",
		 "crc32[0]"},
		{HEAD "\"file_bytes\": 5, \"range_bytes\": 5, \"crc32\": [\"0000000G\"]}",
		 "crc32[0]"},
		{HEAD "\"file_bytes\": 5, \"range_bytes\": 5, \"crc32\": [7]}", "crc32[0]"},
	};
	static const char newer[] = "{\"schema\": \"inquest.sidecar\", \"version\": 2}";
	struct sidecar s;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_failure(sidecar_parse(bad[i].text, strlen(bad[i].text), &s),
			       ERR_BAD_DATA, bad[i].words);
	assert_failure(sidecar_parse(newer, strlen(newer), &s), ERR_UNSUPPORTED,
		       "version 2");
}

static struct err *write_and_read(void *ctx)
{
	struct world *w = ctx;
	struct sidecar s = {0}, got = {0};
	struct sidecar_check c;
	struct err *err = sidecar_measure(&s, w->fd, "vmcore", FILE_BYTES);

	if (!err)
		err = sidecar_write(&s, w->path);
	if (!err)
		err = sidecar_read(w->path, &got);
	if (!err)
		err = sidecar_compare(&got, w->fd, "vmcore", &c);
	sidecar_deinit(&s);
	sidecar_deinit(&got);
	return err;
}

static void lack_of_memory_is_an_error_wherever_it_comes(void **state)
{
	struct world w;

	begin(&w);
	assert_true(each_allocation_fails_once(write_and_read, &w) > 6);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sidecar_says_what_was_measured),
		cmocka_unit_test(an_untouched_file_is_the_same),
		cmocka_unit_test(a_flipped_bit_is_found_in_its_range),
		cmocka_unit_test(a_file_that_became_shorter_or_longer_differs),
		cmocka_unit_test(an_empty_file_has_no_ranges),
		cmocka_unit_test(a_sidecar_replaces_the_one_before_and_leaves_nothing_else),
		cmocka_unit_test(a_dump_without_a_sidecar_is_told_apart_from_a_bad_one),
		cmocka_unit_test(what_is_no_sidecar_is_refused_by_the_member_that_is_wrong),
		cmocka_unit_test(lack_of_memory_is_an_error_wherever_it_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
