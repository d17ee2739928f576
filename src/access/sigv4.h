/*
 * AWS Signature Version 4: signing requests as a client, verifying them as a server.
 *
 * Nothing here does I/O, keeps state or reads a clock; any thread may call anything. The
 * caller owns the request and all it points to; what is in a claim belongs to the claim. A
 * signature that does not hold is a verdict, not an error: the only error is ERR_NOMEM,
 * besides ERR_USAGE of the signing side.
 *
 * A server reads the claim, looks up the key that it names, and verifies with that key, or
 * with none if there is no such key: the same work is done, so that the time taken does not
 * tell the two apart.
 *
 * Source: AWS, "Signature Version 4 signing process". Only the non-streaming form for one
 * signing region, AWS4-HMAC-SHA256, with a signed payload.
 */
#ifndef ACCESS_SIGV4_H
#define ACCESS_SIGV4_H

#include "base/buf.h"

/* Bounds: a request beyond any of these is SIGV4_INCOMPLETE, or ERR_USAGE when signing. */
#define SIGV4_HEADERS_MAX    100u
#define SIGV4_PARAMETERS_MAX 64u	 /* of the query */
#define SIGV4_TEXT_MAX	     (64u << 10) /* path, query and headers together */
#define SIGV4_TOKEN_MAX	     (8u << 10)	 /* session token */
#define SIGV4_KEY_MAX	     128u	 /* access key */
#define SIGV4_DATE_LEN	     16u	 /* "20150830T123600Z" */
#define SIGV4_SIGNATURE_SIZE 32u	 /* bytes */

struct sigv4_header {
	const char *name, *value; /* as received; a folded value has its line breaks */
};

/* The request as it is on the wire: nothing decoded, nothing normalised. */
struct sigv4_request {
	const char *method;
	const char *path;		    /* what is before the "?" */
	const char *query;		    /* what is behind it, NULL if there is none */
	const struct sigv4_header *headers; /* in the order of arrival */
	size_t num_headers;
	const void *body;
	size_t body_len;
};

/* What a client signs with. */
struct sigv4_signer {
	const char *access_key, *secret;
	const char *session_token; /* NULL: a long-lived key */
	const char *region, *service;
	s64 time;		/* UTC seconds */
	bool leaves_path_as_is; /* as S3 wants it; others have "." and ".." resolved */
};

/* What to add to the request. */
struct sigv4_signature {
	char date[SIGV4_DATE_LEN + 1]; /* for X-Amz-Date */
	char *authorization;	       /* for Authorization */
};

void sigv4_signature_deinit(struct sigv4_signature *s);

/* Sign @r with all its headers, Host among them. To be sent along, besides what is in
 * *@ret: X-Amz-Security-Token with the session token if there is one (both are signed). The
 * caller deinits *@ret. ERR_USAGE if @r has those headers already, has no Host or is out of
 * bounds. */
must_check struct err *sigv4_sign(const struct sigv4_request *r,
				  const struct sigv4_signer *s,
				  struct sigv4_signature *ret);

/* The same as a presigned URL, good for @expires_s seconds. *@ret is the new query, with
 * what was in @r's; the caller frees it. */
must_check struct err *sigv4_presign(const struct sigv4_request *r,
				     const struct sigv4_signer *s, u32 expires_s,
				     char **ret);

enum sigv4_verdict {
	SIGV4_GOOD,
	SIGV4_ABSENT,	  /* no signature of either form */
	SIGV4_INCOMPLETE, /* it cannot be read, or does not cover what it must */
	SIGV4_WRONG,	  /* scope, key, token or signature */
	SIGV4_EXPIRED,	  /* all is right, but for the time */
};

struct sigv4_outcome {
	enum sigv4_verdict verdict;
	const char *why; /* a constant sentence; it says nothing about keys or secrets */
};

/* What a request says of itself; not believed yet. Layout is public for reading. */
struct sigv4_claim {
	bool is_presigned;
	char access_key[SIGV4_KEY_MAX + 1];
	char date[SIGV4_DATE_LEN + 1]; /* of the request */
	s64 time;		       /* the same in UTC seconds */
	u32 expires_s;		       /* of a presigned request */
	char *session_token;	       /* NULL if none */
	u8 signature[SIGV4_SIGNATURE_SIZE];
	char *scope;	    /* "20150830/us-east-1/ec2/aws4_request" */
	char *signed_names; /* "host;x-amz-date" */
};

void sigv4_claim_deinit(struct sigv4_claim *c);
static inline void sigv4_claim_deinitp(struct sigv4_claim *c)
{
	sigv4_claim_deinit(c);
}

/* What @r claims. Unless *@outcome is SIGV4_GOOD, *@ret is left alone; else the caller
 * deinits it. */
must_check struct err *sigv4_claim_read(const struct sigv4_request *r,
					struct sigv4_claim *ret,
					struct sigv4_outcome *outcome);

/* What this server accepts. */
struct sigv4_rules {
	const char *region, *service;
	u32 skew_s; /* a header-signed request may be this much off, before or after */
	bool allows_presigned;
	u32 presigned_max_s;
};

/* The key that a claim names, as the server knows it. */
struct sigv4_key {
	const char *secret;
	const char *session_token; /* NULL: a long-lived key */
	s64 expires;		   /* UTC seconds, 0: never */
};

/* Does the claim hold? @key is NULL where the server knows no such key. */
must_check struct err *sigv4_verify(const struct sigv4_request *r,
				    const struct sigv4_claim *c,
				    const struct sigv4_rules *rules,
				    const struct sigv4_key *key, s64 now,
				    struct sigv4_outcome *ret);

#endif
