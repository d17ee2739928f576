#include "trigger/lookout.h"

#include "base/clock.h"

/* How long one round waits for an event, and how often the rest is looked at. */
#define ROUND_MS	    200u
#define LOOK_MS		    1000u
#define PROGRESS_MS	    2000u
#define PROGRESS_TIMEOUT_MS 1000u
#define DRAIN_EVENTS	    100u

void lookout_init(struct lookout *l, const struct lookout_calls *calls, void *ctx,
		  struct backend *backend)
{
	*l = (struct lookout){.calls = calls, .ctx = ctx, .backend = backend};
}

void lookout_deinit(struct lookout *l)
{
	console_tail_close(l->console);
	dump_watch_free(l->dumps);
	free(l->dump);
}

struct err *lookout_open_console(struct lookout *l, const char *where, s64 offset)
{
	return console_tail_open(where, offset, &l->console);
}

struct err *lookout_open_dumps(struct lookout *l, const char *dir, const char *machine_id,
			       const char *dmi_uuid, s64 since_utc_ms)
{
	return dump_watch_new(dir, machine_id, dmi_uuid, since_utc_ms, &l->dumps);
}

s64 lookout_console_offset(const struct lookout *l)
{
	return l->console ? console_tail_offset(l->console) : -1;
}

void lookout_begin(struct lookout *l, const struct follow_rules *rules,
		   enum capture_state state)
{
	struct follow_rules r = *rules;

	l->has_events = l->backend && backend_has_events(l->backend);
	l->has_progress = l->backend != NULL;
	r.has_console = l->console != NULL;
	r.has_events = l->has_events;
	r.has_dump_dir = l->dumps != NULL;
	follow_init(&l->follow, &r, state, clock_now_ms());
}

void lookout_feed(struct lookout *l, const struct follow_event *event)
{
	follow_feed(&l->follow, event, clock_now_ms());
	if (l->follow.is_news)
		l->calls->news(l->ctx);
}

void lookout_set_dump(struct lookout *l, char *path)
{
	free(l->dump);
	l->dump = path;
}

static void take_line(void *self, const char *line, size_t len)
{
	struct lookout *l = self;

	if (l->calls->line)
		l->calls->line(l->ctx, line, len);
	lookout_feed(l,
		     &(struct follow_event){.kind = FOLLOW_LINE, .text = line, .len = len});
}

static void look_at_console(struct lookout *l)
{
	size_t bytes = 0;
	struct err *err;

	if (!l->console)
		return;
	err = console_tail_read(l->console, take_line, l, &bytes);
	if (!err)
		return;
	l->calls->remark(l->ctx, "console", err_message(err));
	err_free(err);
	console_tail_close(steal(l->console));
	l->follow.rules.has_console = false;
}

static void look_for_dump(struct lookout *l)
{
	static const enum follow_event_kind kinds[] = {
		[DUMP_WATCH_SEEN] = FOLLOW_DUMP_SEEN,
		[DUMP_WATCH_WHOLE] = FOLLOW_DUMP_WHOLE,
		[DUMP_WATCH_BROKEN] = FOLLOW_DUMP_BROKEN,
	};
	cleanup(freep) char *path = NULL, *reason = NULL;
	enum dump_watch_verdict verdict;
	u64 now_ms = clock_now_ms();
	struct err *err;

	if (!l->dumps || now_ms < l->looked_ms + LOOK_MS)
		return;
	l->looked_ms = now_ms;
	err = dump_watch_look(l->dumps, &verdict, &path, &reason);
	if (err) {
		err_free(err); /* a file server that is away: it may come back */
		return;
	}
	if (verdict == DUMP_WATCH_NONE)
		return;
	lookout_set_dump(l, steal(path));
	lookout_feed(l, &(struct follow_event){
				.kind = kinds[verdict],
				.text = verdict == DUMP_WATCH_BROKEN ? reason : l->dump});
}

static void look_at_progress(struct lookout *l)
{
	struct err *err;
	u64 counter = 0;

	if (!l->has_progress || clock_now_ms() < l->asked_ms + PROGRESS_MS)
		return;
	err = backend_read_progress(l->backend, PROGRESS_TIMEOUT_MS, &counter);
	l->asked_ms = clock_now_ms();
	if (err) {
		/* Nonsense ends it, and is said here: what comes after is silence. Other
		 * failures may pass. */
		bool is_nonsense = err_code(err) == ERR_BAD_DATA;

		l->has_progress = !is_nonsense && err_code(err) != ERR_UNSUPPORTED;
		if (is_nonsense)
			l->calls->remark(l->ctx, "counters", err_message(err));
		err_free(err);
		return;
	}
	/* A counter that went back was begun anew: that is no write. */
	if (l->has_moved && counter > l->counter) {
		l->moved += counter - l->counter;
		lookout_feed(l, &(struct follow_event){.kind = FOLLOW_LIFE});
	}
	l->counter = counter;
	l->has_moved = true;
}

/* Wait for the next event of the backend, at most @timeout_ms. */
static void look_at_events(struct lookout *l, u64 timeout_ms)
{
	enum backend_event event = BACKEND_EVENT_NONE;
	struct err *err = backend_next_event(l->backend, timeout_ms, &event);

	if (err) {
		l->calls->remark(l->ctx, "events", err_message(err));
		err_free(err);
		event = BACKEND_EVENT_GONE;
	}
	if (event == BACKEND_EVENT_GONE)
		l->has_events = false;
	if (event == BACKEND_EVENT_NONE)
		return;
	/* What the guest printed before: its last words come just before it goes off. */
	look_at_console(l);
	lookout_feed(l, &(struct follow_event){.kind = FOLLOW_BACKEND, .backend = event});
}

void lookout_round(struct lookout *l)
{
	look_at_console(l);
	look_for_dump(l);
	look_at_progress(l);
	if (l->follow.todo != FOLLOW_WAIT)
		return;
	if (l->has_events)
		look_at_events(l, ROUND_MS);
	else
		clock_sleep_ms(ROUND_MS);
	if (l->follow.todo == FOLLOW_WAIT)
		lookout_feed(l, &(struct follow_event){.kind = FOLLOW_TIME});
}

void lookout_drain(struct lookout *l)
{
	u64 until_ms = clock_now_ms() + ROUND_MS;

	/* Each call hands on one; what comes without end is not waited for. */
	for (unsigned i = 0; i < DRAIN_EVENTS && l->has_events && clock_now_ms() < until_ms;
	     i++)
		look_at_events(l, 1);
	look_at_console(l);
}
