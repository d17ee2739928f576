#include "trigger/audit_priv.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "base/uuid.h"

must_check struct err *audit_hash(const void *data, size_t len,
				  char ret[AUDIT_HASH_LEN + 1])
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (!EVP_Digest(data, len, hash, &size, EVP_sha256(), NULL) ||
	    size * 2 != AUDIT_HASH_LEN)
		return err_nomem();
	for (unsigned i = 0; i < size; i++)
		snprintf(ret + 2 * i, 3, "%02x", hash[i]);
	return NULL;
}

/* A string of the caller's: escaped, and cut if it is very long. NULL stays out. False if
 * there is no memory. */
static bool set_text(json_t *object, const char *key, const char *text)
{
	cleanup(buf_deinit) struct buf escaped = BUF_INIT;

	if (!text)
		return true;
	str_escape(&escaped, text, strnlen(text, AUDIT_STRING_MAX), false);
	return !escaped.failed &&
	       json_object_set_new(object, key, json_string(buf_text(&escaped))) == 0;
}

static bool set_json(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

static void decrefp(json_t **j)
{
	json_decref(*j);
}

static json_t *identity_json(const struct audit_event *e)
{
	cleanup(decrefp) json_t *j = json_object();

	if (!set_text(j, "type", e->principal_type ? e->principal_type : "Unknown") ||
	    !set_text(j, "principalId", e->principal_id) ||
	    !set_text(j, "arn", e->principal_arn) ||
	    !set_text(j, "accountId", e->principal_account) ||
	    !set_text(j, "accessKeyId", e->access_key) ||
	    !set_text(j, "userName", e->principal_name))
		return NULL;
	return steal(j);
}

static json_t *additional_json(const struct audit_event *e)
{
	cleanup(decrefp) json_t *j = json_object(), *statements = NULL;

	if (!set_text(j, "captureId", e->capture_id) ||
	    !set_text(j, "duplicateOf", e->duplicate_of) ||
	    (e->duplicate_of && !set_text(j, "dedupe", "duplicate-absorbed")))
		return NULL;
	if (!e->statements)
		return steal(j);
	statements = json_array();
	for (size_t i = 0; e->statements[i] && i < AUDIT_STATEMENTS_MAX; i++) {
		cleanup(buf_deinit) struct buf escaped = BUF_INIT;

		str_escape(&escaped, e->statements[i],
			   strnlen(e->statements[i], AUDIT_STRING_MAX), false);
		if (escaped.failed ||
		    json_array_append_new(statements, json_string(buf_text(&escaped))))
			return NULL;
	}
	return set_json(j, "policyStatements", json_incref(statements)) ? steal(j) : NULL;
}

static json_t *parameters_json(const struct audit_event *e)
{
	cleanup(decrefp) json_t *j = json_object();

	if (!set_text(j, "instanceId", e->instance_id) ||
	    (e->is_dry_run && !set_json(j, "dryRun", json_true())))
		return NULL;
	return steal(j);
}

static json_t *response_json(const struct audit_event *e)
{
	cleanup(decrefp) json_t *j = NULL;

	if (e->error_code || e->is_read_only)
		return json_null();
	j = json_object();
	if (!set_text(j, "requestId", e->request_id) ||
	    !set_json(j, "_return", json_true()))
		return NULL;
	return steal(j);
}

static bool set_time(json_t *j, const char *key, s64 time_ms)
{
	time_t seconds = (time_t)(time_ms / 1000);
	char text[32];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		text[0] = 0;
	return set_text(j, key, text);
}

/* Time and id, which each line has. */
static bool set_common(json_t *j, s64 time_ms)
{
	char id[UUID_TEXT_LEN + 1];
	struct err *err = uuid_make(id);

	if (err) {
		err_free(err);
		return false;
	}
	return set_text(j, "eventVersion", "1.10") && set_time(j, "eventTime", time_ms) &&
	       set_text(j, "eventID", id) && set_text(j, "eventCategory", "Management") &&
	       set_json(j, "managementEvent", json_true());
}

must_check struct err *audit_event_json(const struct audit_event *e, json_t **ret)
{
	cleanup(decrefp) json_t *j = json_object();

	if (!set_common(j, e->time_ms) || !set_json(j, "userIdentity", identity_json(e)) ||
	    !set_text(j, "eventSource", "ec2.amazonaws.com") ||
	    !set_text(j, "eventName", e->event_name) ||
	    !set_text(j, "awsRegion", e->region) ||
	    !set_text(j, "sourceIPAddress", e->source_ip) ||
	    !set_text(j, "userAgent", e->user_agent) ||
	    !set_text(j, "errorCode", e->error_code) ||
	    !set_text(j, "errorMessage", e->error_message) ||
	    !set_json(j, "requestParameters", parameters_json(e)) ||
	    !set_json(j, "responseElements", response_json(e)) ||
	    !set_text(j, "requestID", e->request_id) ||
	    !set_json(j, "readOnly", json_boolean(e->is_read_only)) ||
	    !set_text(j, "eventType", "AwsApiCall") ||
	    !set_text(j, "recipientAccountId", e->account) ||
	    !set_json(j, "additionalEventData", additional_json(e)))
		return err_nomem();
	*ret = steal(j);
	return NULL;
}

/* What lines have that tell of the log itself. */
static bool set_own(json_t *j, const char *event_name, s64 time_ms)
{
	return set_common(j, time_ms) && set_text(j, "eventSource", "inquestd") &&
	       set_text(j, "eventName", event_name) &&
	       set_text(j, "eventType", "AwsServiceEvent") &&
	       set_json(j, "readOnly", json_true());
}

must_check struct err *audit_cut_json(u64 cut_bytes, const char *after, s64 time_ms,
				      json_t **ret)
{
	cleanup(decrefp) json_t *j = json_object(), *additional = json_object();

	if (!set_own(j, AUDIT_CUT_EVENT, time_ms) ||
	    !set_json(additional, "cutBytes", json_integer((json_int_t)cut_bytes)) ||
	    !set_text(additional, "after", after) ||
	    !set_json(j, "additionalEventData", json_incref(additional)))
		return err_nomem();
	*ret = steal(j);
	return NULL;
}

static json_t *counts_json(const struct audit_left *counts, size_t num)
{
	cleanup(decrefp) json_t *j = json_object();

	if (!j)
		return NULL;
	for (size_t i = 0; i < num; i++)
		if (counts[i].count &&
		    !set_json(j, counts[i].code, json_integer((json_int_t)counts[i].count)))
			return NULL;
	return steal(j);
}

must_check struct err *audit_left_json(const struct audit_left *left, size_t num,
				       const struct audit_left *reasons, size_t num_reasons,
				       s64 since_ms, s64 time_ms, json_t **ret)
{
	cleanup(decrefp) json_t *j = json_object(), *additional = json_object();

	if (!set_own(j, AUDIT_LEFT_EVENT, time_ms) ||
	    !set_time(additional, "since", since_ms) ||
	    !set_json(additional, "leftOut", counts_json(left, num)) ||
	    !set_json(additional, "because", counts_json(reasons, num_reasons)) ||
	    !set_json(j, "additionalEventData", json_incref(additional)))
		return err_nomem();
	*ret = steal(j);
	return NULL;
}

static int add_to_buf(const char *data, size_t len, void *ctx)
{
	struct buf *b = ctx;

	buf_add(b, data, len);
	return b->failed ? -1 : 0;
}

must_check struct err *audit_format_line(json_t *event, u64 sequence, const char *previous,
					 struct buf *b)
{
	cleanup(decrefp) json_t *chain = json_object();
	json_t *additional = json_object_get(event, "additionalEventData");
	size_t before = b->len;

	if (!set_json(chain, "sequence", json_integer((json_int_t)sequence)) ||
	    !set_text(chain, "previous", previous) ||
	    !set_json(additional, "chain", json_incref(chain)) ||
	    json_dump_callback(event, add_to_buf, b, JSON_COMPACT))
		return err_nomem();
	buf_add_char(b, '\n');
	if (b->len - before > AUDIT_LINE_MAX)
		return err_new(ERR_BAD_DATA, "a line of the audit log would have %zu bytes",
			       b->len - before);
	return buf_check(b);
}

static bool get_hash(const json_t *object, const char *key, char ret[AUDIT_HASH_LEN + 1])
{
	const char *text = json_string_value(json_object_get(object, key));

	if (!text || strlen(text) != AUDIT_HASH_LEN ||
	    strspn(text, "0123456789abcdef") != AUDIT_HASH_LEN)
		return false;
	memcpy(ret, text, AUDIT_HASH_LEN + 1);
	return true;
}

bool audit_parse_line(const char *line, size_t len, struct audit_link *ret)
{
	cleanup(decrefp) json_t *j =
		len < AUDIT_LINE_MAX ? json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL)
				     : NULL;
	const json_t *additional = json_object_get(j, "additionalEventData");
	const json_t *chain = json_object_get(additional, "chain");
	const json_t *sequence = json_object_get(chain, "sequence");
	const char *name = json_string_value(json_object_get(j, "eventName"));

	*ret = (struct audit_link){0};
	if (!json_is_integer(sequence) || json_integer_value(sequence) <= 0 || !name ||
	    !get_hash(chain, "previous", ret->previous))
		return false;
	ret->sequence = (u64)json_integer_value(sequence);
	ret->is_cut = str_eq(name, AUDIT_CUT_EVENT);
	return !ret->is_cut || get_hash(additional, "after", ret->after);
}
