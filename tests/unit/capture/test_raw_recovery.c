#include "testing.h"

#include "failing_malloc.h"
#include "gen.h"

#include "base/io.h"
#include "capture/raw_recovery.h"
#include "collect/collect.h"
#include "format/diskdump.h"
#include "format/flattened.h"
#include "format/raw_label.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define NUM_PAGES 64

static const struct dump_format *const formats[] = {&dump_format_elfcore,
						    &dump_format_diskdump, NULL};
static char parent[64], device[96];
static struct raw_recovery_options options;
static struct raw_recovered recovered;
static u64 stream_bytes;

static void write_stream(int fd)
{
	const struct collect_options o = {.codec = &collect_codec_zstd};
	cleanup(dump_closep) struct dump *dump = NULL;
	cleanup(buf_deinit) struct buf elf = BUF_INIT;
	struct collect_stats stats;
	struct byte_source src;
	struct gen g;

	gen_init(&g, 12, NUM_PAGES);
	gen_ram(&g, 0, NUM_PAGES, GEN_PRESENT);
	for (paddr_t addr = 0; addr < NUM_PAGES * 4096; addr += 8)
		gen_put64(&g, addr, addr * 0x9e3779b97f4a7c15ULL);
	buf_add_str(&g.vmcoreinfo, "OSRELEASE=6.1.0\nPAGESIZE=4096\n");
	gen_elf(&g, NULL, &elf);
	src = source_from_memory(elf.data, elf.len, "source");
	assert_success(dump_open_source(&src, formats, &dump));
	assert_success(collect_to_stream(dump, fd, "device", &o, &stats));
	gen_deinit(&g);
}

static void write_label(int fd, u64 bytes, u64 at)
{
	const struct raw_label label = {
		.bytes = bytes, .started = 1000000007, .id = "0123-4567"};
	u8 text[RAW_LABEL_LEN];

	raw_label_format(&label, text);
	assert_success(io_pwrite_all(fd, text, sizeof(text), at, device));
}

static int set_up(void **state)
{
	int fd;

	snprintf(parent, sizeof(parent), "/tmp/inquest-test-raw-XXXXXX");
	assert_non_null(mkdtemp(parent));
	snprintf(device, sizeof(device), "%s/device", parent);
	fd = open(device, O_RDWR | O_CREAT, 0600);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	write_stream(fd);
	stream_bytes = (u64)lseek(fd, 0, SEEK_CUR);
	write_label(fd, stream_bytes, stream_bytes);
	write_label(fd, stream_bytes, RAW_LABEL_OFFSET);
	close(fd);
	options =
		(struct raw_recovery_options){.device = device,
					      .parent = parent,
					      .naming = "kdump",
					      .host = "h",
					      .formats = formats,
					      .sink = {.fd = open("/dev/null", O_WRONLY)}};
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	close(options.sink.fd);
	snprintf(command, sizeof(command), "rm -rf %s", parent);
	return system(command);
}

static bool has(const char *name)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", recovered.directory, name);
	return access(path, F_OK) == 0;
}

static void patch(u64 at, const void *data, size_t len)
{
	int fd = open(device, O_RDWR);

	assert_success(io_pwrite_all(fd, data, len, at, device));
	close(fd);
}

static void assert_incomplete(const char *words)
{
	assert_success(raw_recover(&options, &recovered));
	assert_int_equal(recovered.found, RAW_INCOMPLETE);
	assert_non_null(strstr(recovered.reason, words));
	assert_false(has("vmcore"));
	assert_true(has("vmcore-incomplete"));
	assert_true(has("capture.json"));
}

static void a_whole_dump_is_taken_off_once(void **state)
{
	char path[1024];
	cleanup(dump_closep) struct dump *dump = NULL;

	assert_success(raw_recover(&options, &recovered));
	assert_int_equal(recovered.found, RAW_WHOLE);
	assert_non_null(strstr(recovered.directory, "/h-2001-09-09-"));
	assert_true(has("capture.json"));
	assert_false(has("vmcore-incomplete"));
	snprintf(path, sizeof(path), "%s/vmcore", recovered.directory);
	assert_success(dump_open(path, formats, &dump));
	assert_false(dump_is_incomplete(dump));
	assert_success(raw_recover(&options, &recovered));
	assert_int_equal(recovered.found, RAW_NOTHING);
}

static void a_stream_that_is_cut_is_never_called_vmcore(void **state)
{
	static const u8 zeros[RAW_LABEL_LEN];

	/* As an interrupted capture leaves it: no label, no end. */
	patch(RAW_LABEL_OFFSET, zeros, sizeof(zeros));
	assert_int_equal(truncate(device, (off_t)stream_bytes / 2), 0);
	assert_incomplete("");
}

static void an_end_that_is_not_ours_is_noticed(void **state)
{
	static const u8 zeros[RAW_LABEL_LEN];

	patch(stream_bytes, zeros, sizeof(zeros));
	assert_incomplete("does not end where its label says");
}

static void the_end_of_another_dump_is_noticed(void **state)
{
	const struct raw_label other = {
		.bytes = stream_bytes, .started = 1000000007, .id = "89ab-cdef"};
	u8 text[RAW_LABEL_LEN];

	raw_label_format(&other, text);
	patch(stream_bytes, text, sizeof(text));
	assert_incomplete("does not end where its label says");
}

static void what_stands_behind_the_end_is_not_the_end(void **state)
{
	u8 segment[FLATTENED_SEGMENT_LEN];
	u64 bytes = stream_bytes + sizeof(segment);
	int fd = open(device, O_RDWR);

	flattened_format_segment(0, 16, segment);
	assert_success(io_pwrite_all(fd, segment, sizeof(segment), stream_bytes, device));
	write_label(fd, bytes, bytes);
	write_label(fd, bytes, RAW_LABEL_OFFSET);
	close(fd);
	assert_incomplete("does not end where its label says");
}

/* As the collector leaves it when a signal ends it, and writes the end of the stream. */
static void a_dump_that_is_marked_as_cut_short_is_incomplete(void **state)
{
	cleanup(freep) char *bytes = NULL;
	size_t len;

	assert_success(io_read_file(device, 1 << 20, &bytes, &len));
	for (size_t at = 0; at + DISKDUMP_HEADER_LEN <= len; at++) {
		u8 status = (u8)bytes[at + 424] | DISKDUMP_INCOMPLETE;

		if (memcmp(bytes + at, "KDUMP   ", 8) == 0)
			patch(at + 424, &status, 1);
	}
	assert_incomplete("marked as cut short");
}

static void a_label_that_lies_is_noticed(void **state)
{
	int fd = open(device, O_RDWR);

	write_label(fd, INT64_MAX, RAW_LABEL_OFFSET);
	close(fd);
	assert_incomplete("label");
}

static void a_dump_of_another_tool_needs_no_label(void **state)
{
	static const u8 zeros[RAW_LABEL_LEN];

	patch(RAW_LABEL_OFFSET, zeros, sizeof(zeros));
	assert_success(raw_recover(&options, &recovered));
	assert_int_equal(recovered.found, RAW_WHOLE);
}

static void a_file_system_is_refused_and_not_touched(void **state)
{
	u8 before[4096], after[4096];
	size_t len;
	int fd;

	/* A swap area of version 1: mm/swapfile.c. */
	patch(1024, "\1\0\0\0\17\0\0\0", 8);
	patch(4086, "SWAPSPACE2", 10);
	fd = open(device, O_RDONLY);
	assert_success(io_pread_some(fd, before, sizeof(before), 0, device, &len));
	assert_failure(raw_recover(&options, &recovered), ERR_REFUSED, "swap");
	assert_success(io_pread_some(fd, after, sizeof(after), 0, device, &len));
	assert_memory_equal(before, after, sizeof(after));
	close(fd);
}

static void a_dump_that_cannot_be_saved_stays(void **state)
{
	options.parent = device;
	assert_failure(raw_recover(&options, &recovered), ERR_OS, "");
	options.parent = parent;
	assert_success(raw_recover(&options, &recovered));
	assert_int_equal(recovered.found, RAW_WHOLE);
}

static void nothing_is_nothing(void **state)
{
	assert_int_equal(truncate(device, 0), 0);
	assert_success(raw_recover(&options, &recovered));
	assert_int_equal(recovered.found, RAW_NOTHING);
}

#define IN_A_FRESH_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static bool still_holds_a_dump(void)
{
	u8 block[FLATTENED_HEADER_LEN] = {0};
	int fd = open(device, O_RDONLY);
	size_t len;

	assert_success(io_pread_some(fd, block, sizeof(block), 0, device, &len));
	close(fd);
	return flattened_recognises(block, len);
}

/* The one file is the device. */
static bool parent_is_as_before(void)
{
	DIR *dir = opendir(parent);
	unsigned count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count == 3; /* and "." and ".." */
}

/* Returns whether the dump could be taken off. Either it could, or all is as before. */
static bool recover_or_change_nothing(void)
{
	struct err *err = raw_recover(&options, &recovered);
	bool is_saved = !err;

	if (is_saved) {
		assert_int_equal(recovered.found, RAW_WHOLE);
		assert_true(has("vmcore"));
		assert_true(has("capture.json"));
	} else {
		assert_true(still_holds_a_dump());
		assert_true(parent_is_as_before());
	}
	err_free(err);
	return is_saved;
}

static void without_memory_the_dump_stays_on_the_device(void **state)
{
	unsigned nth = 0, num_failed = 0;
	bool did_fail;

	do {
		bool is_saved;

		failing_malloc_set(++nth);
		is_saved = recover_or_change_nothing();
		did_fail = failing_malloc_failed();
		failing_malloc_set(0);
		num_failed += !is_saved;
		if (is_saved && did_fail) {
			/* Not for want of the log or the report. */
			tear_down(state);
			set_up(state);
		}
	} while (did_fail);
	assert_true(num_failed > 20);
}

static void on_a_full_disk_the_dump_stays_on_the_device(void **state)
{
	struct rlimit before, limit;
	unsigned num_failed = 0;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	for (limit.rlim_cur = 0;; limit.rlim_cur += 3000) {
		bool is_saved;

		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		is_saved = recover_or_change_nothing();
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		if (is_saved)
			break;
		num_failed++;
	}
	assert_true(num_failed > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FRESH_DIR(a_whole_dump_is_taken_off_once),
		IN_A_FRESH_DIR(a_stream_that_is_cut_is_never_called_vmcore),
		IN_A_FRESH_DIR(an_end_that_is_not_ours_is_noticed),
		IN_A_FRESH_DIR(the_end_of_another_dump_is_noticed),
		IN_A_FRESH_DIR(what_stands_behind_the_end_is_not_the_end),
		IN_A_FRESH_DIR(a_dump_that_is_marked_as_cut_short_is_incomplete),
		IN_A_FRESH_DIR(a_label_that_lies_is_noticed),
		IN_A_FRESH_DIR(a_dump_of_another_tool_needs_no_label),
		IN_A_FRESH_DIR(a_file_system_is_refused_and_not_touched),
		IN_A_FRESH_DIR(a_dump_that_cannot_be_saved_stays),
		IN_A_FRESH_DIR(nothing_is_nothing),
		IN_A_FRESH_DIR(without_memory_the_dump_stays_on_the_device),
		IN_A_FRESH_DIR(on_a_full_disk_the_dump_stays_on_the_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
