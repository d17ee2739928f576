#include "testing.h"

#include "base/io.h"
#include "capture/plain_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTES (3 * 65536 + 77)

static char parent[64], source[96], target[96];
static struct record *r;
static struct collector c;
static int fd;

static int set_up(void **state)
{
	cleanup(freep) char *data = calloc(1, BYTES);

	snprintf(parent, sizeof(parent), "/tmp/inquest-test-copy-XXXXXX");
	assert_non_null(mkdtemp(parent));
	snprintf(source, sizeof(source), "%s/source", parent);
	snprintf(target, sizeof(target), "%s/target", parent);
	/* The second of the four pieces is zeros, and the end is. */
	memset(data, 'x', 65536);
	memset(data + 2 * 65536, 'y', 65536);
	assert_success(io_write_file(source, 0600, data, BYTES));
	fd = open(target, O_RDWR | O_CREAT, 0600);
	assert_success(record_new(&r));
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	close(fd);
	record_free(r);
	snprintf(command, sizeof(command), "rm -rf %s", parent);
	return system(command);
}

static void assert_same(void)
{
	cleanup(freep) char *a = NULL;
	cleanup(freep) char *b = NULL;
	size_t a_len, b_len;

	assert_success(io_read_file(source, BYTES, &a, &a_len));
	assert_success(io_read_file(target, BYTES, &b, &b_len));
	assert_int_equal(a_len, b_len);
	assert_memory_equal(a, b, a_len);
}

static void a_copy_is_the_same(void **state)
{
	struct stat st;

	assert_success(plain_copy(source, fd, target, false, r));
	assert_same();
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_blocks * 512 >= BYTES);
}

static void zeros_become_holes_where_that_is_asked_for(void **state)
{
	struct stat st;

	assert_success(plain_copy(source, fd, target, true, r));
	assert_same();
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_blocks * 512 <= 2 * 65536 + 8192);
}

static void what_ends_before_its_size_is_no_whole_copy(void **state)
{
	/* The kernel says 4096 bytes of every such file. */
	assert_failure(plain_copy("/sys/kernel/uevent_seqnum", fd, target, false, r),
		       ERR_INCOMPLETE, "has 4096 bytes, and ");
}

static void holes_are_not_tried_in_a_pipe(void **state)
{
	int fds[2];
	char byte;

	assert_int_equal(truncate(source, 100), 0);
	assert_int_equal(pipe(fds), 0);
	assert_success(plain_copy(source, fds[1], "pipe", true, r));
	assert_int_equal(read(fds[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	close(fds[0]);
	close(fds[1]);
}

static void run_words(const char *program, const char *word)
{
	c = (struct collector){.words = {(char *)program, (char *)word},
			       .num_words = word ? 2 : 1};
}

static void a_program_gets_both_names_behind_its_words(void **state)
{
	run_words("cp", "--sparse=never");
	assert_success(run_program(&c, source, fd, target, false, r));
	assert_same();
}

static void a_program_writes_a_stream_to_its_output(void **state)
{
	run_words("cat", NULL);
	assert_success(run_program(&c, source, fd, target, true, r));
	assert_same();
}

static void a_program_that_fails_leaves_no_dump(void **state)
{
	run_words("false", NULL);
	assert_failure(run_program(&c, source, fd, target, false, r), ERR_INCOMPLETE,
		       "false ended with status 1");
	run_words("/nonexistent/collector", NULL);
	assert_failure(run_program(&c, source, fd, target, false, r), ERR_ABSENT,
		       "collector");
}

#define IN_A_FRESH_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FRESH_DIR(a_copy_is_the_same),
		IN_A_FRESH_DIR(zeros_become_holes_where_that_is_asked_for),
		IN_A_FRESH_DIR(what_ends_before_its_size_is_no_whole_copy),
		IN_A_FRESH_DIR(holes_are_not_tried_in_a_pipe),
		IN_A_FRESH_DIR(a_program_gets_both_names_behind_its_words),
		IN_A_FRESH_DIR(a_program_writes_a_stream_to_its_output),
		IN_A_FRESH_DIR(a_program_that_fails_leaves_no_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
