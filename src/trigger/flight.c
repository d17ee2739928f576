#include "trigger/engine_priv.h"

#include <string.h>

#include "base/clock.h"
#include "trigger/evidence.h"

/* Of the machine's state, before it is interrupted: evidence, so it must not take long. */
#define STATE_MS 500u

/* Between two tries to write the end of a capture. */
#define RETRY_MS 2000u

struct step_call {
	const struct capture *capture;
	enum capture_state state;
	const char *text, *dump_path;
	s64 console_offset; /* -1: not known */
	enum capture_state now_in;
	s64 utc_ms;
};

static struct err *run_step(struct store *s, void *ctx)
{
	struct step_call *c = ctx;
	struct store_time now;
	struct err *err = store_time_now(&now);

	if (err)
		return err;
	c->utc_ms = now.utc_ms;
	err = store_step(s, c->capture->id, c->state, c->text, c->dump_path, &now,
			 &c->now_in);
	/* After a restart the console is read on from here. */
	if (!err && c->console_offset >= 0)
		err = store_set_console(s, c->capture->id, c->console_offset);
	return err;
}

static must_check struct err *try_step(struct flight *f, enum capture_state state,
				       const char *text, enum capture_state *ret_state)
{
	const struct capture *c = &f->capture;
	struct step_call call = {.capture = c,
				 .state = state,
				 .text = text,
				 .dump_path = f->eyes.dump,
				 .console_offset = lookout_console_offset(&f->eyes),
				 .now_in = state};
	struct err *err = engine_store_call(f->engine, run_step, &call, true);

	if (err)
		return err;
	/* It was ended by another one, which the status is about now. */
	if (call.now_in == state)
		engine_note_status(f->engine, c->instance_id, c->id, state, call.utc_ms);
	*ret_state = call.now_in;
	return NULL;
}

void flight_step(struct flight *f, enum capture_state state, const char *text)
{
	enum capture_state now_in = state;

	for (;;) {
		struct err *err = try_step(f, state, text, &now_in);

		if (!err)
			break;
		/* A full disk, say. Steps on the way may be missing; the end holds the
		 * latch. */
		err_free(err);
		if (!capture_state_is_terminal(state) || flight_is_stopping(f))
			return;
		clock_sleep_ms(RETRY_MS);
	}
	f->is_lost |= capture_state_is_terminal(now_in) && now_in != state;
}

void flight_free(struct flight *f)
{
	if (!f)
		return;
	lookout_deinit(&f->eyes);
	backend_close(f->backend);
	capture_deinit(&f->capture);
	config_unref(f->config);
	err_free(f->err);
	free(f);
}

static enum engine_outcome outcome_of(const struct backend_result *r)
{
	switch (r->refusal) {
	case BACKEND_UNSUPPORTED:
		return ENGINE_UNSUPPORTED;
	case BACKEND_WRONG_STATE:
		return ENGINE_WRONG_STATE;
	case BACKEND_ABSENT:
		return ENGINE_ABSENT;
	case BACKEND_ACCEPTED:
	case BACKEND_DENIED:
	case BACKEND_UNREACHABLE:
	default:
		return ENGINE_UNREACHABLE;
	}
}

/* Provably nothing was sent: answer, let go of the latch, and say so in the audit log. */
static void not_sent(struct flight *f, enum engine_outcome outcome, const char *why)
{
	struct request *r = f->request;
	struct audit_event event = r->audit;

	event.capture_id = f->capture.id;
	event.error_code = outcome == ENGINE_UNSUPPORTED   ? "Client.UnsupportedOperation"
			   : outcome == ENGINE_WRONG_STATE ? "Client.IncorrectInstanceState"
			   : outcome == ENGINE_ABSENT ? "Client.InvalidInstanceID.NotFound"
			   : outcome == ENGINE_INTERNAL ? "Server.InternalError"
							: "Server.Unavailable";
	event.error_message = why;
	/* First the latch: a client may try again as soon as it has the answer. */
	flight_step(f, CAPTURE_NOT_SENT, why);
	/* That it was granted is on disk; that nothing came of it is in the store too. */
	err_ignore(audit_write(f->engine->audit, &event, NULL));
	request_answer(f->engine, r, outcome, f->capture.id, why);
}

static const char *state_text(enum backend_state s)
{
	static const char *const texts[] = {
		[BACKEND_STATE_RUNNING] = "before the interrupt the machine was running",
		[BACKEND_STATE_PAUSED] = "before the interrupt the machine was paused",
		[BACKEND_STATE_OFF] = "before the interrupt the machine was off",
		[BACKEND_STATE_CRASHED] = "before the interrupt the machine had panicked",
	};

	return s == BACKEND_STATE_UNKNOWN ? NULL : texts[s];
}

/* Whether the machine is in a state to be interrupted, where the backend is to be asked;
 * the state is evidence in any case, NULL where it is not told. */
static bool check_state(struct flight *f, const char **ret_evidence)
{
	enum backend_state state = BACKEND_STATE_UNKNOWN;
	struct err *err = backend_query_state(f->backend, STATE_MS, &state);

	*ret_evidence = err ? NULL : state_text(state);
	/* Then the injection will say it better. */
	if (err) {
		err_free(err);
		return true;
	}
	return !f->instance->asks_state || state == BACKEND_STATE_RUNNING ||
	       state == BACKEND_STATE_UNKNOWN;
}

/* What the backend made of it. */
static void injected(struct flight *f, const struct backend_result *result)
{
	struct engine *e = f->engine;
	bool is_sent = result->delivery == BACKEND_SENT;
	const char *why = result->why ? err_message(result->why) : "";

	pthread_mutex_lock(&e->lock);
	if (is_sent)
		e->counters.injected++;
	else
		e->counters.unknown++;
	pthread_mutex_unlock(&e->lock);
	request_answer(e, f->request, ENGINE_ACCEPTED, f->capture.id, is_sent ? NULL : why);
	lookout_feed(&f->eyes, &(struct follow_event){.kind = is_sent ? FOLLOW_SENT
								      : FOLLOW_MAYBE_SENT,
						      .text = why});
}

/* What was taken before the interrupt goes to disk after it. */
static void keep_evidence(struct flight *f, const struct evidence *e, const char *state)
{
	cleanup(buf_deinit) struct buf sentence = BUF_INIT;
	struct err *err = evidence_keep(e, f->eyes.console, f->config->state_dir,
					f->capture.id, &sentence);

	if (err)
		flight_step(f, f->eyes.follow.state, err_message(err));
	else if (sentence.len)
		flight_step(f, f->eyes.follow.state, buf_text(&sentence));
	err_free(err);
	if (state)
		flight_step(f, f->eyes.follow.state, state);
}

/* Prepare, inject once. False if nothing was sent. */
static bool inject(struct flight *f)
{
	struct backend_result result = {0};
	enum backend_event event;
	cleanup(evidence_deinit) struct evidence evidence = {0};
	const char *state = NULL;
	struct err *err = backend_open(&f->instance->backend, &f->backend);

	if (err) {
		not_sent(f,
			 err_code(err) == ERR_UNSUPPORTED ? ENGINE_UNSUPPORTED
							  : ENGINE_INTERNAL,
			 err_message(err));
		err_free(err);
		return false;
	}
	flight_open_eyes(f);
	if (!check_state(f, &state)) {
		not_sent(f, ENGINE_WRONG_STATE, state);
		return false;
	}
	/* Subscribe, so that nothing is missed. */
	err_ignore(backend_next_event(f->backend, 0, &event));
	/* Of one that does not answer no more is asked: nothing may keep the interrupt. */
	if (state)
		evidence_take(&evidence, f->backend);
	if (!request_may_send(f->engine, f->request)) {
		not_sent(f, ENGINE_INTERNAL, "its time was over before it could be sent");
		return false;
	}
	backend_inject(f->backend, ENGINE_INJECT_MS, &result);
	if (result.delivery == BACKEND_NOT_SENT) {
		not_sent(f, outcome_of(&result),
			 result.why ? err_message(result.why) : "the backend refused");
		backend_result_deinit(&result);
		return false;
	}
	injected(f, &result);
	keep_evidence(f, &evidence, state);
	backend_result_deinit(&result);
	return true;
}

/* A capture that was in flight when we ended. */
static bool resume(struct flight *f)
{
	struct err *err;

	if (capture_state_is_terminal(f->capture.state) || !f->instance)
		return false;
	err = backend_open(&f->instance->backend, &f->backend);
	if (err)
		flight_step(f, f->capture.state, err_message(err));
	err_free(err);
	flight_open_eyes(f);
	return true;
}

static void *fly(void *ctx)
{
	struct flight *f = ctx;
	struct engine *e = f->engine;
	bool is_followed = f->request ? inject(f) : resume(f);

	request_unref(e, steal(f->request));
	if (is_followed)
		flight_follow(f);
	/* A QMP socket serves one at a time: not longer than needed. */
	backend_close(steal(f->backend));
	flight_tell_end(f);
	pthread_mutex_lock(&e->lock);
	f->is_done = true;
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

static bool copy_capture(struct capture *to, const struct capture *from)
{
	memcpy(to->id, from->id, sizeof(to->id));
	to->state = from->state;
	to->requested_ms = from->requested_ms;
	to->console_offset = from->console_offset;
	to->instance_id = strdup(from->instance_id);
	return to->instance_id != NULL;
}

must_check struct err *flight_start(struct engine *e, const struct config *config,
				    const struct config_instance *instance,
				    struct request *r, const struct capture *c)
{
	cleanup(flight_freep) struct flight *f = calloc(1, sizeof(*f));
	int failed;

	if (!f)
		return err_nomem();
	f->engine = e;
	f->config = config_ref(config);
	f->instance = instance;
	if (!copy_capture(&f->capture, c))
		return err_nomem();
	f->request = r;
	pthread_mutex_lock(&e->lock);
	failed = pthread_create(&f->thread, NULL, fly, f);
	if (!failed) {
		f->next = e->flights;
		e->flights = f;
	}
	pthread_mutex_unlock(&e->lock);
	if (failed)
		return err_os(failed, "a thread");
	(void)steal(f);
	return NULL;
}
