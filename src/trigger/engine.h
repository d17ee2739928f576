/*
 * The engine: takes an interrupt that is authorised and sees it through, exactly once.
 *
 *   submit -> intent (store, synced) -> audit (synced) -> backend -> answer
 *                                                          `-> follow.h until it is over
 *
 * Its threads: one for the store, one that keeps the deadlines of answers, one per capture
 * in flight (it owns the backend), bounded by the limit on captures in flight. Handlers of
 * requests never wait: the answer comes through a callback, exactly once, ENGINE_ANSWER_MS
 * after the submission at the latest. What comes together shares the fsyncs. When it is
 * started, captures that were not over are followed again; one whose outcome is not known
 * is never injected again.
 */
#ifndef TRIGGER_ENGINE_H
#define TRIGGER_ENGINE_H

#include "trigger/audit.h"
#include "trigger/config.h"
#include "trigger/store.h"

#define ENGINE_ANSWER_MS 1800u

struct engine;

/* Open the store and the audit log that @config names, and follow on. */
must_check struct err *engine_start(const struct config *config, struct engine **ret);
/* Let no more in, tell those who wait, stop following (it goes on after the next start).
 * What is submitted after it is answered ENGINE_INTERNAL; all else can still be asked but
 * for the store. */
void engine_quiesce(struct engine *e);
/* The same, and free it: nobody may use it any more. */
void engine_stop(struct engine *e);
static inline void engine_stopp(struct engine **e)
{
	engine_stop(*e);
}

/* For the lines of requests that never come here: refused or dry run (audit_queue.h). The
 * engine writes those of what is submitted, whatever becomes of it. */
struct audit *engine_audit(const struct engine *e);

/* Another configuration from now on; captures in flight keep theirs. */
void engine_reconfigure(struct engine *e, const struct config *config);

/* Who asks for what. Copied. */
struct engine_request {
	const struct config_instance *instance;
	const struct config *config; /* that the instance is of; a reference is taken */
	/* With all that is known of the caller; the account, region, principal_arn,
	 * access_key and request_id of the capture are those in here. */
	struct audit_event audit;
	const char *invocation_id; /* NULL if none */
	const char *signature_hash;
	bool is_forced;
};

enum engine_outcome {
	ENGINE_ACCEPTED,    /* injected, or outcome unknown: 200 */
	ENGINE_DUPLICATE,   /* absorbed: 200, with the capture it repeats */
	ENGINE_BUSY,	    /* IncorrectInstanceState: a capture is in progress */
	ENGINE_LIMIT,	    /* RequestLimitExceeded: too many in flight */
	ENGINE_WRONG_STATE, /* IncorrectInstanceState: not running */
	ENGINE_UNSUPPORTED, /* UnsupportedOperation */
	ENGINE_ABSENT, /* InvalidInstanceID.NotFound: the backend has no such machine */
	ENGINE_UNREACHABLE, /* Unavailable: provably nothing was sent */
	ENGINE_INTERNAL,    /* InternalError: provably nothing was sent (store, audit) */
};

struct engine_answer {
	enum engine_outcome outcome;
	const char *capture_id; /* NULL where none was begun */
	const char *sentence;	/* for a person, NULL where there is nothing to say */
};

typedef void engine_answer_fn(void *ctx, const struct engine_answer *answer);

/* Returns at once; @fn is called from a thread of the engine, or from here if it is
 * stopping or out of memory. */
void engine_submit(struct engine *e, const struct engine_request *r, engine_answer_fn *fn,
		   void *ctx);

/* The newest capture of an instance as far as the engine knows, for DescribeInstances and
 * DescribeInstanceStatus. Any thread, no I/O. False if there never was one. */
struct engine_status {
	enum capture_state state;
	char capture_id[CAPTURE_ID_LEN + 1];
	s64 changed_ms;
};
bool engine_find_status(struct engine *e, const char *instance_id,
			struct engine_status *ret);

/* Captures and their timelines as JSON (docs/formats.md), for the pages. Any thread; waits
 * for the store. */
must_check struct err *engine_list_json(struct engine *e, const char *instance_id,
					size_t max, json_t **ret);
must_check struct err *engine_capture_json(struct engine *e, const char *capture_id,
					   json_t **ret);

/* Counters, for metrics. */
struct engine_counters {
	u64 submitted, injected, duplicates, refused, unknown;
	u64 ended[CAPTURE_NUM_STATES];
	u32 in_flight;
};
void engine_read_counters(struct engine *e, struct engine_counters *ret);

#endif
