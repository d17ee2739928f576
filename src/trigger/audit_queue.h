/*
 * Lines of the audit log that nobody waits for: of requests that were refused or only
 * tried.
 *
 * Anybody can make such requests, as many as he likes, so the lines are bounded: those of
 * one source and error code, those of all sources whose signatures are good, those of all
 * others, and the queue itself. What is left out is counted by error code, in a line of its
 * own
 * ("AuditLinesLeftOut") soon after and in counters. A thread of its own writes and syncs;
 * any thread may add, which takes no I/O and does not wait for any.
 */
#ifndef TRIGGER_AUDIT_QUEUE_H
#define TRIGGER_AUDIT_QUEUE_H

#include "trigger/audit.h"

struct audit_queue;

struct audit_queue_rules {
	/* Lines of one source with one error code; then those of all sources together, each
	 * for the authenticated and for the others. */
	double source_tokens, source_refill_per_s;
	double all_tokens, all_refill_per_s;
	size_t capacity; /* lines that wait to be written */
	u32 pause_ms;	 /* between one sync and the next */
	u32 report_ms;	 /* from the first line that is left out until that is said */
};
extern const struct audit_queue_rules audit_queue_rules;

/* A sentence for the service's log, from any thread. */
typedef void audit_queue_log_fn(void *ctx, const char *sentence);

/* @a is borrowed and must outlive the queue. */
must_check struct err *audit_queue_new(struct audit *a,
				       const struct audit_queue_rules *rules,
				       audit_queue_log_fn *log, void *ctx,
				       struct audit_queue **ret);
/* What waits is written first, and what was left out. */
void audit_queue_free(struct audit_queue *q);
CLEANUP_FREEP(audit_queue)

/* Add a line, or count it as left out. All is copied; of what came of it only
 * @e->error_code, which is needed, and its message. @source is whose share it is of: a
 * principal whose signature @is_known to be good, else an address. @now_ms is of
 * clock_now_ms(). */
void audit_queue_add(struct audit_queue *q, const struct audit_event *e, const char *source,
		     bool is_known, u64 now_ms);

/* Why lines were left out. */
enum audit_reason {
	AUDIT_LEFT_RATE,  /* a bound on lines was reached */
	AUDIT_LEFT_QUEUE, /* too many wait, or no memory */
	AUDIT_LEFT_WRITE, /* the log could not be written */
	AUDIT_NUM_REASONS,
};
const char *audit_reason_name(enum audit_reason reason); /* "rate" */

/* Counters, for metrics. */
struct audit_queue_counters {
	u64 written, left[AUDIT_NUM_REASONS];
};
void audit_queue_read_counters(struct audit_queue *q, struct audit_queue_counters *ret);

#endif
