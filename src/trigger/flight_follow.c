#include "trigger/engine_priv.h"

#include <string.h>

#include "base/clock.h"
#include "trigger/hooks.h"

#define SIGN_MS 60000u /* how often its latch is held on to */
#define ACT_MS	10000u

static void add_rules(struct follow_rules *r, const struct flight *f)
{
	const struct config_fallback *fallback = &f->instance->fallback;

	r->quiet_ms = (u64)fallback->quiet_s * 1000;
	r->no_sign_ms = (u64)fallback->no_sign_s * 1000;
	r->latch_ms = (u64)f->config->limits.latch_s * 1000;
	r->falls_back = fallback->dumps || fallback->action != CONFIG_LEAVE;
}

static void tell_news(void *ctx)
{
	struct flight *f = ctx;

	flight_step(f, f->eyes.follow.state, f->eyes.follow.text);
}

static void tell_remark(void *ctx, const char *source, const char *why)
{
	struct flight *f = ctx;

	(void)source; /* its sentence names it */
	flight_step(f, f->eyes.follow.state, why);
}

static const struct lookout_calls calls = {.news = tell_news, .remark = tell_remark};

void flight_open_eyes(struct flight *f)
{
	const struct config_instance *i = f->instance;
	bool is_new = f->request != NULL;
	struct follow_rules rules = {0};
	struct err *err = NULL;

	lookout_init(&f->eyes, &calls, f, f->backend);
	if (i->console)
		err = lookout_open_console(&f->eyes, i->console, f->capture.console_offset);
	if (err)
		flight_step(f, f->capture.state, err_message(err));
	err_free(steal(err));
	if (i->dump_dir)
		err = lookout_open_dumps(&f->eyes, i->dump_dir, i->machine_id, i->dmi_uuid,
					 is_new ? 0 : f->capture.requested_ms);
	if (err)
		flight_step(f, f->capture.state, err_message(err));
	err_free(err);
	add_rules(&rules, f);
	lookout_begin(&f->eyes, &rules, f->capture.state);
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
	if (now_ms < f->signed_ms + SIGN_MS || f->eyes.follow.life_ms <= f->signed_ms)
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
	else
		lookout_set_dump(&f->eyes, steal(path));
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
	if (!f->eyes.follow.may_act) {
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
	enum capture_state before = f->eyes.follow.state;

	lookout_drain(&f->eyes);
	if (f->eyes.follow.todo != FOLLOW_FALL_BACK)
		return;
	dump_from_outside(f, &why);
	if (flight_is_cancelled(f))
		return; /* it is taken anew after the next start */
	/* A sign that came meanwhile. */
	lookout_drain(&f->eyes);
	if (f->eyes.follow.todo != FOLLOW_FALL_BACK)
		return;
	act(f, &what);
	if (what.len)
		flight_step(f, before, buf_text(&what));
	lookout_feed(&f->eyes,
		     &(struct follow_event){
			     .kind = why.len ? FOLLOW_NO_FALLBACK : FOLLOW_FELL_BACK,
			     .text = why.len ? buf_text(&why) : f->eyes.dump});
}

void flight_follow(struct flight *f)
{
	f->signed_ms = clock_now_ms();
	while (!flight_is_cancelled(f) && !f->is_lost &&
	       f->eyes.follow.todo != FOLLOW_OVER) {
		if (f->eyes.follow.todo == FOLLOW_FALL_BACK) {
			fall_back(f);
			continue;
		}
		hold_latch(f, clock_now_ms());
		lookout_round(&f->eyes);
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
