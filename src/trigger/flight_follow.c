#include "trigger/engine_priv.h"

#include <string.h>

#include "base/clock.h"
#include "trigger/hooks.h"

/* How long one round waits for news, and how often the rest is looked at. */
#define ROUND_MS	    200u
#define LOOK_MS		    1000u
#define PROGRESS_MS	    2000u
#define PROGRESS_TIMEOUT_MS 1000u
#define SIGN_MS		    60000u
#define ACT_MS		    10000u

static void add_time(struct follow_rules *r, const struct flight *f)
{
	const struct config_fallback *fallback = &f->instance->fallback;

	r->quiet_ms = (u64)fallback->quiet_s * 1000;
	r->no_sign_ms = (u64)fallback->no_sign_s * 1000;
	r->latch_ms = (u64)f->config->limits.latch_s * 1000;
	r->falls_back = fallback->dumps || fallback->action != CONFIG_LEAVE;
}

void flight_open_eyes(struct flight *f)
{
	const struct config_instance *i = f->instance;
	bool is_new = f->request != NULL;
	struct follow_rules rules = {0};
	struct err *err = NULL;

	if (i->console)
		err = console_tail_open(i->console, f->capture.console_offset, &f->console);
	if (err)
		flight_step(f, f->capture.state, err_message(err));
	err_free(steal(err));
	if (i->dump_dir)
		err = dump_watch_new(i->dump_dir, i->machine_id, i->dmi_uuid,
				     is_new ? 0 : f->capture.requested_ms, &f->watch);
	if (err)
		flight_step(f, f->capture.state, err_message(err));
	err_free(err);
	f->has_events = f->backend && backend_has_events(f->backend);
	f->has_progress = f->backend != NULL;
	rules.has_console = f->console != NULL;
	rules.has_events = f->has_events;
	rules.has_dump_dir = f->watch != NULL;
	add_time(&rules, f);
	follow_init(&f->follow, &rules, f->capture.state, clock_now_ms());
}

void flight_feed(struct flight *f, const struct follow_event *event)
{
	follow_feed(&f->follow, event, clock_now_ms());
	if (f->follow.is_news)
		flight_step(f, f->follow.state, f->follow.text);
}

static void feed_line(void *ctx, const char *line, size_t len)
{
	flight_feed(ctx,
		    &(struct follow_event){.kind = FOLLOW_LINE, .text = line, .len = len});
}

static void look_at_console(struct flight *f)
{
	size_t bytes = 0;
	struct err *err;

	if (!f->console)
		return;
	err = console_tail_read(f->console, feed_line, f, &bytes);
	if (err) {
		flight_step(f, f->follow.state, err_message(err));
		err_free(err);
		console_tail_close(steal(f->console));
		f->follow.rules.has_console = false;
	}
}

static void look_for_dump(struct flight *f, u64 now_ms)
{
	static const enum follow_event_kind kinds[] = {
		[DUMP_WATCH_SEEN] = FOLLOW_DUMP_SEEN,
		[DUMP_WATCH_WHOLE] = FOLLOW_DUMP_WHOLE,
		[DUMP_WATCH_BROKEN] = FOLLOW_DUMP_BROKEN,
	};
	cleanup(freep) char *path = NULL, *reason = NULL;
	enum dump_watch_verdict verdict;
	struct err *err;

	if (!f->watch || now_ms < f->looked_ms + LOOK_MS)
		return;
	f->looked_ms = now_ms;
	err = dump_watch_look(f->watch, &verdict, &path, &reason);
	if (err) {
		err_free(err); /* a file server that is away: it may come back */
		return;
	}
	if (verdict == DUMP_WATCH_NONE)
		return;
	free(f->dump_path);
	f->dump_path = steal(path);
	flight_feed(f, &(struct follow_event){.kind = kinds[verdict],
					      .text = verdict == DUMP_WATCH_BROKEN
							      ? reason
							      : f->dump_path});
}

static void look_at_progress(struct flight *f, u64 now_ms)
{
	struct err *err;
	u64 moves;

	if (!f->has_progress || now_ms < f->moved_ms + PROGRESS_MS)
		return;
	err = backend_read_progress(f->backend, PROGRESS_TIMEOUT_MS, &moves);
	if (err) {
		f->has_progress = err_code(err) != ERR_UNSUPPORTED;
		err_free(err);
	} else if (f->moved_ms && moves != f->moves) {
		flight_feed(f, &(struct follow_event){.kind = FOLLOW_LIFE});
	}
	if (!err)
		f->moves = moves;
	f->moved_ms = clock_now_ms();
}

/* Wait for the next event of the backend, at most @timeout_ms. */
static void look_at_events(struct flight *f, u64 timeout_ms)
{
	enum backend_event event = BACKEND_EVENT_NONE;
	struct err *err;

	if (!f->has_events) {
		if (timeout_ms)
			clock_sleep_ms(timeout_ms);
		return;
	}
	err = backend_next_event(f->backend, timeout_ms, &event);
	if (err) {
		flight_step(f, f->follow.state, err_message(err));
		err_free(err);
		event = BACKEND_EVENT_GONE;
	}
	if (event == BACKEND_EVENT_GONE)
		f->has_events = false;
	if (event != BACKEND_EVENT_NONE)
		flight_feed(f, &(struct follow_event){.kind = FOLLOW_BACKEND,
						      .backend = event});
}

static void drain_events(struct flight *f)
{
	u64 until_ms = clock_now_ms() + ROUND_MS;

	/* Each call hands on one; what comes without end is not waited for. */
	for (unsigned i = 0; i < 100 && f->has_events && clock_now_ms() < until_ms; i++)
		look_at_events(f, 1);
	look_at_console(f);
}

static struct err *run_sign(struct store *s, void *ctx)
{
	const struct flight *f = ctx;
	struct store_time now;
	struct err *err = store_time_now(&now);

	return err ? err : store_sign(s, f->capture.id, &now);
}

/* While it shows life its latch holds on, however large the dump. */
static void hold_latch(struct flight *f, u64 now_ms)
{
	if (now_ms < f->signed_ms + SIGN_MS || f->follow.life_ms <= f->signed_ms)
		return;
	f->signed_ms = now_ms;
	err_ignore(engine_store_call(f->engine, run_sign, f, true));
}

/* Into the configured directory; *@ret stays NULL and @why says why where there is none. */
static void dump_from_outside(struct flight *f, struct buf *why)
{
	const struct config_fallback *fallback = &f->instance->fallback;
	cleanup(freep) char *path = NULL;
	struct store_time now;
	struct err *err;

	if (!fallback->dumps || !f->backend) {
		buf_add_str(why, "no dump from outside is configured");
		return;
	}
	err = store_time_now(&now);
	/* Its own name each time: a dump that was begun before a restart is left. */
	if (!err &&
	    asprintf(&path, "%s/%s-%s-%lld.vmcore", fallback->directory,
		     f->capture.instance_id, f->capture.id, (long long)now.utc_ms) < 0)
		err = err_nomem();
	if (!err)
		err = backend_dump(f->backend, path, (u64)fallback->quiet_s * 1000,
				   &f->cancel, NULL, NULL);
	if (err)
		buf_printf(why, "the dump from outside failed: %s", err_message(err));
	else {
		free(f->dump_path);
		f->dump_path = steal(path);
	}
	err_free(err);
}

static void act(struct flight *f, struct buf *what)
{
	static const struct {
		enum backend_action action;
		const char *name;
	} actions[] = {
		[CONFIG_RESUME] = {BACKEND_RESUME, "resumed"},
		[CONFIG_RESET] = {BACKEND_RESET, "reset"},
		[CONFIG_PAUSE] = {BACKEND_PAUSE, "paused"},
	};
	enum config_fallback_action action = f->instance->fallback.action;
	struct err *err;

	if (action == CONFIG_LEAVE || !f->backend)
		return;
	if (!f->follow.may_act) {
		buf_printf(what, "it was not %s, because a capture kernel may be at work",
			   actions[action].name);
		return;
	}
	err = backend_act(f->backend, actions[action].action, ACT_MS);
	if (err)
		buf_printf(what, "it could not be %s: %s", actions[action].name,
			   err_message(err));
	else
		buf_printf(what, "it was %s", actions[action].name);
	err_free(err);
}

static void fall_back(struct flight *f)
{
	cleanup(buf_deinit) struct buf why = BUF_INIT, what = BUF_INIT;
	enum capture_state before = f->follow.state;

	drain_events(f);
	if (f->follow.todo != FOLLOW_FALL_BACK)
		return;
	dump_from_outside(f, &why);
	if (flight_is_cancelled(f))
		return; /* it is taken anew after the next start */
	/* A sign that came meanwhile. */
	drain_events(f);
	if (f->follow.todo != FOLLOW_FALL_BACK)
		return;
	act(f, &what);
	if (what.len)
		flight_step(f, before, buf_text(&what));
	flight_feed(f, &(struct follow_event){
			       .kind = why.len ? FOLLOW_NO_FALLBACK : FOLLOW_FELL_BACK,
			       .text = why.len ? buf_text(&why) : f->dump_path});
}

void flight_follow(struct flight *f)
{
	f->signed_ms = clock_now_ms();
	while (!flight_is_cancelled(f) && !f->is_lost && f->follow.todo != FOLLOW_OVER) {
		u64 now_ms = clock_now_ms();

		if (f->follow.todo == FOLLOW_FALL_BACK) {
			fall_back(f);
			continue;
		}
		look_at_console(f);
		look_for_dump(f, now_ms);
		look_at_progress(f, now_ms);
		hold_latch(f, now_ms);
		if (f->follow.todo == FOLLOW_WAIT)
			look_at_events(f, ROUND_MS);
		if (f->follow.todo == FOLLOW_WAIT)
			flight_feed(f, &(struct follow_event){.kind = FOLLOW_TIME});
	}
}

static struct err *run_mark_told(struct store *s, void *ctx)
{
	const struct engine_capture *call = ctx;

	return store_mark_told(s, call->id);
}

struct step_note {
	const char *id, *text;
};

static struct err *run_note(struct store *s, void *ctx)
{
	const struct step_note *note = ctx;
	struct store_time now;
	struct err *err = store_time_now(&now);

	return err ? err
		   : store_step(s, note->id, CAPTURE_FAILED, note->text, NULL, &now, NULL);
}

void flight_tell_end(struct flight *f)
{
	struct engine_capture call = {.id = f->capture.id};
	struct err *err = engine_store_call(f->engine, engine_read_capture, &call, false);

	if (!err && call.is_over && !call.is_told) {
		err = hooks_tell(&f->config->hooks, call.json, &f->is_stopping);
		if (err && !flight_is_stopping(f)) {
			struct step_note note = {call.id, err_message(err)};

			/* Its state is terminal and stays; the line is added. */
			err_ignore(engine_store_call(f->engine, run_note, &note, true));
		}
		/* After a stop in the middle they are told again. */
		if (!flight_is_stopping(f) || !err)
			err_ignore(
				engine_store_call(f->engine, run_mark_told, &call, true));
	}
	err_free(err);
	json_decref(call.json);
}
