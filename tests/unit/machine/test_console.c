#include "testing.h"

#include "base/buf.h"
#include "base/io.h"
#include "machine/console.h"

#include <fcntl.h>

struct lines {
	struct buf text;
	size_t count;
	size_t longest;
};

static void take_line(void *ctx, const char *line, size_t len, u64 at_ms)
{
	struct lines *l = ctx;

	l->count++;
	if (len > l->longest)
		l->longest = len;
	if (len < 100) {
		buf_add(&l->text, line, len);
		buf_printf(&l->text, "@%llu|", (unsigned long long)at_ms);
	}
}

static void lines_are_handed_on_whole_however_the_bytes_come(void **state)
{
	struct lines l = {0};
	struct console *c = NULL;

	assert_success(console_new(-1, "none", take_line, &l, &c));
	assert_success(console_feed(c, "one\r\ntw", 7, 1));
	assert_success(console_feed(c, "o\r", 2, 2));
	assert_success(console_feed(c, "\n\nlast", 6, 3));
	assert_string_equal(buf_text(&l.text), "one@1|two@3|@3|");
	assert_success(console_finish(c, 4));
	assert_string_equal(buf_text(&l.text), "one@1|two@3|@3|last@4|");
	assert_int_equal(console_bytes(c), 15);
	console_free(c);
	buf_deinit(&l.text);
}

static void an_endless_line_is_cut(void **state)
{
	char flood[1000];
	struct lines l = {0};
	struct console *c = NULL;

	memset(flood, 'x', sizeof(flood));
	assert_success(console_new(-1, "none", take_line, &l, &c));
	for (int i = 0; i < 100; i++)
		assert_success(console_feed(c, flood, sizeof(flood), 0));
	assert_success(console_feed(c, "\n", 1, 0));
	assert_int_equal(l.count, 1);
	assert_int_equal(l.longest, CONSOLE_LINE_BYTES_MAX);
	console_free(c);
}

static void the_log_has_times_and_no_escape_sequences(void **state)
{
	char path[] = "/tmp/test_console.XXXXXX";
	cleanup(closep) int fd = mkstemp(path);
	cleanup(freep) char *text = NULL;
	struct console *c = NULL;

	assert_success(console_new(fd, path, NULL, NULL, &c));
	assert_success(console_feed(c, "a\033[2Jb\r\n", 8, 12345));
	assert_success(io_read_file(path, 1000, &text, NULL));
	assert_string_equal(text, "      12.345  a\\x1b[2Jb\n");
	console_free(c);
	unlink(path);
}

static void a_full_disk_is_told_once_and_lines_still_come(void **state)
{
	cleanup(closep) int fd = open("/dev/full", O_WRONLY);
	struct lines l = {0};
	struct console *c = NULL;

	assert_success(console_new(fd, "console.log", take_line, &l, &c));
	assert_failure(console_feed(c, "a\nb\n", 4, 0), ERR_OS, "console.log");
	assert_success(console_feed(c, "c\n", 2, 0));
	assert_int_equal(l.count, 3);
	console_free(c);
	buf_deinit(&l.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_handed_on_whole_however_the_bytes_come),
		cmocka_unit_test(an_endless_line_is_cut),
		cmocka_unit_test(the_log_has_times_and_no_escape_sequences),
		cmocka_unit_test(a_full_disk_is_told_once_and_lines_still_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
