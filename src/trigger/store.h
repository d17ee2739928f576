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
	CAPTURE_UNVERIFIED, /* it went its way, and nothing here could see the dump */
	CAPTURE_FAILED,
	CAPTURE_NOT_SENT, /* provably nothing was injected */
	CAPTURE_NUM_STATES,
};

const char *capture_state_name(enum capture_state s); /* "timeout-fallback-dumped" */
bool capture_state_is_terminal(enum capture_state s);
bool capture_state_find(const char *name, enum capture_state *ret);

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
	bool is_forced;				   /* a second NMI on purpose */
	bool is_told;	    /* it is over, and those who wanted to know have been told */
	s64 console_offset; /* where the console's file ended before the NMI; -1: unknown */
};

void capture_deinit(struct capture *c);

/* One line of a capture's timeline. */
struct capture_step {
	s64 time_ms;
	enum capture_state state;
	char *text; /* what was seen, escaped */
};

/* When something happens. Deadlines are counted with the steady clock alone. */
struct store_time {
	s64 utc_ms;    /* for people; it may jump */
	u64 steady_ms; /* CLOCK_BOOTTIME */
};

must_check struct err *store_time_now(struct store_time *ret);

struct store;

/* Open or make the file, 0600. An older schema is brought up to date; a newer one is
 * ERR_UNSUPPORTED, a file that another process has open ERR_REFUSED. @boot_id says which
 * boot the steady clock counts from (/proc/sys/kernel/random/boot_id): what was written in
 * another one is as old as this one at least. */
must_check struct err *store_open(const char *path, const char *boot_id,
				  struct store **ret);
void store_close(struct store *s);
static inline void store_closep(struct store **s)
{
	store_close(*s);
}

/* Between these all changes become durable together, with one fsync. If the second fails,
 * none of them was made. */
must_check struct err *store_batch_begin(struct store *s);
must_check struct err *store_batch_commit(struct store *s);

enum store_verdict {
	STORE_NEW,	 /* written and synced: the caller may inject, once */
	STORE_DUPLICATE, /* a repetition of what is in *@ret */
	STORE_BUSY,	 /* another capture of this instance, *@ret, is not over */
	STORE_FULL, /* as many captures as are allowed are in flight; *@ret is zeroed */
};

struct store_rules {
	u32 duplicate_s;
	u32 latch_s; /* without a sign of life (store_sign()) a capture is let go of */
	u32 captures_in_flight;
};

/* Write the intent of @c (its id, state and times are made here), unless it repeats
 * another: same key, instance and invocation id; same key, instance and signature; or same
 * principal and instance within duplicate_s, whether that one is over or not, because a
 * client that got no answer signs its next try anew. What provably was not sent is not
 * repeated. A forced one repeats only forced ones, and ends what is in its way. *@ret, the
 * caller's to deinit, is the new capture or the one in the way. */
must_check struct err *store_begin(struct store *s, const struct capture *c,
				   const struct store_rules *rules,
				   const struct store_time *now,
				   enum store_verdict *verdict, struct capture *ret);

/* Change the state and add a line to the timeline, whose length is bounded. A terminal
 * state is never left: then only the line and the path are added. @text and @dump_path may
 * be NULL. *@ret_state (may be NULL) is the state it is in now. ERR_ABSENT if there is no
 * such capture. */
must_check struct err *store_step(struct store *s, const char *capture_id,
				  enum capture_state state, const char *text,
				  const char *dump_path, const struct store_time *now,
				  enum capture_state *ret_state);

/* The capture shows signs of life: its latch holds on. Not worth an fsync of its own. */
must_check struct err *store_sign(struct store *s, const char *capture_id,
				  const struct store_time *now);

/* Remember where the console's file ended before the NMI. */
must_check struct err *store_set_console(struct store *s, const char *capture_id,
					 s64 offset);

/* Webhook and command have been told of the end. */
must_check struct err *store_mark_told(struct store *s, const char *capture_id);

enum store_which {
	STORE_ALL,
	STORE_OPEN,   /* not over */
	STORE_UNTOLD, /* over, and not marked as told */
	STORE_LAST,   /* the newest of each instance */
};

/* Captures, newest first, of one instance (NULL: any). At most @max. The caller frees each
 * and the array: captures_free(). */
must_check struct err *store_list(struct store *s, const char *instance_id,
				  enum store_which which, size_t max, struct capture **ret,
				  size_t *ret_len);
void captures_free(struct capture *captures, size_t len);

/* ERR_ABSENT if there is none. */
must_check struct err *store_get(struct store *s, const char *capture_id,
				 struct capture *ret);
must_check struct err *store_timeline(struct store *s, const char *capture_id,
				      struct capture_step **ret, size_t *ret_len);
void capture_steps_free(struct capture_step *steps, size_t len);

#endif
