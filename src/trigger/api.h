/*
 * EC2's API, from a request that was read whole to an answer or to a submission.
 *
 * api_handle() does no I/O but for random numbers and never waits; any number of threads
 * may call it at once. What an interrupt comes to is asked of the engine by the caller,
 * with the submission that it got; the engine's answer then makes the XML. Order and
 * wording of errors are in api_error.c; docs/inquestd.md has the table.
 */
#ifndef TRIGGER_API_H
#define TRIGGER_API_H

#include "access/sigv4.h"
#include "base/uuid.h"
#include "trigger/audit_queue.h"
#include "trigger/engine.h"

struct api;

/* Of @config only the bounds of caches are read. */
must_check struct err *api_new(const struct config *config, struct api **ret);
void api_free(struct api *a);
CLEANUP_FREEP(api)

/* The bounds of caches of another configuration. */
must_check struct err *api_reconfigure(struct api *a, const struct config *config);

/* One request, and the world as it is now. All borrowed. */
struct api_request {
	struct sigv4_request http;
	const char *peer_address; /* without a port */
	bool is_tls;
	const struct config *config;
	struct engine *engine;
	struct audit_queue
		*record; /* of what is refused or only tried; NULL: not recorded */
	s64 now_ms;	 /* UTC */
	u64 monotonic_ms;
};

struct api_answer {
	unsigned status;  /* of HTTP */
	const char *code; /* of EC2, "RequestLimitExceeded"; NULL for success */
	struct buf body;  /* XML */
	char request_id[UUID_TEXT_LEN + 1];
	char duplicate_of[CAPTURE_ID_LEN + 1]; /* "": none */
};

void api_answer_deinit(struct api_answer *a);

/* An interrupt that is authorised: what is to be handed to the engine. Holds a reference of
 * the configuration; strings of `engine` that are of the request are the caller's. */
struct api_submission {
	struct engine_request engine;
	const struct config *config;
	struct api *api;
	char request_id[UUID_TEXT_LEN + 1];
	char replay_hash[65];
	char *instance_id, *source_ip, *user_agent;
	char *statements[3]; /* that allowed it, NULL-terminated */
	bool has_ended;	     /* a replay: not for the engine, `ended` is its answer */
	enum engine_outcome ended;
};

void api_submission_free(struct api_submission *s);
CLEANUP_FREEP(api_submission)

/* Either *@answer is filled, to be deinited by the caller, or *@submission is not NULL and
 * is the caller's. ERR_NOMEM and ERR_OS: neither, provably nothing was done. */
must_check struct err *api_handle(struct api *a, const struct api_request *r,
				  struct api_answer *answer,
				  struct api_submission **submission);

/* What the engine said, as an answer. Any thread, once for each submission. */
must_check struct err *api_finish(struct api_submission *s,
				  const struct engine_answer *said,
				  struct api_answer *answer);

/* The answer of a server that cannot even read a request: "MalformedQueryString" 400, or
 * "InternalError" 500. */
enum api_refusal { API_REFUSE_MALFORMED, API_REFUSE_INTERNAL, API_REFUSE_BUSY };
must_check struct err *api_refuse(enum api_refusal what, const char *message,
				  struct api_answer *answer);

/* Counters, for metrics: answers by EC2's code, in the order of api_code_name(). */
#define API_NUM_CODES 24u
const char *api_code_name(size_t i); /* "Success" first; NULL beyond the last */
void api_read_counters(struct api *a, u64 ret[API_NUM_CODES]);
size_t api_count_replays(struct api *a);

#endif
