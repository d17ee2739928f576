#include "trigger/engine_priv.h"

#include <string.h>

must_check struct err *engine_store_call(struct engine *e,
					 struct err *(*run)(struct store *s, void *ctx),
					 void *ctx, bool is_write)
{
	struct store_call call = {.run = run, .ctx = ctx, .is_write = is_write};

	pthread_mutex_lock(&e->lock);
	*e->calls_end = &call;
	e->calls_end = &call.next;
	pthread_cond_signal(&e->work);
	/* If the store's thread never came up, nobody will ever look at the call. */
	while (!call.is_done && (!e->is_closing || e->has_store_thread))
		pthread_cond_wait(&e->called, &e->lock);
	if (!call.is_done)
		call.err = err_new(ERR_REFUSED, "the server did not start");
	pthread_mutex_unlock(&e->lock);
	return call.err;
}

/* What came together, to be committed together. */
struct batch {
	struct request *requests;
	struct store_call *calls;
};

static must_check struct err *begin_one(struct store *s, struct request *r,
					const struct store_time *now)
{
	const struct config_limits *limits = &r->config->limits;
	const struct store_rules rules = {limits->duplicate_s, limits->latch_s,
					  limits->captures_in_flight};

	return store_begin(s, &r->wish, &rules, now, &r->verdict, &r->found);
}

/* Take @failed, of the whole batch, for the error of each. */
static void fail_all(struct batch *b, struct err *failed)
{
	for (struct request *r = b->requests; r; r = r->next)
		if (!r->err)
			r->err = err_new(err_code(failed), "%s", err_message(failed));
	for (struct store_call *c = b->calls; c; c = c->next)
		if (!c->err)
			c->err = err_new(err_code(failed), "%s", err_message(failed));
	err_free(failed);
}

static void run_batch(struct engine *e, struct batch *b)
{
	struct store_time now;
	bool is_write = b->requests != NULL;
	struct err *err;

	for (const struct store_call *c = b->calls; c; c = c->next)
		is_write |= c->is_write;
	err = store_time_now(&now);
	if (!err && is_write)
		err = store_batch_begin(e->store);
	if (err) {
		fail_all(b, err);
		return;
	}
	for (struct request *r = b->requests; r; r = r->next)
		r->err = begin_one(e->store, r, &now);
	for (struct store_call *c = b->calls; c; c = c->next)
		c->err = c->run(e->store, c->ctx);
	if (is_write)
		err = store_batch_commit(e->store);
	if (err)
		fail_all(b, err);
}

/* What the line of @r says; strings are borrowed from it. */
static void describe(struct request *r)
{
	struct audit_event *a = &r->audit;

	switch (r->verdict) {
	case STORE_NEW:
		a->capture_id = r->found.id;
		break;
	case STORE_DUPLICATE:
		a->duplicate_of = r->found.id;
		break;
	case STORE_BUSY:
		a->error_code = "Client.IncorrectInstanceState";
		a->error_message = "a capture is in progress";
		a->capture_id = r->found.id;
		break;
	case STORE_FULL:
	default:
		a->error_code = "Client.RequestLimitExceeded";
		a->error_message = "too many captures are in flight";
		break;
	}
}

/* The lines of all, then one fsync for them. */
static void audit_all(struct engine *e, struct batch *b)
{
	for (struct request *r = b->requests; r; r = r->next) {
		if (r->err)
			continue;
		describe(r);
		r->err = audit_write(e->audit, &r->audit, &r->ticket);
		if (r->err)
			r->ticket.sequence = 0;
	}
	for (struct request *r = b->requests; r; r = r->next)
		if (!r->err)
			r->err = audit_sync(e->audit, &r->ticket);
}

/* An intent that will not be carried out. In the store's thread. */
static void take_back(struct engine *e, struct request *r, const char *why)
{
	struct store_time now;
	struct err *err;

	if (r->verdict != STORE_NEW || !r->found.id[0])
		return;
	err = store_time_now(&now);
	if (!err)
		err = store_step(e->store, r->found.id, CAPTURE_NOT_SENT, why, NULL, &now,
				 NULL);
	if (!err)
		engine_note_status(e, r->wish.instance_id, r->found.id, CAPTURE_NOT_SENT,
				   now.utc_ms);
	/* Then the latch holds until its time is over: nothing more can be done here. */
	err_free(err);
}

/* The capture before, which a second interrupt on purpose ended, or which was let go of. */
static void cancel_others(struct engine *e, const struct capture *c)
{
	pthread_mutex_lock(&e->lock);
	for (struct flight *f = e->flights; f; f = f->next)
		if (strcmp(f->capture.instance_id, c->instance_id) == 0 &&
		    strcmp(f->capture.id, c->id) != 0)
			flight_cancel(f);
	pthread_mutex_unlock(&e->lock);
}

static void begin_flight(struct engine *e, struct request *r)
{
	struct err *err;

	engine_note_status(e, r->wish.instance_id, r->found.id, CAPTURE_REQUESTED,
			   r->found.requested_ms);
	cancel_others(e, &r->found);
	err = flight_start(e, r->config, r->instance, r, &r->found);
	if (!err)
		return;
	take_back(e, r, err_message(err));
	request_answer(e, r, ENGINE_INTERNAL, NULL, err_message(err));
	err_free(err);
	request_unref(e, r);
}

/* What comes of the verdict. @r is handed over. */
static void carry_out(struct engine *e, struct request *r)
{
	enum engine_outcome outcome = ENGINE_INTERNAL;
	bool is_late;

	pthread_mutex_lock(&e->lock);
	is_late = r->is_answered || r->is_too_late || e->is_stopping;
	pthread_mutex_unlock(&e->lock);
	if (r->err || is_late) {
		take_back(e, r, r->err ? err_message(r->err) : "its time was over");
		request_answer(e, r, ENGINE_INTERNAL, NULL,
			       r->err ? err_message(r->err) : "the server is stopping");
		request_unref(e, r);
		return;
	}
	switch (r->verdict) {
	case STORE_NEW:
		begin_flight(e, r);
		return;
	case STORE_DUPLICATE:
		outcome = ENGINE_DUPLICATE;
		break;
	case STORE_BUSY:
		outcome = ENGINE_BUSY;
		break;
	case STORE_FULL:
	default:
		outcome = ENGINE_LIMIT;
		break;
	}
	request_answer(e, r, outcome, r->found.id[0] ? r->found.id : NULL,
		       r->audit.error_message);
	request_unref(e, r);
}

static void end_batch(struct engine *e, struct batch *b)
{
	struct request *next;

	pthread_mutex_lock(&e->lock);
	/* Callers' memory: not to be looked at once they know. */
	for (struct store_call *c = b->calls, *after; c; c = after) {
		after = c->next;
		c->is_done = true;
	}
	pthread_cond_broadcast(&e->called);
	pthread_mutex_unlock(&e->lock);
	audit_all(e, b);
	for (struct request *r = b->requests; r; r = next) {
		next = r->next;
		carry_out(e, r);
	}
}

void *engine_store_loop(void *engine)
{
	struct engine *e = engine;

	pthread_mutex_lock(&e->lock);
	for (;;) {
		struct batch b = {e->requests, e->calls};

		if (!b.requests && !b.calls) {
			if (e->is_closing)
				break;
			pthread_cond_wait(&e->work, &e->lock);
			continue;
		}
		e->requests = NULL;
		e->requests_end = &e->requests;
		e->calls = NULL;
		e->calls_end = &e->calls;
		pthread_mutex_unlock(&e->lock);
		run_batch(e, &b);
		end_batch(e, &b);
		pthread_mutex_lock(&e->lock);
	}
	pthread_mutex_unlock(&e->lock);
	return NULL;
}
