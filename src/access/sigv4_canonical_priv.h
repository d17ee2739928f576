/*
 * The text that is signed: a request put into the one form that client and server agree on.
 *
 * Pure; appends to a buffer of the caller's.
 */
#ifndef ACCESS_SIGV4_CANONICAL_PRIV_H
#define ACCESS_SIGV4_CANONICAL_PRIV_H

#include "access/sigv4.h"

/* Names of headers to sign: lower case, sorted, no name twice. Point into `text`. */
struct sigv4_names {
	const char *name[SIGV4_HEADERS_MAX + 2];
	size_t len[SIGV4_HEADERS_MAX + 2];
	size_t num;
};

/* Take "host;x-amz-date" apart. False if it is not as described above, or too long. @text
 * is pointed into. */
bool sigv4_names_parse(const char *text, struct sigv4_names *ret);

/* Is the name, of any case, among them? */
bool sigv4_names_have(const struct sigv4_names *names, const char *name);

/* How many headers of that name (any case) @r has; *@ret is the first one's value. */
size_t sigv4_find_header(const struct sigv4_request *r, const char *name, const char **ret);

/* Is all of @r within the bounds of sigv4.h? */
bool sigv4_is_bounded(const struct sigv4_request *r);

/* Append the canonical path; @as_is: without resolving "." and "..". */
void sigv4_add_path(struct buf *b, const char *path, bool as_is);

/* Append the canonical query without the parameter called @leave_out (NULL: with all).
 * False if the encoding is off or there are too many. */
bool sigv4_add_query(struct buf *b, const char *query, const char *leave_out);

/* Append one line for each of @names, with all values of @r's headers of that name. False
 * if one is missing. */
bool sigv4_add_headers(struct buf *b, const struct sigv4_request *r,
		       const struct sigv4_names *names);

/* Append @value as it is signed: without blanks around it, runs of blanks made one space.
 */
void sigv4_add_trimmed(struct buf *b, const char *value);

#endif
