#include "trigger/engine_priv.h"

#include <curl/curl.h>
#include <string.h>

#include "base/io.h"

/* Ends that nobody was told of, which are told after a start. */
#define UNTOLD_MAX 1000u

static must_check struct err *open_files(struct engine *e, const struct config *config)
{
	cleanup(freep) char *path = NULL, *boot_id = NULL;
	struct err *err =
		io_read_file("/proc/sys/kernel/random/boot_id", 128, &boot_id, NULL);

	if (err)
		return err;
	boot_id[strcspn(boot_id, "\n")] = 0;
	if (asprintf(&path, "%s/captures.db", config->state_dir) < 0)
		return err_nomem();
	err = store_open(path, boot_id, &e->store);
	return err ? err : audit_open(config->audit_file, &e->audit);
}

/* The place of @instance_id among the statuses, or where it would be. The lock is held. */
static size_t status_place(const struct engine *e, const char *instance_id, bool *ret_found)
{
	size_t low = 0, high = e->num_statuses;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(e->statuses[middle].instance_id, instance_id);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = false;
	return low;
}

/* A new row; NULL without memory. The lock is held. */
static struct instance_status *add_status(struct engine *e, size_t place,
					  const char *instance_id)
{
	char *id = strdup(instance_id);

	if (e->num_statuses == e->statuses_capacity) {
		size_t capacity = e->statuses_capacity ? 2 * e->statuses_capacity : 64;
		struct instance_status *grown =
			reallocarray(e->statuses, capacity, sizeof(*grown));

		if (!grown) {
			free(id);
			return NULL;
		}
		e->statuses = grown;
		e->statuses_capacity = capacity;
	}
	if (!id)
		return NULL;
	memmove(&e->statuses[place + 1], &e->statuses[place],
		(e->num_statuses - place) * sizeof(*e->statuses));
	e->num_statuses++;
	e->statuses[place] = (struct instance_status){.instance_id = id};
	return &e->statuses[place];
}

void engine_note_status(struct engine *e, const char *instance_id, const char *capture_id,
			enum capture_state state, s64 changed_ms)
{
	struct instance_status *row;
	size_t place;
	bool is_there;

	pthread_mutex_lock(&e->lock);
	place = status_place(e, instance_id, &is_there);
	row = is_there ? &e->statuses[place] : add_status(e, place, instance_id);
	if (row) {
		row->status.state = state;
		row->status.changed_ms = changed_ms;
		snprintf(row->status.capture_id, sizeof(row->status.capture_id), "%s",
			 capture_id);
	}
	if (capture_state_is_terminal(state))
		e->counters.ended[state]++;
	pthread_mutex_unlock(&e->lock);
}

bool engine_find_status(struct engine *e, const char *instance_id,
			struct engine_status *ret)
{
	size_t place;
	bool is_there;

	pthread_mutex_lock(&e->lock);
	place = status_place(e, instance_id, &is_there);
	if (is_there)
		*ret = e->statuses[place].status;
	pthread_mutex_unlock(&e->lock);
	return is_there;
}

static must_check struct err *load_statuses(struct engine *e)
{
	struct capture *captures;
	size_t len;
	struct err *err = store_list(e->store, NULL, STORE_LAST, SIZE_MAX, &captures, &len);

	if (err)
		return err;
	for (size_t i = 0; i < len; i++)
		engine_note_status(e, captures[i].instance_id, captures[i].id,
				   captures[i].state, captures[i].changed_ms);
	captures_free(captures, len);
	/* These ended before we were started. */
	memset(&e->counters, 0, sizeof(e->counters));
	return NULL;
}

/* Follow @c on. What was on its way when we ended is never sent again. */
static must_check struct err *resume(struct engine *e, struct capture *c)
{
	const struct config_instance *instance =
		config_find_instance(e->config, c->instance_id);
	bool was_over = capture_state_is_terminal(c->state);
	struct store_time now;
	struct err *err = store_time_now(&now);

	if (!err && c->state == CAPTURE_REQUESTED)
		err = store_step(
			e->store, c->id, CAPTURE_UNKNOWN,
			"inquestd was started anew; whether the interrupt had left "
			"is not known, and it is not sent again",
			NULL, &now, &c->state);
	if (!err && !instance && !capture_state_is_terminal(c->state))
		err = store_step(e->store, c->id, CAPTURE_UNVERIFIED,
				 "the instance is not configured any more", NULL, &now,
				 &c->state);
	if (err)
		return err;
	/* One that was over before may not be the newest of its instance. */
	if (!was_over)
		engine_note_status(e, c->instance_id, c->id, c->state, now.utc_ms);
	return flight_start(e, e->config, instance, NULL, c);
}

static must_check struct err *resume_all(struct engine *e, enum store_which which)
{
	struct capture *captures;
	size_t len;
	struct err *err = store_list(e->store, NULL, which, UNTOLD_MAX, &captures, &len);

	if (err)
		return err;
	for (size_t i = 0; i < len && !err; i++)
		err = resume(e, &captures[i]);
	captures_free(captures, len);
	return err;
}

static must_check struct err *start_threads(struct engine *e)
{
	int failed = pthread_create(&e->deadline_thread, NULL, request_deadlines, e);

	if (failed)
		return err_os(failed, "a thread");
	e->has_deadline_thread = true;
	failed = pthread_create(&e->store_thread, NULL, engine_store_loop, e);
	if (failed)
		return err_os(failed, "a thread");
	e->has_store_thread = true;
	return NULL;
}

static void init(struct engine *e)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->work, NULL);
	pthread_cond_init(&e->called, NULL);
	pthread_cond_init(&e->pending_changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	e->requests_end = &e->requests;
	e->calls_end = &e->calls;
}

must_check struct err *engine_start(const struct config *config, struct engine **ret)
{
	cleanup(engine_stopp) struct engine *e = calloc(1, sizeof(*e));
	struct err *err;

	if (!e)
		return err_nomem();
	init(e);
	e->config = config_ref(config);
	e->is_curl_up = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	if (!e->is_curl_up)
		return err_new(ERR_OS, "libcurl cannot be used");
	err = open_files(e, config);
	if (!err)
		err = load_statuses(e);
	/* The store is still ours: its thread comes after. Those of captures wait for it.
	 */
	if (!err)
		err = resume_all(e, STORE_UNTOLD);
	if (!err)
		err = resume_all(e, STORE_OPEN);
	if (!err)
		err = start_threads(e);
	if (err)
		return err;
	*ret = steal(e);
	return NULL;
}

/* Join those that are done, or all. */
static void join_flights(struct engine *e, bool all)
{
	struct flight **link = &e->flights;

	pthread_mutex_lock(&e->lock);
	while (*link) {
		struct flight *f = *link;

		if (!all && !f->is_done) {
			link = &f->next;
			continue;
		}
		*link = f->next;
		pthread_mutex_unlock(&e->lock);
		pthread_join(f->thread, NULL);
		flight_free(f);
		pthread_mutex_lock(&e->lock);
		link = &e->flights;
	}
	pthread_mutex_unlock(&e->lock);
}

void engine_quiesce(struct engine *e)
{
	pthread_mutex_lock(&e->lock);
	e->is_stopping = true;
	for (struct flight *f = e->flights; f; f = f->next)
		flight_stop(f);
	/* Their store may never have come up. */
	if (!e->has_store_thread)
		e->is_closing = true;
	pthread_cond_broadcast(&e->called);
	pthread_mutex_unlock(&e->lock);
	join_flights(e, true);
	pthread_mutex_lock(&e->lock);
	e->is_closing = true;
	pthread_cond_broadcast(&e->work);
	pthread_cond_broadcast(&e->pending_changed);
	pthread_mutex_unlock(&e->lock);
	if (e->has_store_thread)
		pthread_join(e->store_thread, NULL);
	if (e->has_deadline_thread)
		pthread_join(e->deadline_thread, NULL);
	pthread_mutex_lock(&e->lock);
	e->has_store_thread = e->has_deadline_thread = false;
	/* Calls that came too late are told so. */
	pthread_cond_broadcast(&e->called);
	pthread_mutex_unlock(&e->lock);
}

void engine_stop(struct engine *e)
{
	if (!e)
		return;
	engine_quiesce(e);
	audit_close(e->audit);
	store_close(e->store);
	for (size_t i = 0; i < e->num_statuses; i++)
		free(e->statuses[i].instance_id);
	free(e->statuses);
	config_unref(e->config);
	if (e->is_curl_up)
		curl_global_cleanup();
	pthread_cond_destroy(&e->work);
	pthread_cond_destroy(&e->called);
	pthread_cond_destroy(&e->pending_changed);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

struct audit *engine_audit(const struct engine *e)
{
	return e->audit;
}

void engine_reconfigure(struct engine *e, const struct config *config)
{
	const struct config *old;

	pthread_mutex_lock(&e->lock);
	old = e->config;
	e->config = config_ref(config);
	pthread_mutex_unlock(&e->lock);
	config_unref(old);
}

/* What can be said without the store. */
static bool refuse_early(const struct engine_request *r, struct engine_answer *ret)
{
	if (!r->instance->has_interrupt) {
		*ret = (struct engine_answer){
			ENGINE_UNSUPPORTED, NULL,
			"an instance of this type has no diagnostic interrupt"};
		return true;
	}
	if (!r->instance->is_running && !r->instance->asks_state) {
		*ret = (struct engine_answer){ENGINE_WRONG_STATE, NULL,
					      "the instance is not running"};
		return true;
	}
	return false;
}

static void refuse(struct engine *e, const struct engine_request *r,
		   const struct engine_answer *answer, engine_answer_fn *fn, void *ctx)
{
	struct audit_event event = r->audit;
	const struct engine_answer failed = {ENGINE_INTERNAL, NULL,
					     "the audit log cannot be written"};
	struct err *err;

	event.error_code =
		answer->outcome == ENGINE_UNSUPPORTED	? "Client.UnsupportedOperation"
		: answer->outcome == ENGINE_WRONG_STATE ? "Client.IncorrectInstanceState"
							: "Server.InternalError";
	event.error_message = answer->sentence;
	err = audit_write(e->audit, &event, NULL);
	pthread_mutex_lock(&e->lock);
	e->counters.refused++;
	pthread_mutex_unlock(&e->lock);
	fn(ctx, err ? &failed : answer);
	err_free(err);
}

void engine_submit(struct engine *e, const struct engine_request *from,
		   engine_answer_fn *fn, void *ctx)
{
	struct engine_answer answer = {ENGINE_INTERNAL, NULL, "the server is stopping"};
	struct request *r = NULL;
	struct err *err;
	bool is_in = false;

	join_flights(e, false);
	pthread_mutex_lock(&e->lock);
	e->counters.submitted++;
	pthread_mutex_unlock(&e->lock);
	if (refuse_early(from, &answer)) {
		refuse(e, from, &answer, fn, ctx);
		return;
	}
	err = request_new(from, fn, ctx, &r);
	if (err) {
		answer.sentence = err_message(err);
		refuse(e, from, &answer, fn, ctx);
		err_free(err);
		return;
	}
	pthread_mutex_lock(&e->lock);
	if (!e->is_stopping) {
		is_in = true;
		r->next_pending = e->pending;
		e->pending = r;
		*e->requests_end = r;
		e->requests_end = &r->next;
		pthread_cond_signal(&e->work);
		pthread_cond_signal(&e->pending_changed);
	}
	pthread_mutex_unlock(&e->lock);
	if (is_in)
		return;
	refuse(e, from, &answer, fn, ctx);
	request_unref(e, r);
	request_unref(e, r);
}

void engine_read_counters(struct engine *e, struct engine_counters *ret)
{
	pthread_mutex_lock(&e->lock);
	*ret = e->counters;
	ret->in_flight = 0;
	for (const struct flight *f = e->flights; f; f = f->next)
		ret->in_flight += !f->is_done;
	pthread_mutex_unlock(&e->lock);
}
