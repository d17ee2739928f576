/*
 * From a request and a secret to a signature: canonical request, string to sign, key.
 *
 * Pure. Functions of libcrypto fail for want of memory only.
 */
#ifndef ACCESS_SIGV4_SIGNATURE_PRIV_H
#define ACCESS_SIGV4_SIGNATURE_PRIV_H

#include "access/sigv4_canonical_priv.h"

#define SIGV4_HASH_TEXT_LEN (2 * SIGV4_SIGNATURE_SIZE)

/* What a signature is made over, besides the request. All borrowed. */
struct sigv4_terms {
	struct sigv4_names names; /* those of names_text */
	const char *names_text, *date, *scope, *secret;
	const char *leave_out; /* parameter of the query that is not signed, or NULL */
	bool path_as_is;
};

void sigv4_format_hash(char text[SIGV4_HASH_TEXT_LEN + 1],
		       const u8 hash[SIGV4_SIGNATURE_SIZE]);

/* SHA-256 in hexadecimal. False without memory. */
bool sigv4_hash(char text[SIGV4_HASH_TEXT_LEN + 1], const void *data, size_t len);

/* The signing key: HMAC over HMAC, one for each of the four words of @scope. */
bool sigv4_derive_key(u8 ret[SIGV4_SIGNATURE_SIZE], const char *secret, const char *scope);

/* Append the canonical request. *@is_whole is false if a signed header is missing, or the
 * query's encoding is off. */
void sigv4_add_canonical(struct buf *b, const struct sigv4_request *r,
			 const struct sigv4_terms *t, const char *payload_hash,
			 bool *is_whole);

must_check struct err *sigv4_make(const struct sigv4_request *r,
				  const struct sigv4_terms *t, bool *is_whole,
				  u8 ret[SIGV4_SIGNATURE_SIZE]);

#endif
