/*
 * The audit log: CloudTrail-shaped JSON lines, each carrying the hash of the one before.
 *
 * Any thread may append; appends are in one order, and each has been fsynced when it
 * returns (those that come at the same time share one fsync). If a line cannot be written,
 * nothing may be injected. Secrets, session tokens and whole signatures are never in it.
 */
#ifndef TRIGGER_AUDIT_H
#define TRIGGER_AUDIT_H

#include "base/err.h"

#include <jansson.h>

struct audit;

/* Open for appending, 0600. The last line is checked; a line cut short by a power cut is
 * closed off and said so in a line of its own. */
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

must_check struct err *audit_append(struct audit *a, const struct audit_event *e);

/* Follow the chain of the file at @path. *@ret_lines is how many are good; ERR_BAD_DATA
 * names the first line that is not as it was written. */
must_check struct err *audit_verify(const char *path, u64 *ret_lines);

#endif
