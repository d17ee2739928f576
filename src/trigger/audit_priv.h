/* How a line of the audit log is made and taken apart. */
#ifndef TRIGGER_AUDIT_PRIV_H
#define TRIGGER_AUDIT_PRIV_H

#include "base/buf.h"
#include "trigger/audit.h"

/* Of one line with its end; strings of requests are cut so that it is kept. */
#define AUDIT_LINE_MAX (64u << 10)

/* Of one string that a request brought, before it is escaped; and how many statements. */
#define AUDIT_STRING_MAX     1024u
#define AUDIT_STATEMENTS_MAX 16u

/* What the line that says "the one before me was cut short" is called. */
#define AUDIT_CUT_EVENT "AuditLineCutShort"
/* And the one that says what was left out. */
#define AUDIT_LEFT_EVENT "AuditLinesLeftOut"

/* The "previous" of the first line. */
#define AUDIT_FIRST_HASH "0000000000000000000000000000000000000000000000000000000000000000"

must_check struct err *audit_hash(const void *data, size_t len,
				  char ret[AUDIT_HASH_LEN + 1]);

/* The members of an event, without its place in the chain. The caller's to decref. */
must_check struct err *audit_event_json(const struct audit_event *e, json_t **ret);
/* Of the line that closes off @cut_bytes that a power cut left, after the line whose hash
 * is
 * @after. */
must_check struct err *audit_cut_json(u64 cut_bytes, const char *after, s64 time_ms,
				      json_t **ret);

#define AUDIT_CODE_MAX 64u

/* What was left out of the log since it was last said. */
struct audit_left {
	char code[AUDIT_CODE_MAX]; /* "Client.AuthFailure" */
	u64 count;
};
/* Of the line that says so: @num codes, and the reasons by their names. */
must_check struct err *audit_left_json(const struct audit_left *left, size_t num,
				       const struct audit_left *reasons, size_t num_reasons,
				       s64 since_ms, s64 time_ms, json_t **ret);

/* As audit_write(), of a line of the log's own. @event gets its place in the chain. */
must_check struct err *audit_write_json(struct audit *a, json_t *event,
					struct audit_ticket *ret);

/* Put @event into the chain and append it to @b as a line, with its end. */
must_check struct err *audit_format_line(json_t *event, u64 sequence, const char *previous,
					 struct buf *b);

/* A line's place in the chain. */
struct audit_link {
	u64 sequence;
	char previous[AUDIT_HASH_LEN + 1];
	bool is_cut;			/* it closes off the line before */
	char after[AUDIT_HASH_LEN + 1]; /* then: of the last whole line */
};

/* Take a line, without its end, apart. False if it is none of ours. */
bool audit_parse_line(const char *line, size_t len, struct audit_link *ret);

#endif
