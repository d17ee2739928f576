/* The side of a server. */
#include "access/sigv4_signature_priv.h"

#include "base/str.h"

#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

/* What must be signed, and is there but is not: the sentence, or NULL. */
static const char *find_unsigned(const struct sigv4_request *r, const struct sigv4_claim *c,
				 const struct sigv4_names *names)
{
	const char *value;

	if (sigv4_find_header(r, "host", &value) != 1 || !sigv4_names_have(names, "host"))
		return "Host is not among the signed headers, or is there twice.";
	for (size_t i = 0; i < r->num_headers; i++) {
		const char *name = r->headers[i].name;

		if (strncasecmp(name, "x-amz-", 6) == 0 && !sigv4_names_have(names, name))
			return "A header X-Amz-... is not among the signed headers.";
	}
	if (!c->is_presigned && !sigv4_find_header(r, "x-amz-date", &value) &&
	    !sigv4_names_have(names, "date"))
		return "Date is not among the signed headers.";
	if (sigv4_find_header(r, "content-type", &value) > 1)
		return "Content-Type is there twice.";
	/* A presigned POST has all in its query, and no body that a type could be of. */
	if (r->body_len && !sigv4_names_have(names, "content-type"))
		return "Content-Type is not among the signed headers.";
	return NULL;
}

/* Is the scope of our region and service, and of the day of the request? */
static bool is_our_scope(const struct sigv4_claim *c, const struct sigv4_rules *rules)
{
	char want[256];
	int len = snprintf(want, sizeof(want), "%.8s/%s/%s/aws4_request", c->date,
			   rules->region, rules->service);

	return len > 0 && (size_t)len < sizeof(want) && str_eq(c->scope, want);
}

/* x-amz-content-sha256, where it is sent, says what the body is. */
static bool is_payload_as_said(const struct sigv4_request *r)
{
	const char *said;
	char hash[SIGV4_HASH_TEXT_LEN + 1];
	size_t count = sigv4_find_header(r, "x-amz-content-sha256", &said);

	if (!count)
		return true;
	return count == 1 && sigv4_hash(hash, r->body, r->body_len) && str_eq(said, hash);
}

static bool is_token_right(const struct sigv4_claim *c, const struct sigv4_key *key)
{
	size_t len;

	if (!c->session_token || !key->session_token)
		return !c->session_token && !key->session_token;
	len = strlen(key->session_token);
	return strlen(c->session_token) == len &&
	       CRYPTO_memcmp(c->session_token, key->session_token, len) == 0;
}

static const char *find_time_fault(const struct sigv4_claim *c,
				   const struct sigv4_rules *rules, s64 now)
{
	if (c->time > now + rules->skew_s)
		return "Request has expired: its time is in the future.";
	if (c->is_presigned)
		return now > c->time + c->expires_s ? "Request has expired." : NULL;
	return now > c->time + rules->skew_s ? "Request has expired." : NULL;
}

/* Everything but the signature itself; the sentence, or NULL. */
static const char *find_fault(const struct sigv4_request *r, const struct sigv4_claim *c,
			      const struct sigv4_rules *rules,
			      const struct sigv4_names *names)
{
	if (!str_eq(r->path, "/"))
		return "The path of the request is not /.";
	if (c->is_presigned && !rules->allows_presigned)
		return "Presigned requests are not accepted here.";
	if (c->is_presigned && c->expires_s > rules->presigned_max_s)
		return "X-Amz-Expires is longer than is accepted here.";
	return find_unsigned(r, c, names);
}

must_check struct err *sigv4_verify(const struct sigv4_request *r,
				    const struct sigv4_claim *c,
				    const struct sigv4_rules *rules,
				    const struct sigv4_key *key, s64 now,
				    struct sigv4_outcome *ret)
{
	static const struct sigv4_key nobody = {
		.secret = "no key has this one, it takes as long...."};
	static const char wrong[] =
		"AWS was not able to validate the provided access credentials";
	const struct sigv4_key *k = key ? key : &nobody;
	struct sigv4_terms t = {.names_text = c->signed_names,
				.date = c->date,
				.scope = c->scope,
				.secret = k->secret,
				.leave_out = c->is_presigned ? "X-Amz-Signature" : NULL};
	u8 signature[SIGV4_SIGNATURE_SIZE];
	bool is_whole, is_right;
	struct err *err;

	*ret = (struct sigv4_outcome){SIGV4_INCOMPLETE, "SignedHeaders cannot be read."};
	if (!sigv4_names_parse(c->signed_names, &t.names))
		return NULL;
	ret->why = find_fault(r, c, rules, &t.names);
	if (ret->why)
		return NULL;
	err = sigv4_make(r, &t, &is_whole, signature);
	if (err)
		return err;
	/* All is asked, whatever came before: the time taken says nothing. */
	is_right = CRYPTO_memcmp(signature, c->signature, sizeof(signature)) == 0;
	is_right &= is_token_right(c, k);
	is_right &= is_our_scope(c, rules);
	is_right &= is_payload_as_said(r);
	is_right &= is_whole && key;
	*ret = (struct sigv4_outcome){SIGV4_WRONG, wrong};
	if (!is_right || (k->expires && now >= k->expires))
		return NULL;
	ret->why = find_time_fault(c, rules, now);
	ret->verdict = ret->why ? SIGV4_EXPIRED : SIGV4_GOOD;
	return NULL;
}
