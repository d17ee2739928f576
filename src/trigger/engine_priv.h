/*
 * What the engine's files share.
 *
 *   engine.c          start, stop, status, counters
 *   engine_request.c  a request: copied, answered once, its deadline
 *   engine_store.c    the store's thread: group commit, audit lines, what comes of it
 *   flight.c          a capture's thread: inject, tell, then
 *   flight_follow.c   follow it, fall back, tell of the end
 *   engine_json.c     captures as JSON
 *
 * `lock` guards all members of the engine and the phase of each request. The store is
 * touched by its thread alone; others go through engine_store_call().
 */
#ifndef TRIGGER_ENGINE_PRIV_H
#define TRIGGER_ENGINE_PRIV_H

#include "backend/backend.h"
#include "trigger/engine.h"
#include "trigger/lookout.h"

#include <pthread.h>

/* How long a backend may take once the intent is written; the client has its answer. */
#define ENGINE_INJECT_MS 15000u

/* A request on its way, from submit to answer and, as the intent, to the store. */
struct request {
	struct request *next;	      /* in the store's queue */
	struct request *next_pending; /* among those without an answer */
	const struct config *config;
	const struct config_instance *instance;
	struct audit_event audit; /* its strings are ours */
	struct capture wish;	  /* likewise */
	engine_answer_fn *fn;
	void *ctx;
	u64 deadline_ms;
	bool is_answered;
	bool may_be_sent;    /* from now on "nothing was sent" is no answer any more */
	bool is_too_late;    /* that is the answer that is being given: send nothing */
	unsigned references; /* of the store's queue or a flight, and of the pending list */

	/* Of the store's thread. */
	enum store_verdict verdict;
	struct capture found;
	struct audit_ticket ticket;
	struct err *err;
};

/* Something that the store's thread does for another one, which waits. */
struct store_call {
	struct store_call *next;
	struct err *(*run)(struct store *s, void *ctx);
	void *ctx;
	struct err *err;
	bool is_done, is_write;
};

/* What is known of an instance without asking the store. */
struct instance_status {
	char *instance_id;
	struct engine_status status;
};

struct flight {
	struct flight *next;
	struct engine *engine;
	pthread_t thread;
	const struct config *config;
	const struct config_instance *instance; /* NULL: no more configured */
	struct request *request;		/* NULL: goes on after a restart */
	struct capture capture;
	volatile sig_atomic_t
		cancel; /* follow it no more: another one took its place, or */
	volatile sig_atomic_t is_stopping; /* we stop */
	bool is_done;			   /* the thread may be joined */

	/* Of its thread. */
	struct backend *backend;
	struct lookout eyes;
	bool is_lost; /* the store says that it is over: another one took its place */
	u64 signed_ms;
	struct err *err; /* of the store, on its way out of a callback */
};

/* Follow it no more. From any thread. */
static inline void flight_cancel(struct flight *f)
{
	__atomic_store_n(&f->cancel, 1, __ATOMIC_RELAXED);
}
/* We stop: hooks too are left for the next start. */
static inline void flight_stop(struct flight *f)
{
	__atomic_store_n(&f->is_stopping, 1, __ATOMIC_RELAXED);
	flight_cancel(f);
}
static inline bool flight_is_cancelled(const struct flight *f)
{
	return __atomic_load_n(&f->cancel, __ATOMIC_RELAXED);
}
static inline bool flight_is_stopping(const struct flight *f)
{
	return __atomic_load_n(&f->is_stopping, __ATOMIC_RELAXED);
}

struct engine {
	pthread_mutex_t lock;
	pthread_cond_t work;   /* for the store's thread */
	pthread_cond_t called; /* a call is done */
	pthread_cond_t pending_changed;
	pthread_t store_thread, deadline_thread;
	bool has_store_thread, has_deadline_thread;
	bool is_stopping; /* nothing new comes in */
	bool is_closing;  /* the store's thread may end */
	bool is_curl_up;
	const struct config *config;
	struct store *store;
	struct audit *audit;
	struct request *requests, **requests_end; /* for the store */
	struct store_call *calls, **calls_end;	  /* likewise */
	struct request *pending;
	struct flight *flights;
	struct instance_status *statuses; /* in the order of their ids */
	size_t num_statuses, statuses_capacity;
	struct engine_counters counters;
};

/* engine_request.c */
must_check struct err *request_new(const struct engine_request *r, engine_answer_fn *fn,
				   void *ctx, struct request **ret);
void request_unref(struct engine *e, struct request *r);
/* Answer, unless that was done. The lock is not held. */
void request_answer(struct engine *e, struct request *r, enum engine_outcome outcome,
		    const char *capture_id, const char *sentence);
/* From now on an interrupt may leave us. False: the client was told that none did. */
bool request_may_send(struct engine *e, struct request *r);
void *request_deadlines(void *engine);

/* engine_store.c */
must_check struct err *engine_store_call(struct engine *e,
					 struct err *(*run)(struct store *s, void *ctx),
					 void *ctx, bool is_write);
void *engine_store_loop(void *engine);

/* engine.c: the lock is not held. */
void engine_note_status(struct engine *e, const char *instance_id, const char *capture_id,
			enum capture_state state, s64 changed_ms);

/* flight.c. @r is handed over; NULL for a capture that goes on after a restart. */
must_check struct err *flight_start(struct engine *e, const struct config *config,
				    const struct config_instance *instance,
				    struct request *r, const struct capture *c);
void flight_free(struct flight *f);
CLEANUP_FREEP(flight)
/* Write a step, as long as it takes if it is the last one. */
void flight_step(struct flight *f, enum capture_state state, const char *text);

/* flight_follow.c */
void flight_open_eyes(struct flight *f);
void flight_follow(struct flight *f);
void flight_tell_end(struct flight *f);

/* engine_json.c: for engine_store_call(), with a struct engine_capture. The caller decrefs
 * its json, which is NULL after an error. */
struct engine_capture {
	const char *id;
	json_t *json;
	bool is_over, is_told;
};

struct err *engine_read_capture(struct store *s, void *ctx);

#endif
