#include "cmd/meter.h"

#include "base/clock.h"
#include "base/str.h"
#include "cmd/ending.h"
#include "format/console_line.h"

#include <stdio.h>

#define REDRAW_MS	 200
#define LOG_MS		 10000
#define MAKEDUMPFILE_MS	 1000
#define NO_ESTIMATE	 UINT64_MAX
#define ESTIMATE_FROM_MS 1000

struct meter meter_new(enum meter_style style)
{
	return (struct meter){.style = style};
}

enum meter_style meter_style_for_stderr(void)
{
	return isatty(STDERR_FILENO) ? METER_TERMINAL : METER_LOG;
}

void meter_start(struct meter *m, u64 page_size)
{
	m->page_size = page_size;
	m->start_ms = clock_now_ms();
	/* In a log, what takes no time needs no line. */
	m->last_ms = m->style == METER_LOG ? m->start_ms : 0;
	m->newest = (struct collect_progress){0};
}

static u64 bytes_per_second(const struct meter *m, u64 now)
{
	u64 ms = max_u64(now - m->start_ms, 1);

	return (u64)((double)m->newest.pages_done * (double)m->page_size * 1000 /
		     (double)ms);
}

/* How long the rest takes, in seconds. */
static u64 seconds_left(const struct meter *m, u64 now)
{
	const struct collect_progress *p = &m->newest;
	u64 ms = now - m->start_ms;

	if (!p->pages_done || p->pages_total < p->pages_done || ms < ESTIMATE_FROM_MS)
		return NO_ESTIMATE;
	return (u64)((double)(p->pages_total - p->pages_done) * (double)ms /
		     (double)p->pages_done / 1000);
}

/* In tenths. */
static u64 per_mille(const struct collect_progress *p)
{
	return p->pages_total ? p->pages_done * 1000 / p->pages_total : 0;
}

static void draw_terminal(struct meter *m, u64 now)
{
	char rate[STR_SIZE_TEXT_LEN], size[STR_SIZE_TEXT_LEN];
	u64 left = seconds_left(m, now);

	fprintf(stderr, "\r%3llu %%  %s/s  %s written",
		(unsigned long long)per_mille(&m->newest) / 10,
		str_format_size(rate, bytes_per_second(m, now)),
		str_format_size(size, m->newest.bytes_written));
	if (left != NO_ESTIMATE)
		fprintf(stderr, "  %llu:%02llu left", (unsigned long long)left / 60,
			(unsigned long long)left % 60);
	fprintf(stderr, "\033[K");
	m->is_open = true;
}

static void write_log(const struct meter *m, u64 now)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;
	u64 left = seconds_left(m, now);

	console_line_begin(&b, "progress");
	console_line_add(&b, "phase", "dump");
	console_line_add_u64(&b, "done", m->newest.pages_done);
	console_line_add_u64(&b, "total", m->newest.pages_total);
	console_line_add_u64(&b, "bytes", m->newest.bytes_written);
	console_line_add_u64(&b, "rate", bytes_per_second(m, now));
	if (left != NO_ESTIMATE)
		console_line_add_u64(&b, "seconds_left", left);
	console_line_end(&b);
	fputs(buf_text(&b), stderr);
}

/* As that tool does, for those who watch for it. */
static void draw_makedumpfile(struct meter *m, u64 now)
{
	u64 left = seconds_left(m, now), tenths = per_mille(&m->newest);
	char eta[32] = "";

	if (left != NO_ESTIMATE)
		snprintf(eta, sizeof(eta), "eta: %llus", (unsigned long long)left);
	fprintf(stderr, "\r%-50s: [%3llu.%llu %%] %c  %16s", "Copying data",
		(unsigned long long)tenths / 10, (unsigned long long)tenths % 10,
		"/|\\-"[m->num_shown % 4], eta);
	m->is_open = true;
}

static u64 interval_ms(const struct meter *m)
{
	if (m->style == METER_LOG)
		return LOG_MS;
	return m->style == METER_TERMINAL ? REDRAW_MS : MAKEDUMPFILE_MS;
}

static void draw(struct meter *m, u64 now)
{
	m->last_ms = now;
	if (m->style == METER_TERMINAL)
		draw_terminal(m, now);
	else if (m->style == METER_LOG)
		write_log(m, now);
	else
		draw_makedumpfile(m, now);
	m->num_shown++;
}

void meter_show(void *ctx, const struct collect_progress *p)
{
	struct meter *m = ctx;
	u64 now = clock_now_ms();

	m->newest = *p;
	if (m->style != METER_NONE && now - m->last_ms >= interval_ms(m))
		draw(m, now);
}

void meter_end(struct meter *m, bool is_done)
{
	if (m->style == METER_MAKEDUMPFILE && is_done) {
		m->newest.pages_done = m->newest.pages_total =
			max_u64(m->newest.pages_total, 1);
		draw(m, clock_now_ms());
	}
	if (m->is_open)
		fputs(m->style == METER_TERMINAL ? "\r\033[K" : "\n", stderr);
	m->is_open = false;
}

bool meter_should_stop(void *ctx)
{
	return ending_signal() != 0;
}
