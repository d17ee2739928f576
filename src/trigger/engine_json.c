#include "trigger/capture_json.h"
#include "trigger/engine_priv.h"

/* Captures in one list. */
#define LIST_MAX 1000u

struct list_call {
	const char *instance_id;
	size_t max;
	json_t *json;
};

static struct err *run_list(struct store *s, void *ctx)
{
	struct list_call *c = ctx;
	struct capture *captures;
	size_t len;
	struct err *err = store_list(s, c->instance_id, STORE_ALL, c->max, &captures, &len);

	if (err)
		return err;
	err = captures_to_json(captures, len, &c->json);
	captures_free(captures, len);
	return err;
}

must_check struct err *engine_list_json(struct engine *e, const char *instance_id,
					size_t max, json_t **ret)
{
	struct list_call call = {instance_id, min_u64(max, LIST_MAX), NULL};
	struct err *err = engine_store_call(e, run_list, &call, false);

	if (err)
		json_decref(call.json);
	else
		*ret = call.json;
	return err;
}

struct err *engine_read_capture(struct store *s, void *ctx)
{
	struct engine_capture *call = ctx;
	cleanup(capture_deinit) struct capture c = {0};
	struct capture_step *steps;
	size_t num_steps;
	struct err *err = store_get(s, call->id, &c);

	if (!err)
		err = store_timeline(s, call->id, &steps, &num_steps);
	if (err)
		return err;
	call->is_over = capture_state_is_terminal(c.state);
	call->is_told = c.is_told;
	err = capture_to_json(&c, steps, num_steps, &call->json);
	capture_steps_free(steps, num_steps);
	return err;
}

must_check struct err *engine_capture_json(struct engine *e, const char *capture_id,
					   json_t **ret)
{
	struct engine_capture call = {.id = capture_id};
	struct err *err = engine_store_call(e, engine_read_capture, &call, false);

	if (err)
		json_decref(call.json);
	else
		*ret = call.json;
	return err;
}
