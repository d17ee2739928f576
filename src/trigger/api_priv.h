/*
 * A call on its way through the API: what is known of it so far.
 *
 * Each step looks at one row of the table of errors, and says API_OK or which row it is. A
 * call belongs to one thread; all it points to outlives it.
 */
#ifndef TRIGGER_API_PRIV_H
#define TRIGGER_API_PRIV_H

#include "format/aws_query.h"
#include "trigger/answer_xml.h"
#include "trigger/api.h"
#include "trigger/bucket.h"
#include "trigger/replay.h"

#include <stdatomic.h>

/* Tags that tell of an instance's capture. */
#define API_TAG_STATE "inquest:capture-state"
#define API_TAG_ID    "inquest:capture-id"

/* In the order of the table. */
enum api_code {
	API_OK,
	API_MALFORMED_QUERY,
	API_MISSING_TOKEN,
	API_INCOMPLETE_SIGNATURE,
	API_AUTH_FAILURE,
	API_EXPIRED,
	API_INVALID_ACTION,
	API_NO_SUCH_VERSION,
	API_MISSING_PARAMETER,
	API_UNKNOWN_PARAMETER,
	API_INVALID_VALUE,
	API_INVALID_COMBINATION,
	API_MALFORMED_ID,
	API_LIMIT,
	API_UNAUTHORIZED,
	API_DRY_RUN,
	API_NOT_FOUND,
	API_WRONG_STATE,
	API_UNSUPPORTED,
	API_UNAVAILABLE,
	API_INTERNAL,
	API_CODES_END,
};

struct api {
	struct replay *replay;
	struct buckets *by_principal, *by_address;
	_Atomic u64 counters[API_NUM_CODES];
};

struct call {
	struct api *api;
	const struct api_request *r;
	const struct config *config;
	struct aws_query query;
	struct sigv4_claim claim;
	const struct config_key *key;
	const struct config_principal *principal;
	char source_ip[64];
	char source[64]; /* whose bucket: that address, or the net that one customer has */
	char request_id[UUID_TEXT_LEN + 1];
	struct buf message; /* of the code that a step says */
	struct buf xml;	    /* of success */
	struct iam_decision decision, force_decision;
	bool has_force_decision;
	struct api_submission *submission;
	struct err *err; /* with API_INTERNAL: why, NULL: want of memory */
};

/* Say @code with a sentence. Returns @code. */
enum api_code api_say(struct call *c, enum api_code code, const char *fmt, ...)
	printf_like(3, 4);

/* EC2's name and HTTP's status. */
const char *api_error_name(enum api_code code);
unsigned api_error_status(enum api_code code);

/* api_authenticate.c: from where; sets source_ip and source. */
void api_find_source(struct call *c);

/* Rows up to the time of the request; sets key and principal. */
enum api_code api_authenticate(struct call *c);

/* api_context.c: may the principal of @c do @action to @resource? @instance: with its tags,
 * NULL without. API_UNAUTHORIZED or API_OK. */
enum api_code api_authorise(struct call *c, const char *action, const char *resource,
			    const struct config_instance *instance,
			    struct iam_decision *ret);

/* api_record.c: the line of a request that does not come to the engine. */
void api_record(struct call *c, enum api_code code, const char *message);
/* Who asks from where, all of it borrowed from @c. */
void api_fill_event(const struct call *c, struct audit_event *e);
/* "POLICY/SID", or the number of a statement that has none; the caller frees it. False
 * without memory, *@ret then NULL. */
bool api_name_statement(const struct iam_decision *d, char **ret);
/* The first header of that name, NULL if there is none. */
const char *api_find_header(const struct call *c, const char *name);

/* api.c: @name if it is one of our actions, as a constant; else NULL. */
const char *api_action_name(const char *name);

/* Parameters that every action has besides its own: true if @name is one of those. */
bool api_is_common_parameter(const char *name);

/* "true" or "false" of a parameter, @otherwise if it is not there. */
enum api_code api_read_bool(struct call *c, const char *name, bool otherwise, bool *ret);

bool api_is_instance_id(const char *id);

/* The actions. */
enum api_code api_send_diagnostic_interrupt(struct call *c);
enum api_code api_describe_instances(struct call *c);
enum api_code api_describe_instance_status(struct call *c);

/* Filters of the two Describe actions. */
struct api_selection {
	const struct config_instance **instances; /* in the order of their ids */
	size_t num;
	const char *next; /* id of the last one, if there are more: NextToken */
};

void api_selection_deinit(struct api_selection *s);
/* All rows of @action, "DescribeInstances", up to the instances that it is about. */
enum api_code api_select(struct call *c, const char *action, bool only_running,
			 struct api_selection *ret);

/* What an instance is like just now. */
struct api_condition {
	unsigned code;	   /* of the instance's state */
	const char *state; /* "running" */
	bool has_capture;
	struct engine_status capture;
	const char *health; /* "ok", "impaired" … */
};

void api_read_condition(const struct call *c, const struct config_instance *i,
			struct api_condition *ret);

#endif
