#include "trigger/engine_priv.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"

static bool wish_copy(struct capture *to, const struct engine_request *r)
{
	to->is_forced = r->is_forced;
	return str_copy(r->instance->id, &to->instance_id) &&
	       str_copy(r->audit.account, &to->account) &&
	       str_copy(r->audit.region, &to->region) &&
	       str_copy(r->audit.principal_arn ? r->audit.principal_arn : "",
			&to->principal_arn) &&
	       str_copy(r->audit.access_key ? r->audit.access_key : "", &to->access_key) &&
	       str_copy(r->invocation_id, &to->invocation_id) &&
	       str_copy(r->signature_hash, &to->signature_hash) &&
	       str_copy(r->audit.request_id, &to->request_id);
}

static void request_free(struct request *r)
{
	if (!r)
		return;
	audit_event_deinit(&r->audit);
	capture_deinit(&r->wish);
	capture_deinit(&r->found);
	config_unref(r->config);
	err_free(r->err);
	free(r);
}
CLEANUP_FREEP(request)

must_check struct err *request_new(const struct engine_request *from, engine_answer_fn *fn,
				   void *ctx, struct request **ret)
{
	cleanup(request_freep) struct request *r = calloc(1, sizeof(*r));

	if (!r)
		return err_nomem();
	r->config = config_ref(from->config);
	r->instance = from->instance;
	if (!audit_event_copy(&r->audit, &from->audit) || !wish_copy(&r->wish, from))
		return err_nomem();
	r->fn = fn;
	r->ctx = ctx;
	r->deadline_ms = clock_now_ms() + ENGINE_ANSWER_MS;
	r->references = 2;
	*ret = steal(r);
	return NULL;
}

void request_unref(struct engine *e, struct request *r)
{
	bool is_last;

	if (!r)
		return;
	pthread_mutex_lock(&e->lock);
	is_last = --r->references == 0;
	pthread_mutex_unlock(&e->lock);
	if (is_last)
		request_free(r);
}

void request_answer(struct engine *e, struct request *r, enum engine_outcome outcome,
		    const char *capture_id, const char *sentence)
{
	const struct engine_answer answer = {outcome, capture_id, sentence};
	struct request **link = &e->pending;
	bool is_first;

	pthread_mutex_lock(&e->lock);
	is_first = !r->is_answered;
	r->is_answered = true;
	if (is_first) {
		while (*link != r)
			link = &(*link)->next_pending;
		*link = r->next_pending;
		if (outcome == ENGINE_DUPLICATE)
			e->counters.duplicates++;
		else if (outcome != ENGINE_ACCEPTED)
			e->counters.refused++;
		pthread_cond_broadcast(&e->pending_changed);
	}
	pthread_mutex_unlock(&e->lock);
	if (!is_first)
		return;
	r->fn(r->ctx, &answer);
	request_unref(e, r);
}

bool request_may_send(struct engine *e, struct request *r)
{
	bool may;

	pthread_mutex_lock(&e->lock);
	may = !r->is_answered && !r->is_too_late && !e->is_stopping;
	if (may)
		r->may_be_sent = true;
	pthread_mutex_unlock(&e->lock);
	return may;
}

/* The one whose time is up first. The lock is held. */
static struct request *find_first(const struct engine *e)
{
	struct request *first = e->pending;

	for (struct request *r = first; r; r = r->next_pending)
		if (r->deadline_ms < first->deadline_ms)
			first = r;
	return first;
}

/* The lock is held, and let go of while the answer is given. */
static void answer_late(struct engine *e, struct request *r)
{
	bool may_be_sent = r->may_be_sent;
	char id[CAPTURE_ID_LEN + 1] = "";

	/* Before, it is the store's thread that writes there. */
	if (may_be_sent)
		memcpy(id, r->found.id, sizeof(id));
	/* Decided here, under the lock: what is said below must stay true. */
	r->is_too_late = !may_be_sent;
	r->references++;
	pthread_mutex_unlock(&e->lock);
	if (may_be_sent)
		request_answer(e, r, ENGINE_ACCEPTED, id,
			       "the backend has not answered yet: its outcome is unknown");
	else
		request_answer(e, r, ENGINE_INTERNAL, NULL,
			       "the intent could not be written in time; nothing was sent");
	request_unref(e, r);
	pthread_mutex_lock(&e->lock);
}

void *request_deadlines(void *engine)
{
	struct engine *e = engine;

	pthread_mutex_lock(&e->lock);
	while (!e->is_closing || e->pending) {
		struct request *first = find_first(e);

		if (!first) {
			pthread_cond_wait(&e->pending_changed, &e->lock);
		} else if (first->deadline_ms <= clock_now_ms()) {
			answer_late(e, first);
		} else {
			struct timespec until = {
				.tv_sec = (time_t)(first->deadline_ms / 1000),
				.tv_nsec = (long)(first->deadline_ms % 1000) * 1000000};

			pthread_cond_timedwait(&e->pending_changed, &e->lock, &until);
		}
	}
	pthread_mutex_unlock(&e->lock);
	return NULL;
}
