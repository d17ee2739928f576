/*
 * What survives us: captures, from intent to end, in a SQLite file (WAL, synchronous FULL).
 *
 * The store belongs to one thread; the engine has one for it. A capture is there, synced,
 * before the first byte goes to a backend, and at most one that is not over exists per
 * instance: the database's own unique index sees to it.
 */
#ifndef TRIGGER_STORE_H
#define TRIGGER_STORE_H

#include "base/err.h"

/* States of a capture, control plane's words; docs/inquestd.md says which are terminal. */
enum capture_state {
	CAPTURE_REQUESTED, /* intent written; the backend not touched, as far as known */
	CAPTURE_INJECTED,  /* the backend said that it was done */
	CAPTURE_UNKNOWN,   /* on its way when the answer failed, or when we were killed */
	CAPTURE_PANICKED,
	CAPTURE_CAPTURING,
	CAPTURE_DUMPED,
	CAPTURE_REBOOTED,
	/* terminal: these release the latch */
	CAPTURE_VERIFIED, /* the dump directory arrived, is whole and is of this machine */
	CAPTURE_IGNORED,  /* "Dazed and confused": the guest did not panic */
	CAPTURE_NO_KDUMP, /* it panicked, and no capture kernel was loaded */
	CAPTURE_TIMEOUT_FALLBACK_DUMPED,
	CAPTURE_FAILED,
	CAPTURE_NOT_SENT, /* provably nothing was injected */
	CAPTURE_NUM_STATES,
};

const char *capture_state_name(enum capture_state s); /* "timeout-fallback-dumped" */
bool capture_state_is_terminal(enum capture_state s);

#define CAPTURE_ID_LEN 36 /* a UUID */

struct capture {
	char id[CAPTURE_ID_LEN + 1];
	char *instance_id, *account, *region;
	char *principal_arn, *access_key;
	char *invocation_id;  /* amz-sdk-invocation-id; NULL if none */
	char *signature_hash; /* SHA-256 of the signature, hexadecimal; never itself */
	char *request_id;
	enum capture_state state;
	char *reason;				   /* a sentence, NULL if none */
	char *dump_path;			   /* directory or file, once it is known */
	s64 requested_ms, injected_ms, changed_ms; /* UTC; 0: not yet */
	u32 absorbed;				   /* repetitions that were absorbed */
};

void capture_deinit(struct capture *c);

/* One line of a capture's timeline. */
struct capture_step {
	s64 time_ms;
	enum capture_state state;
	char *text; /* what was seen, escaped */
};

struct store;

/* Open or make the file. An older schema is brought up to date; a newer one is
 * ERR_UNSUPPORTED. */
must_check struct err *store_open(const char *path, struct store **ret);
void store_close(struct store *s);
static inline void store_closep(struct store **s)
{
	store_close(*s);
}

enum store_verdict {
	STORE_NEW,	 /* written and synced: the caller may inject, once */
	STORE_DUPLICATE, /* a repetition of what is in *@ret */
	STORE_BUSY,	 /* another capture of this instance, *@ret, is not over */
	STORE_FULL,	 /* as many captures as are allowed are in flight */
};

struct store_rules {
	u32 duplicate_s, latch_s, captures_in_flight;
	bool is_forced; /* a second NMI on purpose: ends the latch of the one before */
};

/* Write the intent of @c (its id, state and times are made here) unless it repeats another:
 * same key and invocation id, same key and signature, or same principal and instance within
 * duplicate_s. *@ret, the caller's to deinit, is the new capture or the one in the way. */
must_check struct err *store_begin(struct store *s, const struct capture *c,
				   const struct store_rules *rules, s64 now_ms,
				   enum store_verdict *verdict, struct capture *ret);

/* Change the state and add a line to the timeline. A terminal state is never left. @text
 * and
 * @dump_path may be NULL. */
must_check struct err *store_step(struct store *s, const char *capture_id,
				  enum capture_state state, const char *text,
				  const char *dump_path, s64 now_ms);

/* Captures, newest first: all, of one instance (NULL: any), or those not over. At most
 * @max. The caller frees each and the array. */
must_check struct err *store_list(struct store *s, const char *instance_id, bool only_open,
				  size_t max, struct capture **ret, size_t *ret_len);
/* ERR_ABSENT if there is none. */
must_check struct err *store_get(struct store *s, const char *capture_id,
				 struct capture *ret);
must_check struct err *store_timeline(struct store *s, const char *capture_id,
				      struct capture_step **ret, size_t *ret_len);
void capture_steps_free(struct capture_step *steps, size_t len);

#endif
