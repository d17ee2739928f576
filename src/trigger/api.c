#include "trigger/api.h"

#include "base/str.h"
#include "trigger/api_priv.h"

#include <string.h>
#include <strings.h>

#define NUM_BUCKETS 16384u

must_check struct err *api_new(const struct config *config, struct api **ret)
{
	cleanup(api_freep) struct api *a = calloc(1, sizeof(*a));
	struct err *err;

	if (!a)
		return err_nomem();
	err = replay_new(config->limits.replays, &a->replay);
	if (!err)
		err = buckets_new(NUM_BUCKETS, &a->by_principal);
	if (!err)
		err = buckets_new(NUM_BUCKETS, &a->by_address);
	if (err)
		return err;
	*ret = steal(a);
	return NULL;
}

void api_free(struct api *a)
{
	if (!a)
		return;
	replay_free(a->replay);
	buckets_free(a->by_principal);
	buckets_free(a->by_address);
	free(a);
}

must_check struct err *api_reconfigure(struct api *a, const struct config *config)
{
	return replay_resize(a->replay, config->limits.replays);
}

void api_read_counters(struct api *a, u64 ret[API_NUM_CODES])
{
	for (size_t i = 0; i < API_NUM_CODES; i++)
		ret[i] = atomic_load(&a->counters[i]);
}

size_t api_count_replays(struct api *a)
{
	return replay_count(a->replay);
}

void api_answer_deinit(struct api_answer *a)
{
	buf_deinit(&a->body);
}

bool api_is_common_parameter(const char *name)
{
	static const char *const names[] = {
		"Action",
		"Version",
		"X-Amz-Algorithm",
		"X-Amz-Credential",
		"X-Amz-Date",
		"X-Amz-Expires",
		"X-Amz-Signature",
		"X-Amz-SignedHeaders",
		"X-Amz-Security-Token",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

enum api_code api_read_bool(struct call *c, const char *name, bool otherwise, bool *ret)
{
	const char *value = aws_query_find(&c->query, name);

	*ret = value ? str_eq(value, "true") : otherwise;
	if (!value || *ret || str_eq(value, "false"))
		return API_OK;
	return api_say(c, API_INVALID_VALUE,
		       "Value (%s) for parameter %s is invalid: it must be true or false.",
		       value, name);
}

bool api_is_instance_id(const char *id)
{
	size_t len = strlen(id);

	return (len == 10 || len == CONFIG_INSTANCE_ID_MAX) && str_has_prefix(id, "i-") &&
	       strspn(id + 2, "0123456789abcdef") == len - 2;
}

/* The body's own type, where one is given, must be the one that we read. */
static bool is_form(const struct sigv4_request *http)
{
	static const char form[] = "application/x-www-form-urlencoded";

	for (size_t i = 0; i < http->num_headers; i++) {
		const char *value = http->headers[i].value;

		if (strcasecmp(http->headers[i].name, "content-type") != 0)
			continue;
		if (strncasecmp(value, form, strlen(form)) != 0 ||
		    !strchr("; \t", value[strlen(form)]))
			return false;
	}
	return true;
}

static enum api_code read_parameters(struct call *c)
{
	const struct sigv4_request *http = &c->r->http;
	struct err *err = NULL;
	enum api_code code;

	if (!str_eq(http->method, "POST") && !str_eq(http->method, "GET"))
		return api_say(c, API_MALFORMED_QUERY, "The method must be POST or GET.");
	if (http->body_len && (str_eq(http->method, "GET") || !is_form(http)))
		return api_say(c, API_MALFORMED_QUERY,
			       "A body must be of POST and of the type "
			       "application/x-www-form-urlencoded.");
	if (http->query)
		err = aws_query_parse(&c->query, http->query, strlen(http->query),
				      PERCENT_PLUS_IS_PLUS);
	if (!err && http->body_len)
		err = aws_query_parse(&c->query, http->body, http->body_len,
				      PERCENT_PLUS_IS_SPACE);
	if (!err)
		return API_OK;
	if (err_code(err) != ERR_BAD_DATA) {
		c->err = err;
		return API_INTERNAL;
	}
	code = api_say(c, API_MALFORMED_QUERY, "The query string is malformed: %s.",
		       err_message(err));
	err_free(err);
	return code;
}

/* "2016-11-15" or later. */
static bool is_version(const char *s)
{
	static const char shape[] = "0000-00-00";

	if (strlen(s) != strlen(shape))
		return false;
	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == '0' ? s[i] < '0' || s[i] > '9' : s[i] != shape[i])
			return false;
	return strcmp(s, "2016-11-15") >= 0;
}

static const struct action {
	const char *name;
	enum api_code (*act)(struct call *c);
} actions[] = {
	{"SendDiagnosticInterrupt", api_send_diagnostic_interrupt},
	{"DescribeInstances", api_describe_instances},
	{"DescribeInstanceStatus", api_describe_instance_status},
};

static const struct action *find_action(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (str_eq(actions[i].name, name))
			return &actions[i];
	return NULL;
}

const char *api_action_name(const char *name)
{
	const struct action *action = find_action(name);

	return action ? action->name : NULL;
}

static enum api_code act(struct call *c)
{
	const char *name = aws_query_find(&c->query, "Action");
	const char *version = aws_query_find(&c->query, "Version");
	const struct action *action = name ? find_action(name) : NULL;

	if (!action)
		return api_say(c, API_INVALID_ACTION,
			       "The action %s is not valid for this web service.",
			       name ? name : "");
	if (!version || !is_version(version))
		return api_say(
			c, API_NO_SUCH_VERSION,
			"The version %s is not one of this web service: 2016-11-15 is.",
			version ? version : "");
	return action->act(c);
}

/* Body, status and counter of what was said. */
static must_check struct err *fill_answer(struct api *a, enum api_code code,
					  const char *message, struct buf *xml,
					  const char *request_id, struct api_answer *answer)
{
	*answer = (struct api_answer){.status = api_error_status(code)};
	memcpy(answer->request_id, request_id, sizeof(answer->request_id));
	if (code == API_OK) {
		answer->body = *xml;
		*xml = BUF_INIT;
	} else {
		answer->code = api_error_name(code);
		xml_add_error(&answer->body, answer->code, message, request_id);
	}
	if (a)
		atomic_fetch_add(&a->counters[code], 1);
	if (!answer->body.failed)
		return NULL;
	api_answer_deinit(answer);
	return err_nomem();
}

/* What the engine says, in the words of EC2. */
static const struct {
	enum api_code code;
	const char *message;
} outcomes[] = {
	[ENGINE_ACCEPTED] = {API_OK},
	[ENGINE_DUPLICATE] = {API_OK},
	[ENGINE_BUSY] = {API_WRONG_STATE,
			 "The instance '%s' is not in a state from which it can be "
			 "interrupted: a capture is in progress."},
	[ENGINE_LIMIT] = {API_LIMIT, "Request limit exceeded: too many captures are in "
				     "progress."},
	[ENGINE_WRONG_STATE] = {API_WRONG_STATE,
				"The instance '%s' is not in a state from which it can "
				"be interrupted: it is not running."},
	[ENGINE_UNSUPPORTED] = {API_UNSUPPORTED, "The instance '%s' does not support "
						 "diagnostic interrupts."},
	[ENGINE_ABSENT] = {API_NOT_FOUND, "The instance ID '%s' does not exist: its host "
					  "does not know it."},
	[ENGINE_UNREACHABLE] = {API_UNAVAILABLE,
				"The host of instance '%s' cannot be reached. Nothing "
				"was sent to the instance."},
	[ENGINE_INTERNAL] = {API_INTERNAL, "An internal error has occurred. Nothing was "
					   "sent to the instance '%s'."},
};

static void call_deinit(struct call *c)
{
	aws_query_deinit(&c->query);
	sigv4_claim_deinit(&c->claim);
	buf_deinit(&c->message);
	buf_deinit(&c->xml);
	err_free(c->err);
	api_submission_free(c->submission);
}

must_check struct err *api_handle(struct api *a, const struct api_request *r,
				  struct api_answer *answer,
				  struct api_submission **submission)
{
	struct call c = {.api = a, .r = r, .config = r->config};
	struct err *err = uuid_make(c.request_id);
	enum api_code code;

	if (err)
		return err;
	*submission = NULL;
	api_find_source(&c);
	code = read_parameters(&c);
	if (code == API_OK)
		code = api_authenticate(&c);
	if (code == API_OK)
		code = act(&c);
	if (c.message.failed || code == API_INTERNAL) {
		atomic_fetch_add(&a->counters[API_INTERNAL], 1);
		err = c.err ? steal(c.err) : err_nomem();
	} else if (code == API_OK && c.submission && c.submission->has_ended) {
		enum engine_outcome ended = c.submission->ended;

		err = api_finish(c.submission, &(struct engine_answer){.outcome = ended},
				 answer);
		api_record(&c, outcomes[ended].code,
			   "Said again: it has the same signature as a request before.");
	} else if (code == API_OK && c.submission) {
		*submission = steal(c.submission);
	} else {
		err = fill_answer(a, code, buf_text(&c.message), &c.xml, c.request_id,
				  answer);
		if (code != API_OK)
			api_record(&c, code, buf_text(&c.message));
	}
	call_deinit(&c);
	return err;
}

must_check struct err *api_finish(struct api_submission *s,
				  const struct engine_answer *said,
				  struct api_answer *answer)
{
	struct buf message = BUF_INIT, xml = BUF_INIT;
	const char *text = outcomes[said->outcome].message, *mark;
	struct err *err;

	replay_end(s->api->replay, s->replay_hash, said->outcome);
	if (!text) {
		xml_begin_answer(&xml, "SendDiagnosticInterrupt", s->request_id);
		buf_add_str(&xml, "    <return>true</return>\n");
		xml_end_answer(&xml, "SendDiagnosticInterrupt");
	} else {
		mark = strstr(text, "%s");
		buf_add(&message, text, mark ? (size_t)(mark - text) : strlen(text));
		buf_add_str(&message, mark ? s->instance_id : "");
		buf_add_str(&message, mark ? mark + 2 : "");
	}
	err = buf_check(&message);
	if (!err)
		err = fill_answer(s->api, outcomes[said->outcome].code, buf_text(&message),
				  &xml, s->request_id, answer);
	if (!err && said->outcome == ENGINE_DUPLICATE && said->capture_id)
		snprintf(answer->duplicate_of, sizeof(answer->duplicate_of), "%s",
			 said->capture_id);
	buf_deinit(&message);
	buf_deinit(&xml);
	return err;
}

must_check struct err *api_refuse(enum api_refusal what, const char *message,
				  struct api_answer *answer)
{
	static const enum api_code codes[] = {
		[API_REFUSE_MALFORMED] = API_MALFORMED_QUERY,
		[API_REFUSE_INTERNAL] = API_INTERNAL,
		[API_REFUSE_BUSY] = API_LIMIT,
	};
	struct buf none = BUF_INIT;
	char request_id[UUID_TEXT_LEN + 1];
	struct err *err = uuid_make(request_id);

	if (err)
		return err;
	return fill_answer(NULL, codes[what], message, &none, request_id, answer);
}
