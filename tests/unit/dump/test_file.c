#include "testing.h"

#include "base/bytes.h"
#include "dump/contest.h"
#include "dump/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define FILE_LEN (20u << 20)

/* A file whose every 8 bytes are their own offset, and its path. */
static int make_file(char path[64], size_t len)
{
	int fd = memfd_create("source", MFD_CLOEXEC);
	u8 *block = malloc(1 << 20);

	assert_true(fd >= 0 && block);
	for (size_t at = 0; at < len; at += 1 << 20) {
		for (size_t i = 0; i < 1 << 20; i += 8)
			put_le64(block + i, at + i);
		assert_int_equal(write(fd, block, 1 << 20), 1 << 20);
	}
	assert_int_equal(ftruncate(fd, (off_t)len), 0);
	free(block);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

static void assert_reads(const struct byte_source *src, u64 offset, size_t len)
{
	u8 *data = malloc(len);

	assert_success(source_read(src, offset, data, len));
	for (size_t i = 0; i + 8 <= len; i += 8)
		assert_int_equal(get_le64(data + i), offset + i);
	free(data);
}

static void read_all_sorts(const struct byte_source *src)
{
	assert_reads(src, 0, 8);
	assert_reads(src, 8, 100000);
	assert_reads(src, 1 << 20, 17 << 20);
	assert_reads(src, FILE_LEN - 70000 + 4, 0);
	assert_reads(src, FILE_LEN - 70000, 70000);
	/* Backwards, in and out of a window. */
	for (u64 offset = 19u << 20; offset >= 5u << 20; offset -= 3u << 20)
		assert_reads(src, offset, 200000);
	/* Forwards in pages. */
	for (u64 offset = 4096; offset < 9u << 20; offset += 7 * 4096)
		assert_reads(src, offset, 4096);
}

static void a_mapped_file_and_one_read_in_windows_say_the_same(void **state)
{
	char path[64];
	int fd = make_file(path, FILE_LEN);
	struct file_source *f;

	assert_success(file_source_open(path, &f));
	assert_int_equal(file_source_bytes(f)->size, FILE_LEN);
	read_all_sorts(file_source_bytes(f));
	assert_non_null(file_source_bytes(f)->map(file_source_bytes(f), 4096, 100));
	file_source_close(f);
	assert_success(file_source_open_in_windows(path, &f));
	read_all_sorts(file_source_bytes(f));
	assert_null(file_source_bytes(f)->map(file_source_bytes(f), 4096, 100));
	file_source_close(f);
	close(fd);
}

static void where_the_whole_is_not_mapped_a_few_large_pieces_are(void **state)
{
	char path[64];
	int fd = make_file(path, FILE_LEN);
	const struct byte_source *src;
	struct file_source *f;
	const u8 *pieces[64];
	size_t count = 0;

	assert_success(file_source_open_in_windows(path, &f));
	src = file_source_bytes(f);
	assert_null(src->hold(src, 4096, 100));
	assert_null(src->hold(src, FILE_LEN - 70000, 80000));
	while (count < ARRAY_SIZE(pieces)) {
		pieces[count] = src->hold(src, 8008 + count * 8, 100000);
		if (!pieces[count])
			break;
		count++;
	}
	assert_in_range(count, 4, ARRAY_SIZE(pieces) - 1);
	/* Other reads do not end them. */
	read_all_sorts(src);
	for (size_t i = 0; i < count; i++)
		for (size_t at = 0; at < 100000; at += 8)
			assert_int_equal(get_le64(pieces[i] + at), 8008 + i * 8 + at);
	file_source_close(f);
	close(fd);
}

static void a_read_past_the_end_names_the_offset(void **state)
{
	char path[64];
	int fd = make_file(path, 1 << 20);
	struct file_source *f;
	u8 byte;

	assert_success(file_source_open(path, &f));
	assert_failure(source_read(file_source_bytes(f), 1 << 20, &byte, 1), ERR_BAD_DATA,
		       "offset 0x100000 lie past the end");
	assert_null(file_source_bytes(f)->map(file_source_bytes(f), (1 << 20) - 1, 2));
	file_source_close(f);
	close(fd);
}

static void what_has_no_end_is_no_source(void **state)
{
	struct file_source *f;

	assert_failure(file_source_open("/dev/zero", &f), ERR_UNSUPPORTED,
		       "/dev/zero is neither a file nor a block device");
}

static void what_comes_through_a_pipe_is_kept(void **state)
{
	struct file_source *f, *again;
	char path[64], bytes[5];
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(write(pipes[1], "0123456789", 10), 10);
	close(pipes[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", pipes[0]);
	assert_success(file_source_open(path, &f));
	close(pipes[0]);
	assert_int_equal(file_source_bytes(f)->size, 10);
	assert_string_equal(file_source_bytes(f)->name, path);
	assert_success(file_source_open_again(f, &again));
	assert_success(source_read(file_source_bytes(again), 5, bytes, 5));
	assert_memory_equal(bytes, "56789", 5);
	file_source_close(again);
	file_source_close(f);
}

static void a_pipe_that_cannot_be_kept_is_told(void **state)
{
	struct file_source *f;
	char path[64];
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	close(pipes[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", pipes[0]);
	assert_int_equal(setenv("TMPDIR", "/proc/self/nowhere", 1), 0);
	assert_failure(file_source_open(path, &f), ERR_OS, "TMPDIR names another");
	unsetenv("TMPDIR");
	close(pipes[0]);
}

static void long_reads_find_out_how_they_are_fastest(void **state)
{
	static u8 data[16 << 20];
	char path[64];
	int fd = make_file(path, FILE_LEN);
	struct file_source *f, *g;

	assert_success(file_source_open_in_windows(path, &f));
	assert_reads(file_source_bytes(f), 0, 500 << 10);
	assert_int_equal(file_source_way(f), FILE_IS_OPEN);
	assert_success(source_read(file_source_bytes(f), 4096, data, sizeof(data)));
	for (size_t i = 0; i < sizeof(data); i += 8)
		assert_int_equal(get_le64(data + i), 4096 + i);
	assert_int_not_equal(file_source_way(f), FILE_IS_OPEN);
	/* Who opens it again need not find out once more. */
	assert_success(file_source_open_again(f, &g));
	assert_int_equal(file_source_way(g), file_source_way(f));
	read_all_sorts(file_source_bytes(g));
	file_source_close(g);
	read_all_sorts(file_source_bytes(f));
	file_source_close(f);
	close(fd);
}

static void what_cannot_be_mapped_is_read(void **state)
{
	static u8 data[16 << 20];
	const struct rlimit none = {.rlim_cur = 1 << 20, .rlim_max = RLIM_INFINITY};
	struct rlimit before;
	char path[64];
	int fd = make_file(path, FILE_LEN);
	struct file_source *f;
	struct err *err;

	assert_success(file_source_open_in_windows(path, &f));
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
	err = source_read(file_source_bytes(f), 4096, data, sizeof(data));
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_success(err);
	for (size_t i = 0; i < sizeof(data); i += 8)
		assert_int_equal(get_le64(data + i), 4096 + i);
	assert_int_equal(file_source_way(f), FILE_IS_READ);
	file_source_close(f);
	close(fd);
}

static void a_contest_is_won_by_the_best_single_time(void **state)
{
	static const u64 times[2][CONTEST_ROUNDS] = {
		{500, 100, 400, 900, 90, 950, 800, 800},
		{50, 100, 400, 900, 90, 20, 800, 800},
	};

	for (unsigned i = 0; i < 2; i++) {
		struct contest c = {0};

		for (unsigned round = 0; round < CONTEST_ROUNDS; round++) {
			assert_false(contest_is_over(&c));
			assert_int_equal(contest_turn(&c), round % 2);
			contest_add(&c, times[i][round]);
		}
		assert_true(contest_is_over(&c));
		assert_int_equal(contest_winner(&c), i);
	}
}

static void holes_are_skipped(void **state)
{
	char path[64];
	int fd = memfd_create("source", MFD_CLOEXEC);
	const struct byte_source *src;
	struct file_source *f;

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "data", 4, 16 << 20), 4);
	assert_int_equal(ftruncate(fd, (off_t)1 << 50), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_success(file_source_open(path, &f));
	src = file_source_bytes(f);
	assert_int_equal(source_next_data(src, 5), 16 << 20);
	assert_int_equal(source_next_data(src, (16 << 20) + 2), (16 << 20) + 2);
	assert_int_equal(source_next_data(src, 32 << 20), (u64)1 << 50);
	assert_int_equal(source_next_data(src, UINT64_MAX), (u64)1 << 50);
	file_source_close(f);
	close(fd);
}

static void a_look_shows_the_bytes_but_never_a_hole(void **state)
{
	char path[64];
	int fd = make_file(path, FILE_LEN);
	const struct byte_source *src;
	struct file_source *f;
	struct stat before, after;
	u8 bytes[10000];

	assert_int_equal(ftruncate(fd, 2 * (off_t)FILE_LEN), 0);
	assert_int_equal(fstat(fd, &before), 0);
	assert_success(file_source_open(path, &f));
	src = file_source_bytes(f);
	for (u64 at = 1; at + sizeof(bytes) < FILE_LEN; at += FILE_LEN / 9) {
		const void *seen = src->look(src, at, sizeof(bytes));

		/* Kernels before 5.14 cannot. */
		if (!seen)
			continue;
		assert_success(source_read(src, at, bytes, sizeof(bytes)));
		assert_memory_equal(seen, bytes, sizeof(bytes));
	}
	assert_null(src->look(src, FILE_LEN - 100, 5000));
	assert_null(src->look(src, FILE_LEN + 5000, 100));
	assert_null(src->look(src, 2 * (u64)FILE_LEN - 10, 20));
	assert_int_equal(fstat(fd, &after), 0);
	assert_int_equal(after.st_blocks, before.st_blocks);
	file_source_close(f);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mapped_file_and_one_read_in_windows_say_the_same),
		cmocka_unit_test(where_the_whole_is_not_mapped_a_few_large_pieces_are),
		cmocka_unit_test(a_read_past_the_end_names_the_offset),
		cmocka_unit_test(long_reads_find_out_how_they_are_fastest),
		cmocka_unit_test(what_cannot_be_mapped_is_read),
		cmocka_unit_test(a_contest_is_won_by_the_best_single_time),
		cmocka_unit_test(holes_are_skipped),
		cmocka_unit_test(a_look_shows_the_bytes_but_never_a_hole),
		cmocka_unit_test(what_has_no_end_is_no_source),
		cmocka_unit_test(what_comes_through_a_pipe_is_kept),
		cmocka_unit_test(a_pipe_that_cannot_be_kept_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
