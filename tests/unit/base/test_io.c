#include "testing.h"

#include "base/io.h"
#include "failing_malloc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* A directory of our own, with "file" in it as a path to use. */
struct place {
	char dir[64];
	char file[80];
};

static int set_up(void **state)
{
	static struct place place;

	strcpy(place.dir, "/tmp/inquest-test-XXXXXX");
	if (!mkdtemp(place.dir))
		return -1;
	snprintf(place.file, sizeof(place.file), "%s/file", place.dir);
	*state = &place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	unlink(place->file);
	return rmdir(place->dir);
}

static void a_file_comes_back_as_it_was_written(void **state)
{
	struct place *place = *state;
	cleanup(freep) char *text = NULL;
	struct stat st;
	size_t len;

	assert_success(io_write_file(place->file, 0600, "a\0bc", 4));
	assert_success(io_read_file(place->file, 100, &text, &len));
	assert_int_equal(len, 4);
	assert_memory_equal(text, "a\0bc", 5);
	assert_int_equal(stat(place->file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_file_of_any_size_up_to_the_limit_is_read_whole(void **state)
{
	static const size_t sizes[] = {0, 1, 4094, 4095, 4096, 4097, 8191, 8192, 100000};
	struct place *place = *state;
	cleanup(freep) char *data = calloc(1, 100000);

	assert_non_null(data);
	memset(data, 'x', 100000);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		cleanup(freep) char *text = NULL;
		size_t len = 0;

		assert_success(io_write_file(place->file, 0600, data, sizes[i]));
		assert_success(io_read_file(place->file, sizes[i], &text, &len));
		assert_int_equal(len, sizes[i]);
		assert_int_equal(strlen(text), sizes[i]);
		if (sizes[i])
			assert_failure(io_read_file(place->file, sizes[i] - 1, &text, &len),
				       ERR_BAD_DATA, place->file);
	}
}

static void files_of_proc_are_read_though_they_have_no_size(void **state)
{
	cleanup(freep) char *text = NULL;

	assert_success(io_read_file("/proc/self/status", 1 << 20, &text, NULL));
	assert_non_null(strstr(text, "VmPeak"));
}

static void an_absent_file_is_named_with_the_reason(void **state)
{
	struct place *place = *state;
	char *text = NULL;

	assert_failure(io_read_file(place->file, 1, &text, NULL), ERR_OS, place->file);
	assert_failure(io_read_file(place->file, 1, &text, NULL), ERR_OS, "No such file");
	assert_null(text);
	assert_failure(io_read_file(place->dir, 1, &text, NULL), ERR_OS, "Is a directory");
}

static void a_full_disk_is_an_error(void **state)
{
	assert_failure(io_write_file("/dev/full", 0600, "x", 1), ERR_OS, "No space left");
}

static void a_write_in_the_middle_leaves_the_rest(void **state)
{
	struct place *place = *state;
	cleanup(closep) int fd = open(place->file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char data[16] = "";
	size_t len;

	assert_true(fd >= 0);
	assert_success(io_write_all(fd, "0123456789", 10, "f"));
	assert_success(io_pwrite_all(fd, "ab", 2, 4, "f"));
	assert_success(io_pread_some(fd, data, 10, 0, "f", &len));
	assert_int_equal(len, 10);
	assert_memory_equal(data, "0123ab6789", 10);
}

static void a_read_past_the_end_gives_what_there_is(void **state)
{
	struct place *place = *state;
	cleanup(closep) int fd = open(place->file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char data[16];
	size_t len;

	assert_true(fd >= 0);
	assert_success(io_write_all(fd, "0123", 4, "f"));
	assert_success(io_pread_some(fd, data, sizeof(data), 1, "f", &len));
	assert_int_equal(len, 3);
	assert_success(io_pread_some(fd, data, sizeof(data), 4, "f", &len));
	assert_int_equal(len, 0);
}

static void failing_descriptors_name_what_was_done_where(void **state)
{
	char data[4];
	size_t len;

	assert_failure(io_write_all(-1, "x", 1, "vmcore"), ERR_OS, "vmcore: cannot write");
	assert_failure(io_pwrite_all(-1, "x", 1, 0x10, "vmcore"), ERR_OS, "offset 0x10");
	assert_failure(io_pread_some(-1, data, 4, 0x20, "vmcore", &len), ERR_OS,
		       "offset 0x20");
}

/* What one end writes comes out of the other in pieces of at most the pipe's size. */
static void a_pipe_is_written_to_its_last_byte(void **state)
{
	cleanup(freep) char *data = calloc(1, 1 << 20);
	int fds[2];
	pid_t pid;

	assert_non_null(data);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		size_t total = 0;
		ssize_t n;
		char piece[777];

		close(fds[1]);
		while ((n = read(fds[0], piece, sizeof(piece))) > 0)
			total += (size_t)n;
		_exit(total == 1 << 20 ? 0 : 1);
	}
	close(fds[0]);
	assert_success(io_write_all(fds[1], data, 1 << 20, "pipe"));
	close(fds[1]);
	{
		int status = -1;

		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

static void directories_are_synced_and_files_are_not_directories(void **state)
{
	struct place *place = *state;

	assert_success(io_fsync_dir(place->dir));
	assert_failure(io_fsync_dir(place->file), ERR_OS, place->file);
	assert_success(io_write_file(place->file, 0600, "x", 1));
	assert_failure(io_fsync_dir(place->file), ERR_OS, "Not a directory");
}

static void a_nameless_file_can_be_written_and_leaves_nothing(void **state)
{
	char dir[] = "/tmp/test_io_dir.XXXXXX", back[5] = "";
	size_t len = 0;
	int fd = -1;

	assert_non_null(mkdtemp(dir));
	assert_success(io_open_nameless(dir, &fd));
	assert_success(io_pwrite_all(fd, "hello", 5, 0, "nameless"));
	assert_success(io_pread_some(fd, back, 5, 0, "nameless", &len));
	assert_memory_equal(back, "hello", 5);
	/* The folder is empty while the file is open. */
	assert_int_equal(rmdir(dir), 0);
	close(fd);
	assert_failure(io_open_nameless("/no/such/dir", &fd), ERR_OS, "/no/such/dir");
}

static void a_source_refuses_ranges_past_its_end(void **state)
{
	struct byte_source src = source_from_memory("0123456789", 10, "note");
	char data[16];

	assert_success(source_read(&src, 8, data, 2));
	assert_memory_equal(data, "89", 2);
	assert_success(source_read(&src, 10, data, 0));
	assert_failure(source_read(&src, 9, data, 2), ERR_BAD_DATA, "note: 2 bytes");
	assert_failure(source_read(&src, 9, data, 2), ERR_BAD_DATA, "offset 0x9");
	assert_failure(source_read(&src, UINT64_MAX, data, 2), ERR_BAD_DATA,
		       "past the end");
	assert_failure(source_read(&src, 1, data, SIZE_MAX), ERR_BAD_DATA, "past the end");
	assert_memory_equal(src.map(&src, 3, 2), "34", 2);
	assert_null(src.map(&src, 9, 2));
	assert_null(src.map(&src, UINT64_MAX, 2));
}

static struct err *read_it(void *ctx)
{
	cleanup(freep) char *text = NULL;

	return io_read_file(ctx, 1 << 20, &text, NULL);
}

static void reading_a_file_survives_each_failing_allocation(void **state)
{
	struct place *place = *state;
	static char data[20000];

	assert_success(io_write_file(place->file, 0600, data, sizeof(data)));
	assert_true(each_allocation_fails_once(read_it, place->file) >= 3);
}

#define AT_PLACE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_PLACE(a_file_comes_back_as_it_was_written),
		AT_PLACE(a_file_of_any_size_up_to_the_limit_is_read_whole),
		cmocka_unit_test(files_of_proc_are_read_though_they_have_no_size),
		AT_PLACE(an_absent_file_is_named_with_the_reason),
		cmocka_unit_test(a_full_disk_is_an_error),
		AT_PLACE(a_write_in_the_middle_leaves_the_rest),
		AT_PLACE(a_read_past_the_end_gives_what_there_is),
		cmocka_unit_test(failing_descriptors_name_what_was_done_where),
		cmocka_unit_test(a_pipe_is_written_to_its_last_byte),
		AT_PLACE(directories_are_synced_and_files_are_not_directories),
		cmocka_unit_test(a_nameless_file_can_be_written_and_leaves_nothing),
		cmocka_unit_test(a_source_refuses_ranges_past_its_end),
		AT_PLACE(reading_a_file_survives_each_failing_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
