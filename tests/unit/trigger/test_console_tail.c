#include "testing.h"

#include "trigger/console_tail.h"

#include <sys/socket.h>
#include <sys/un.h>

/* A console, and the lines that were handed on, each with a "|" behind it. */
struct world {
	char dir[40], path[64];
	struct console_tail *tail;
	struct {
		char text[4 * CONSOLE_TAIL_LINE_MAX];
		size_t len;
	} said;
	unsigned lines;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	strcpy(w->dir, "/tmp/console_tail-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof(w->path), "%s/console", w->dir);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	console_tail_close(w->tail);
	unlink(w->path);
	rmdir(w->dir);
	free(w);
	return 0;
}

static void write_console(const struct world *w, const char *mode, const char *text)
{
	FILE *f = fopen(w->path, mode);

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void take(void *ctx, const char *line, size_t len)
{
	struct world *w = ctx;

	assert_true(w->said.len + len + 2 <= sizeof(w->said.text));
	memcpy(w->said.text + w->said.len, line, len);
	w->said.len += len;
	w->said.text[w->said.len++] = '|';
	w->said.text[w->said.len] = '\0';
	w->lines++;
}

/* What a read hands on. */
static const char *said(struct world *w)
{
	size_t bytes = 0;

	w->said.len = 0;
	w->said.text[0] = '\0';
	assert_success(console_tail_read(w->tail, take, w, &bytes));
	return w->said.text;
}

static void whole_lines_are_handed_on_once(void **state)
{
	struct world *w = *state;

	write_console(w, "w", "before\n");
	assert_success(console_tail_open(w->path, -1, &w->tail));
	assert_string_equal(said(w), "");
	write_console(w, "a", "one\n\ntw");
	assert_string_equal(said(w), "one||");
	assert_int_equal(console_tail_offset(w->tail), strlen("before\none\n\n"));
	write_console(w, "a", "o\n");
	assert_string_equal(said(w), "two|");
	assert_string_equal(said(w), "");
}

static void it_goes_on_from_an_offset(void **state)
{
	struct world *w = *state;

	write_console(w, "w", "one\ntwo\nthree\n");
	assert_success(console_tail_open(w->path, 4, &w->tail));
	assert_string_equal(said(w), "two|three|");
}

static void a_console_that_begins_anew_is_read_from_its_start(void **state)
{
	struct world *w = *state;

	write_console(w, "w", "");
	assert_success(console_tail_open(w->path, -1, &w->tail));
	write_console(w, "a", "one\n[    9.0] Kernel pan");
	assert_string_equal(said(w), "one|");
	/* The half of a line before it is not the start of its first one. */
	write_console(w, "w", "Linux version\n");
	assert_string_equal(said(w), "");
	assert_string_equal(said(w), "Linux version|");
	assert_int_equal(console_tail_offset(w->tail), strlen("Linux version\n"));
}

static void a_line_without_end_is_cut_and_its_rest_dropped(void **state)
{
	struct world *w = *state;
	char *line = malloc(2 * CONSOLE_TAIL_LINE_MAX + 10);

	memset(line, 'x', 2 * CONSOLE_TAIL_LINE_MAX);
	strcpy(line + 2 * CONSOLE_TAIL_LINE_MAX, "\nnext\n");
	write_console(w, "w", line);
	assert_success(console_tail_open(w->path, 0, &w->tail));
	line[CONSOLE_TAIL_LINE_MAX] = '\0';
	said(w);
	assert_int_equal(w->lines, 2);
	assert_memory_equal(w->said.text, line, CONSOLE_TAIL_LINE_MAX);
	assert_string_equal(w->said.text + CONSOLE_TAIL_LINE_MAX, "|next|");
	free(line);
}

static void count(void *ctx, const char *line, size_t len)
{
	struct world *w = ctx;

	assert_int_equal(len, 1023);
	w->lines++;
}

static void one_read_ends_however_much_there_is(void **state)
{
	struct world *w = *state;
	FILE *f = fopen(w->path, "w");
	unsigned before = 0;

	for (unsigned i = 0; i < 200; i++)
		fprintf(f, "%1023u\n", i);
	fclose(f);
	assert_success(console_tail_open(w->path, 0, &w->tail));
	while (w->lines < 200) {
		size_t bytes = 0;

		assert_success(console_tail_read(w->tail, count, w, &bytes));
		assert_true(w->lines > before && w->lines - before <= 80);
		before = w->lines;
	}
}

static void a_socket_that_closes_says_so(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct world *w = *state;
	char where[80];
	size_t bytes = 0;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), served;

	strcpy(address.sun_path, w->path);
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)),
			 0);
	assert_int_equal(listen(listener, 1), 0);
	snprintf(where, sizeof(where), "unix:%s", w->path);
	assert_success(console_tail_open(where, 7, &w->tail));
	served = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_int_equal(write(served, "one\n", 4), 4);
	assert_string_equal(said(w), "one|");
	/* There is no way back to a place in it. */
	assert_int_equal(console_tail_offset(w->tail), -1);
	close(served);
	assert_failure(console_tail_read(w->tail, take, w, &bytes), ERR_ABSENT,
		       "closed at the other end");
	close(listener);
}

static void what_is_no_console_is_refused(void **state)
{
	struct world *w = *state;

	assert_failure(console_tail_open(w->dir, -1, &w->tail), ERR_USAGE,
		       "neither a file");
	assert_failure(console_tail_open(w->path, -1, &w->tail), ERR_OS, w->path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole_lines_are_handed_on_once),
		TEST(it_goes_on_from_an_offset),
		TEST(a_console_that_begins_anew_is_read_from_its_start),
		TEST(a_line_without_end_is_cut_and_its_rest_dropped),
		TEST(one_read_ends_however_much_there_is),
		TEST(a_socket_that_closes_says_so),
		TEST(what_is_no_console_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
