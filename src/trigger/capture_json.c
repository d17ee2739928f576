#include "trigger/capture_json.h"

#include "base/str.h"

#include <string.h>
#include <time.h>

static json_t *text_json(const char *s)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	if (!s)
		return json_null();
	str_escape(&b, s, strlen(s), false);
	return b.failed ? NULL : json_string(buf_text(&b));
}

json_t *capture_time_json(s64 ms)
{
	char text[64];
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	size_t len;

	if (ms <= 0 || !gmtime_r(&seconds, &tm))
		return json_null();
	len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, sizeof(text) - len, ".%03dZ", (int)(ms % 1000));
	return json_string(text);
}

/* A member that could not be made is missing then, and the whole is not handed out. */
static bool set(json_t *to, const char *key, json_t *value)
{
	return json_object_set_new(to, key, value) == 0;
}

static json_t *members_of(const struct capture *c)
{
	json_t *j = json_object();

	if (j && set(j, "id", text_json(c->id)) &&
	    set(j, "instance", text_json(c->instance_id)) &&
	    set(j, "account", text_json(c->account)) &&
	    set(j, "region", text_json(c->region)) &&
	    set(j, "principal", text_json(c->principal_arn)) &&
	    set(j, "request_id", text_json(c->request_id)) &&
	    set(j, "state", text_json(capture_state_name(c->state))) &&
	    set(j, "is_over", json_boolean(capture_state_is_terminal(c->state))) &&
	    set(j, "reason", text_json(c->reason)) &&
	    set(j, "dump", text_json(c->dump_path)) &&
	    set(j, "requested", capture_time_json(c->requested_ms)) &&
	    set(j, "injected", capture_time_json(c->injected_ms)) &&
	    set(j, "changed", capture_time_json(c->changed_ms)) &&
	    set(j, "absorbed", json_integer((json_int_t)c->absorbed)) &&
	    set(j, "is_forced", json_boolean(c->is_forced)))
		return j;
	json_decref(j);
	return NULL;
}

static json_t *step_json(const struct capture_step *s)
{
	json_t *j = json_object();

	if (j && set(j, "time", capture_time_json(s->time_ms)) &&
	    set(j, "state", text_json(capture_state_name(s->state))) &&
	    set(j, "text", text_json(s->text)))
		return j;
	json_decref(j);
	return NULL;
}

static bool set_schema(json_t *to, const char *name)
{
	return set(to, "schema", json_string(name)) && set(to, "version", json_integer(1));
}

static void json_decref_at(json_t **j)
{
	json_decref(*j);
}

struct err *capture_to_json(const struct capture *c, const struct capture_step *steps,
			    size_t num_steps, json_t **ret)
{
	cleanup(json_decref_at) json_t *j = members_of(c);
	json_t *timeline = json_array();

	if (!j || !set_schema(j, "inquest.interrupt") || !set(j, "timeline", timeline))
		return err_nomem();
	for (size_t i = 0; i < num_steps; i++)
		if (json_array_append_new(timeline, step_json(&steps[i])))
			return err_nomem();
	*ret = steal(j);
	return NULL;
}

struct err *captures_to_json(const struct capture *captures, size_t len, json_t **ret)
{
	cleanup(json_decref_at) json_t *j = json_object();
	json_t *list = json_array();

	if (!j || !set_schema(j, "inquest.interrupts") || !set(j, "captures", list))
		return err_nomem();
	for (size_t i = 0; i < len; i++)
		if (json_array_append_new(list, members_of(&captures[i])))
			return err_nomem();
	*ret = steal(j);
	return NULL;
}
