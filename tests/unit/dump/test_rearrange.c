#include "testing.h"

#include "base/buf.h"
#include "base/io.h"
#include "dump/rearrange.h"
#include "format/diskdump.h"
#include "format/flattened.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>

/* A flattened stream, the pipe it goes through, and the file it becomes. */
struct world {
	struct buf stream;
	int pipe[2], out;
	struct rearrange_options options;
	struct rearrange_stats stats;
	unsigned num_asked;
};

static void add(struct world *w, const void *data, size_t len)
{
	buf_add(&w->stream, data, len);
	assert_false(w->stream.failed);
}

static void add_segment(struct world *w, u64 offset, const void *data, size_t len)
{
	u8 header[FLATTENED_SEGMENT_LEN];

	flattened_format_segment(offset, len, header);
	add(w, header, sizeof(header));
	add(w, data, len);
}

static void add_end(struct world *w)
{
	u8 header[FLATTENED_SEGMENT_LEN];

	flattened_format_end(header);
	add(w, header, sizeof(header));
}

static void add_kdump_header(struct world *w)
{
	struct diskdump dd = {.version = 6, .block_size = 4096, .status = DISKDUMP_ZLIB};
	u8 header[DISKDUMP_HEADER_LEN];

	diskdump_format_header(&dd, header);
	add_segment(w, 0, header, sizeof(header));
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	u8 header[FLATTENED_HEADER_LEN];

	flattened_format_header(header);
	add(w, header, sizeof(header));
	w->out = memfd_create("vmcore", MFD_CLOEXEC);
	assert_true(w->out >= 0);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	buf_deinit(&w->stream);
	close(w->out);
	free(w);
	return 0;
}

static void *write_stream(void *arg)
{
	struct world *w = arg;

	/* In odd pieces, and the reader may go away. */
	for (size_t done = 0; done < w->stream.len;) {
		ssize_t n = write(w->pipe[1], w->stream.data + done,
				  min_u64(7777, w->stream.len - done));

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	close(w->pipe[1]);
	return NULL;
}

static struct err *run(struct world *w)
{
	pthread_t writer;
	struct err *err;

	assert_int_equal(pipe(w->pipe), 0);
	assert_int_equal(pthread_create(&writer, NULL, write_stream, w), 0);
	err = rearrange(w->pipe[0], "stream", w->out, "vmcore", &w->options, &w->stats);
	close(w->pipe[0]);
	assert_int_equal(pthread_join(writer, NULL), 0);
	return err;
}

static void assert_file_is(struct world *w, const void *data, size_t len)
{
	cleanup(freep) u8 *got = malloc(len + 1);
	size_t got_len;

	assert_non_null(got);
	assert_success(io_pread_some(w->out, got, len + 1, 0, "vmcore", &got_len));
	assert_int_equal(got_len, len);
	assert_memory_equal(got, data, len);
}

static void assert_is_marked(struct world *w)
{
	u8 header[DISKDUMP_HEADER_LEN];
	size_t len;

	assert_success(io_pread_some(w->out, header, sizeof(header), 0, "vmcore", &len));
	assert_int_equal(len, sizeof(header));
	assert_true(header[424] & DISKDUMP_INCOMPLETE);
	assert_true(header[424] & DISKDUMP_ZLIB);
}

static void segments_go_to_their_places_and_later_ones_win(void **state)
{
	struct world *w = *state;

	add_segment(w, 10, "klmno", 5);
	add_segment(w, 2, "cdefgh", 6);
	add_segment(w, 0, "", 0);
	add_segment(w, 4, "EF", 2);
	add_end(w);
	add(w, "trailing bytes", 14);
	assert_success(run(w));
	assert_file_is(w, "\0\0cdEFgh\0\0klmno", 15);
	assert_int_equal(w->stats.segments, 4);
	assert_int_equal(w->stats.bytes, 13);
	assert_int_equal(w->stats.size, 15);
}

static void segments_longer_than_the_buffer_are_copied(void **state)
{
	struct world *w = *state;
	size_t len = ((size_t)5 << 19) + 123;
	cleanup(freep) u8 *data = malloc(len);

	assert_non_null(data);
	for (size_t i = 0; i < len; i++)
		data[i] = (u8)(i * 2654435761u >> 13);
	add_segment(w, 0, data, len);
	add_end(w);
	assert_success(run(w));
	assert_file_is(w, data, len);
}

static void a_stream_cut_anywhere_is_incomplete_and_marked(void **state)
{
	struct world *w = *state;
	size_t first, whole;

	add_kdump_header(w);
	first = w->stream.len;
	add_segment(w, 4096, "sub header", 10);
	add_end(w);
	whole = w->stream.len;
	for (w->stream.len = first; w->stream.len < whole; w->stream.len++) {
		assert_int_equal(ftruncate(w->out, 0), 0);
		assert_failure(run(w), ERR_INCOMPLETE,
			       "without an end marker; vmcore is not whole, and is marked");
		assert_is_marked(w);
	}
	w->stream.len = first - 10;
	assert_int_equal(ftruncate(w->out, 0), 0);
	assert_failure(run(w), ERR_INCOMPLETE, "stream: the stream ends at offset 0x");
}

static void a_format_without_a_mark_is_incomplete_all_the_same(void **state)
{
	struct world *w = *state;

	add_segment(w, 0, "\177ELF", 4);
	assert_failure(run(w), ERR_INCOMPLETE, "end marker; vmcore is not whole");
	assert_file_is(w, "\177ELF", 4);
}

static void damage_to_the_stream_ends_it_there(void **state)
{
	struct world *w = *state;

	add_kdump_header(w);
	add(w, "\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\1", 16);
	assert_failure(run(w), ERR_INCOMPLETE,
		       "stream: damaged: 0x1 bytes for offset 0xffffffffffffffff");
	assert_is_marked(w);
}

static void what_is_not_flattened_is_refused_before_anything_is_written(void **state)
{
	struct world *w = *state;
	struct stat st;

	w->stream.len = 4095;
	assert_failure(run(w), ERR_UNSUPPORTED, "stream: not in flattened format");
	w->stream.len = 0;
	add(w, "KDUMP   ", 8);
	for (int i = 0; i < 1000; i++)
		add(w, "padding", 7);
	assert_failure(run(w), ERR_UNSUPPORTED, "stream: not in flattened format");
	assert_int_equal(fstat(w->out, &st), 0);
	assert_int_equal(st.st_size, 0);
}

static void a_full_disk_is_an_incomplete_file_with_a_mark(void **state)
{
	struct world *w = *state;
	char zeros[100] = {0};

	add_kdump_header(w);
	add_segment(w, 5000, zeros, sizeof(zeros));
	add_end(w);
	/* A file that must not grow any more. */
	assert_int_equal(ftruncate(w->out, DISKDUMP_HEADER_LEN), 0);
	close(w->out);
	w->out = memfd_create("vmcore", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(w->out >= 0);
	assert_int_equal(ftruncate(w->out, DISKDUMP_HEADER_LEN), 0);
	assert_int_equal(fcntl(w->out, F_ADD_SEALS, F_SEAL_GROW), 0);
	assert_failure(run(w), ERR_INCOMPLETE,
		       "vmcore: cannot write 100 bytes at offset 0x1388");
	assert_is_marked(w);
}

static bool stop_at_third(void *ctx)
{
	struct world *w = ctx;

	return ++w->num_asked == 3;
}

static void it_can_be_stopped(void **state)
{
	struct world *w = *state;

	w->options = (struct rearrange_options){.should_stop = stop_at_third,
						.should_stop_ctx = w};
	add_kdump_header(w);
	for (u64 i = 1; i < 10; i++)
		add_segment(w, 4096 * i, "page", 4);
	add_end(w);
	assert_failure(run(w), ERR_INCOMPLETE, "stream: stopped at offset 0x");
	assert_int_equal(w->stats.segments, 2);
	assert_is_marked(w);
}

static volatile sig_atomic_t num_alarms;

static void on_alarm(int number)
{
	num_alarms++;
}

static bool was_alarmed(void *ctx)
{
	return num_alarms;
}

static void it_can_be_stopped_while_it_waits_for_the_stream(void **state)
{
	struct world *w = *state;
	const struct sigaction action = {.sa_handler = on_alarm};
	const struct itimerval often = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};

	w->options = (struct rearrange_options){.should_stop = was_alarmed};
	add_kdump_header(w);
	assert_int_equal(pipe(w->pipe), 0);
	assert_success(io_write_all(w->pipe[1], w->stream.data, w->stream.len, "pipe"));
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	assert_failure(
		rearrange(w->pipe[0], "stream", w->out, "vmcore", &w->options, &w->stats),
		ERR_INCOMPLETE, "stream: stopped at offset 0x");
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	close(w->pipe[0]);
	close(w->pipe[1]);
	assert_is_marked(w);
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(segments_go_to_their_places_and_later_ones_win),
		world_test(segments_longer_than_the_buffer_are_copied),
		world_test(a_stream_cut_anywhere_is_incomplete_and_marked),
		world_test(a_format_without_a_mark_is_incomplete_all_the_same),
		world_test(damage_to_the_stream_ends_it_there),
		world_test(what_is_not_flattened_is_refused_before_anything_is_written),
		world_test(a_full_disk_is_an_incomplete_file_with_a_mark),
		world_test(it_can_be_stopped),
		world_test(it_can_be_stopped_while_it_waits_for_the_stream),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
