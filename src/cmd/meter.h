/*
 * The progress of making a dump, on standard error: redrawn in place on a terminal, as
 * `inquest: progress key=value …` lines (docs/console.md) in a log, or as makedumpfile
 * draws it.
 *
 * Layout is public; nothing to free. One thread at a time.
 */
#ifndef CMD_METER_H
#define CMD_METER_H

#include "collect/collect.h"

enum meter_style { METER_NONE, METER_TERMINAL, METER_LOG, METER_MAKEDUMPFILE };

struct meter {
	enum meter_style style;
	u64 page_size;
	u64 start_ms, last_ms;
	unsigned num_shown;
	bool is_open; /* a line stands without its end */
	struct collect_progress newest;
};

struct meter meter_new(enum meter_style style);
/* METER_TERMINAL or METER_LOG, as standard error is one or not. */
enum meter_style meter_style_for_stderr(void);

/* Before the first page, and before each new try. */
void meter_start(struct meter *m, u64 page_size);
/* A collect_options.progress; @ctx is the meter. */
void meter_show(void *ctx, const struct collect_progress *p);
/* End the line, if one is open; @is_done: all pages were written. */
void meter_end(struct meter *m, bool is_done);

/* A collect_options.should_stop: is there a signal that asks us to end? */
bool meter_should_stop(void *ctx);

#endif
