/*
 * A capture, and a list of them, as JSON for the pages and for programs (docs/formats.md,
 * "inquest.interrupt"). Plain functions of what the store gave; they own nothing. Any
 * thread.
 */
#ifndef TRIGGER_CAPTURE_JSON_H
#define TRIGGER_CAPTURE_JSON_H

#include "trigger/store.h"

#include <jansson.h>

/* One capture with its timeline. No key, signature or invocation id is in it. Text is valid
 * UTF-8 without control characters whatever was in the store. The caller json_decref()s
 * *@ret. */
must_check struct err *capture_to_json(const struct capture *c,
				       const struct capture_step *steps, size_t num_steps,
				       json_t **ret);

/* Several, in their order, without timelines. */
must_check struct err *captures_to_json(const struct capture *captures, size_t len,
					json_t **ret);

/* "2026-11-21T16:20:00.123Z"; null for a time that has not come. NULL: no memory. */
json_t *capture_time_json(s64 ms);

#endif
