#include "trigger/server.h"

#include "trigger/answer_xml.h"
#include "trigger/server_priv.h"

#include "base/clock.h"
#include "base/str.h"

#include <string.h>

#define API_THREADS	    2u
#define METRICS_CONNECTIONS 64u
#define IDLE_S		    20u
/* Longer than the engine takes to answer. */
#define DRAIN_MS 5000u

const struct config *server_config(struct server *s)
{
	const struct config *c;

	pthread_mutex_lock(&s->lock);
	c = config_ref(s->config);
	pthread_mutex_unlock(&s->lock);
	return c;
}

static s64 utc_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (s64)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void send_answer(struct exchange *x, struct api_answer *a)
{
	const struct listener_header headers[] = {
		{"x-amzn-requestid", a->request_id},
		{"x-inquest-duplicate-of", a->duplicate_of[0] ? a->duplicate_of : NULL},
		{"Cache-Control", "no-store"},
	};

	exchange_answer(x, a->status, ANSWER_CONTENT_TYPE, headers, ARRAY_SIZE(headers),
			&a->body);
}

/* Something of ours went wrong before anything was sent: say so, and keep the reason. */
static void send_failure(struct server *s, struct exchange *x, struct err *err)
{
	struct api_answer a = {0};
	struct err *second;

	s->log(s->ctx, err_message(err));
	err_free(err);
	second = api_refuse(API_REFUSE_INTERNAL, "An internal error has occurred", &a);
	if (!second) {
		send_answer(x, &a);
		return;
	}
	err_free(second);
	a.body.failed = true;
	send_answer(x, &a);
}

/* A submission that is with the engine. */
struct pending {
	struct server *server;
	struct exchange *exchange;
	struct api_submission *submission;
};

static void on_outcome(void *ctx, const struct engine_answer *said)
{
	struct pending *p = ctx;
	struct api_answer a = {0};
	struct err *err = api_finish(p->submission, said, &a);

	/* The client is told no more than that; somebody has to see to the disk. */
	if (said->outcome == ENGINE_INTERNAL && said->sentence)
		p->server->log(p->server->ctx, said->sentence);
	if (err &&
	    (said->outcome == ENGINE_ACCEPTED || said->outcome == ENGINE_DUPLICATE)) {
		/* It was sent: an answer of 5xx would be a lie. None at all is not. */
		p->server->log(p->server->ctx, err_message(err));
		err_free(err);
		a.body.failed = true;
		send_answer(p->exchange, &a);
	} else if (err) {
		send_failure(p->server, p->exchange, err);
	} else {
		send_answer(p->exchange, &a);
	}
	atomic_fetch_sub(&p->server->in_flight, 1);
	api_submission_free(p->submission);
	free(p);
}

static void submit(struct server *s, struct exchange *x, struct api_submission *submission)
{
	struct pending *p = calloc(1, sizeof(*p));

	if (!p) {
		/* Not handed over: what is remembered of it must not say that it was. */
		struct api_answer a = {0};
		struct err *err =
			api_finish(submission,
				   &(struct engine_answer){.outcome = ENGINE_INTERNAL}, &a);

		if (err)
			send_failure(s, x, err);
		else
			send_answer(x, &a);
		api_submission_free(submission);
		return;
	}
	*p = (struct pending){s, x, submission};
	atomic_fetch_add(&s->in_flight, 1);
	engine_submit(s->engine, &submission->engine, on_outcome, p);
}

static void handle(void *ctx, struct exchange *x, const struct listener_request *r)
{
	struct server *s = ctx;
	struct api_submission *submission = NULL;
	struct api_answer a = {0};
	struct api_request request = {
		.http = r->http,
		.peer_address = r->peer_address,
		.is_tls = r->is_tls,
		.engine = s->engine,
		.record = s->record,
		.now_ms = utc_ms(),
		.monotonic_ms = clock_now_ms(),
	};
	struct err *err;

	atomic_fetch_add(&s->requests, 1);
	if (r->too_large) {
		atomic_fetch_add(&s->too_large, 1);
		err = api_refuse(API_REFUSE_MALFORMED, r->too_large, &a);
	} else {
		request.config = server_config(s);
		err = api_handle(s->api, &request, &a, &submission);
	}
	if (err)
		send_failure(s, x, err);
	else if (submission)
		submit(s, x, submission);
	else
		send_answer(x, &a);
	if (request.config)
		config_unref(request.config);
}

static must_check struct err *start_listeners(struct server *s)
{
	const struct listener_options api = {
		.where = &s->config->api,
		.connections = s->config->limits.connections,
		.threads = API_THREADS,
		.idle_s = IDLE_S,
		.handle = handle,
		.ctx = s,
	};
	const struct listener_options metrics = {
		.where = &s->config->metrics,
		.connections = METRICS_CONNECTIONS,
		.threads = 1,
		.idle_s = IDLE_S,
		.handle = server_handle_metrics,
		.ctx = s,
	};
	const struct listener_options pages = {
		.where = &s->config->pages,
		.connections = METRICS_CONNECTIONS,
		.threads = 1,
		.idle_s = IDLE_S,
		.handle = server_handle_pages,
		.ctx = s,
	};
	struct err *err = NULL;

	if (!api.where->address)
		return err_new(ERR_BAD_DATA, "no address for the API is configured");
	err = err_wrap(listener_start(&api, &s->api_listener), "API");
	if (!err && metrics.where->address)
		err = err_wrap(listener_start(&metrics, &s->metrics_listener), "metrics");
	if (!err && pages.where->address)
		err = err_wrap(listener_start(&pages, &s->pages_listener), "pages");
	return err;
}

must_check struct err *server_start(const struct config *config, server_log_fn *log,
				    void *ctx, struct server **ret)
{
	cleanup(server_stopp) struct server *s = calloc(1, sizeof(*s));
	struct err *err;

	if (!s)
		return err_nomem();
	pthread_mutex_init(&s->lock, NULL);
	s->log = log;
	s->ctx = ctx;
	s->config = config_ref(config);
	err = api_new(config, &s->api);
	if (!err)
		err = engine_start(config, &s->engine);
	if (!err)
		err = audit_queue_new(engine_audit(s->engine), &audit_queue_rules, log, ctx,
				      &s->record);
	if (!err)
		err = start_listeners(s);
	if (err)
		return err;
	*ret = steal(s);
	return NULL;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && str_eq(a, b));
}

static bool same_listener(const struct config_listener *a, const struct config_listener *b)
{
	return same_text(a->address, b->address) && a->port == b->port &&
	       same_text(a->certificate, b->certificate) && same_text(a->key, b->key);
}

static void tell_what_stays(struct server *s, const struct config *to)
{
	const struct config *from = s->config;
	const struct {
		bool is_same;
		const char *what;
	} table[] = {
		{same_listener(&from->api, &to->api), "the API's listener"},
		{same_listener(&from->metrics, &to->metrics), "the metrics' listener"},
		{same_listener(&from->pages, &to->pages), "the pages' listener"},
		{same_text(from->state_dir, to->state_dir), "the state directory"},
		{same_text(from->audit_file, to->audit_file), "the audit log"},
		{from->limits.connections == to->limits.connections,
		 "the number of connections"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct buf b = BUF_INIT;

		if (table[i].is_same)
			continue;
		buf_printf(&b, "%s changes with the next start of inquestd only",
			   table[i].what);
		s->log(s->ctx, buf_text(&b));
		buf_deinit(&b);
	}
}

must_check struct err *server_reconfigure(struct server *s, const struct config *config)
{
	const struct config *old;
	struct err *err = api_reconfigure(s->api, config);

	if (err)
		return err;
	tell_what_stays(s, config);
	engine_reconfigure(s->engine, config);
	pthread_mutex_lock(&s->lock);
	old = s->config;
	s->config = config_ref(config);
	pthread_mutex_unlock(&s->lock);
	config_unref(old);
	atomic_fetch_add(&s->reloads, 1);
	return NULL;
}

/* Those whom the engine owes an answer get it: it answers everybody when it stops, and
 * those before it within its deadline. */
static void drain(struct server *s)
{
	u64 until = clock_now_ms() + DRAIN_MS;

	while (atomic_load(&s->in_flight) && clock_now_ms() < until)
		clock_sleep_ms(10);
}

void server_stop(struct server *s)
{
	if (!s)
		return;
	if (s->api_listener)
		listener_quiesce(s->api_listener);
	drain(s);
	listener_stop(s->metrics_listener);
	listener_stop(s->pages_listener);
	if (s->engine)
		engine_quiesce(s->engine);
	drain(s);
	/* Until here connections that are open bring requests. */
	listener_stop(s->api_listener);
	audit_queue_free(s->record);
	engine_stop(s->engine);
	api_free(s->api);
	config_unref(s->config);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

u16 server_api_port(const struct server *s)
{
	return listener_port(s->api_listener);
}

u16 server_pages_port(const struct server *s)
{
	return s->pages_listener ? listener_port(s->pages_listener) : 0;
}

u16 server_metrics_port(const struct server *s)
{
	return s->metrics_listener ? listener_port(s->metrics_listener) : 0;
}

struct engine *server_engine(struct server *s)
{
	return s->engine;
}
