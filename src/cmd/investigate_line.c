#include "cmd/investigate_line.h"

#include "base/clock.h"
#include "base/str.h"

#include <string.h>

#define REDRAW_MS 200u

void investigate_line_start(struct investigate_line *l)
{
	*l = (struct investigate_line){.is_terminal = isatty(STDERR_FILENO),
				       .start_ms = clock_now_ms()};
}

static void clear(struct investigate_line *l)
{
	if (l->is_open)
		fputs("\r\033[K", stderr);
	l->is_open = false;
}

static void print_time(const struct investigate_line *l)
{
	unsigned long long s = (clock_now_ms() - l->start_ms) / 1000;

	fprintf(stderr, "%2llu:%02llu ", s / 60, s % 60);
}

void investigate_line_tell(struct investigate_line *l, const char *state, const char *text)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	str_escape(&b, text, strlen(text), false);
	clear(l);
	print_time(l);
	fprintf(stderr, "%s: %s\n", state, buf_text(&b));
}

void investigate_line_set_console(struct investigate_line *l, const char *line, size_t len)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	const char *text;
	size_t end;

	str_escape(&b, line, min_u64(len, sizeof(l->console) - 1), false);
	text = buf_text(&b);
	end = min_u64(b.len, sizeof(l->console) - 1);
	/* Not in the middle of a character. */
	while (end && end < b.len && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	if (!end)
		return;
	memcpy(l->console, text, end);
	l->console[end] = '\0';
}

void investigate_line_draw(struct investigate_line *l, const char *state)
{
	char size[STR_SIZE_TEXT_LEN];
	u64 now = clock_now_ms();

	if (!l->is_terminal || now < l->drawn_ms + REDRAW_MS)
		return;
	l->drawn_ms = now;
	clear(l);
	print_time(l);
	fprintf(stderr, "%s", state);
	if (l->has_moved)
		fprintf(stderr, ", %s moved", str_format_size(size, l->moved));
	if (l->console[0])
		fprintf(stderr, " | %s", l->console);
	fflush(stderr);
	l->is_open = true;
}

void investigate_line_end(struct investigate_line *l)
{
	clear(l);
}
