/*
 * The audit log: CloudTrail-shaped JSON lines, each carrying the hash of the one before.
 *
 * Any thread may append; lines are in one order, and those that come at the same time share
 * one fsync. If a line cannot be written or synced, nothing may be injected. Secrets,
 * session tokens and whole signatures are never in it. docs/formats.md has the members.
 */
#ifndef TRIGGER_AUDIT_H
#define TRIGGER_AUDIT_H

#include "base/err.h"

#include <jansson.h>

struct audit;

/* Open for appending, 0600. ERR_BAD_DATA if the last line is not one of ours. One cut short
 * by a power cut is closed off, and a line of its own says so. ERR_REFUSED if another
 * process has it open. */
must_check struct err *audit_open(const char *path, struct audit **ret);
void audit_close(struct audit *a);
static inline void audit_closep(struct audit **a)
{
	audit_close(*a);
}

/* What is said of one request. Borrowed; NULL leaves the member out. */
struct audit_event {
	const char *event_name; /* "SendDiagnosticInterrupt" */
	const char *region, *account, *source_ip, *user_agent, *request_id;
	const char *principal_type, *principal_id, *principal_arn, *principal_account,
		*principal_name, *access_key;
	const char *instance_id;
	bool is_dry_run, is_read_only;
	const char *error_code, *error_message; /* NULL: it was done */
	const char *capture_id, *duplicate_of;
	const char *const *statements; /* that decided, NULL-terminated: "POLICY/SID" */
	s64 time_ms;
};

/* A copy of who asked for what, its strings cut to what a line has of them; what came of it
 * (error, capture) is left out. False without memory: @to can be deinited all the same. */
bool audit_event_copy(struct audit_event *to, const struct audit_event *from);
void audit_event_deinit(struct audit_event *e);

/* Which line was written: audit_sync() waits for it. Layout is public; no one looks in. */
struct audit_ticket {
	u64 sequence, epoch;
};

/* Write the line; it is not on disk yet. @ret may be NULL where nobody waits for it: what
 * is only refused, asked or tried. */
must_check struct err *audit_write(struct audit *a, const struct audit_event *e,
				   struct audit_ticket *ret);
/* Wait until the line, and with it all before it, is on disk. On an error it is not in the
 * file. */
must_check struct err *audit_sync(struct audit *a, const struct audit_ticket *ticket);

/* Both. */
must_check struct err *audit_append(struct audit *a, const struct audit_event *e);

#define AUDIT_HASH_LEN 64 /* SHA-256, hexadecimal */

struct audit_check {
	u64 lines; /* that are good, from the start */
	u64 cuts;  /* of these, how many say that a line before them was cut short */
	char last_hash[AUDIT_HASH_LEN + 1]; /* of the last of them */
};

/* Follow the chain of the file at @path. *@ret is filled whatever comes. ERR_BAD_DATA names
 * the first line that is not as it was written; ERR_INCOMPLETE says that the last line has
 * no end. That lines are missing from the end only shows when last_hash was noted elsewhere
 * before. */
must_check struct err *audit_verify(const char *path, struct audit_check *ret);

/* The same of @len bytes in memory, which @name calls. */
must_check struct err *audit_verify_text(const char *text, size_t len, const char *name,
					 struct audit_check *ret);

#endif
