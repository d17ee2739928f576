/* Counters, in the text format that Prometheus reads ("Exposition formats", version 0.0.4).
 */
#include "trigger/server_priv.h"

#include "base/str.h"

#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

static void add_counter(struct buf *b, const char *name, const char *help, u64 value)
{
	buf_printf(b, "# HELP %s %s\n# TYPE %s counter\n%s %llu\n", name, help, name, name,
		   (unsigned long long)value);
}

static void add_gauge(struct buf *b, const char *name, const char *help, u64 value)
{
	buf_printf(b, "# HELP %s %s\n# TYPE %s gauge\n%s %llu\n", name, help, name, name,
		   (unsigned long long)value);
}

static void add_answers(struct buf *b, struct api *api)
{
	u64 counters[API_NUM_CODES];

	api_read_counters(api, counters);
	buf_add_str(b, "# HELP inquestd_answers_total Answers of the API, by EC2's code.\n"
		       "# TYPE inquestd_answers_total counter\n");
	for (size_t i = 0; api_code_name(i); i++)
		buf_printf(b, "inquestd_answers_total{code=\"%s\"} %llu\n",
			   api_code_name(i), (unsigned long long)counters[i]);
}

static void add_engine(struct buf *b, struct engine *engine)
{
	struct engine_counters c;

	engine_read_counters(engine, &c);
	add_counter(b, "inquestd_interrupts_submitted_total",
		    "Interrupts that were authorised.", c.submitted);
	add_counter(b, "inquestd_interrupts_injected_total",
		    "Interrupts that the backend said were done.", c.injected);
	add_counter(b, "inquestd_interrupts_duplicate_total",
		    "Repetitions that were absorbed.", c.duplicates);
	add_counter(b, "inquestd_interrupts_refused_total",
		    "Interrupts that were provably not sent.", c.refused);
	add_counter(b, "inquestd_interrupts_unknown_total",
		    "Interrupts whose outcome is not known.", c.unknown);
	add_gauge(b, "inquestd_captures_in_flight", "Captures that are not over.",
		  c.in_flight);
	buf_add_str(b,
		    "# HELP inquestd_captures_ended_total Captures that are over, by how.\n"
		    "# TYPE inquestd_captures_ended_total counter\n");
	for (size_t i = 0; i < CAPTURE_NUM_STATES; i++)
		if (capture_state_is_terminal((enum capture_state)i))
			buf_printf(b, "inquestd_captures_ended_total{state=\"%s\"} %llu\n",
				   capture_state_name((enum capture_state)i),
				   (unsigned long long)c.ended[i]);
}

static void add_audit(struct buf *b, struct audit_queue *record)
{
	struct audit_queue_counters c;

	audit_queue_read_counters(record, &c);
	add_counter(b, "inquestd_audit_refused_lines_total",
		    "Audit lines of requests that were refused or only tried.", c.written);
	buf_add_str(b,
		    "# HELP inquestd_audit_left_out_total Such lines that were left out, "
		    "by why.\n# TYPE inquestd_audit_left_out_total counter\n");
	for (size_t i = 0; i < AUDIT_NUM_REASONS; i++)
		buf_printf(b, "inquestd_audit_left_out_total{reason=\"%s\"} %llu\n",
			   audit_reason_name((enum audit_reason)i),
			   (unsigned long long)c.left[i]);
}

/* Where a token is configured, "Authorization: Bearer TOKEN" must be there. */
static bool is_let_in(const char *token, const struct listener_request *r)
{
	static const char bearer[] = "Bearer ";

	if (!token)
		return true;
	for (size_t i = 0; i < r->http.num_headers; i++) {
		const char *value = r->http.headers[i].value;

		if (strcasecmp(r->http.headers[i].name, "authorization") != 0 ||
		    !str_has_prefix(value, bearer))
			continue;
		value += strlen(bearer);
		return strlen(value) == strlen(token) &&
		       CRYPTO_memcmp(value, token, strlen(token)) == 0;
	}
	return false;
}

static void refuse(struct exchange *x, unsigned status, const char *text)
{
	struct buf b = BUF_INIT;
	const struct listener_header challenge = {"WWW-Authenticate",
						  status == 401 ? "Bearer" : NULL};

	buf_add_str(&b, text);
	exchange_answer(x, status, "text/plain; charset=utf-8", &challenge, 1, &b);
}

void server_handle_metrics(void *ctx, struct exchange *x, const struct listener_request *r)
{
	struct server *s = ctx;
	const struct config *config = server_config(s);
	bool good = is_let_in(config->metrics.token, r);
	size_t replays = config->limits.replays;
	struct buf b = BUF_INIT;

	config_unref(config);
	if (r->too_large) {
		refuse(x, 400, "The request is too large.\n");
		return;
	}
	if (!good) {
		refuse(x, 401, "A token is needed.\n");
		return;
	}
	if (!str_eq(r->http.path, "/metrics")) {
		refuse(x, 404, "There is only /metrics here.\n");
		return;
	}
	if (!str_eq(r->http.method, "GET")) {
		refuse(x, 405, "GET is the method.\n");
		return;
	}
	add_counter(&b, "inquestd_requests_total", "Requests that were read whole.",
		    atomic_load(&s->requests));
	add_counter(&b, "inquestd_requests_too_large_total",
		    "Requests beyond the bounds of header or body.",
		    atomic_load(&s->too_large));
	add_counter(&b, "inquestd_reloads_total", "Configurations taken after the first.",
		    atomic_load(&s->reloads));
	add_gauge(&b, "inquestd_connections", "Connections of the API that are open.",
		  listener_connections(s->api_listener));
	add_gauge(&b, "inquestd_replay_cache_entries", "Signatures that are remembered.",
		  api_count_replays(s->api));
	add_gauge(&b, "inquestd_replay_cache_capacity",
		  "Signatures that can be remembered.", replays);
	add_answers(&b, s->api);
	add_engine(&b, s->engine);
	add_audit(&b, s->record);
	exchange_answer(x, 200, "text/plain; version=0.0.4; charset=utf-8", NULL, 0, &b);
}
