#include "fuzz.h"

#include "access/sigv4.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#define NUM_HEADERS 8

/* Lines are method, path, query, body, then headers "Name:value". Whatever the server makes
 * of it, a request that can be signed here is good when it comes back with its signature.
 */
struct input {
	char *text;
	struct sigv4_header headers[NUM_HEADERS + 3];
	struct sigv4_request r;
};

static char *next_line(char **rest)
{
	char *line = *rest, *end = strchr(line, '\n');

	*rest = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

static void split(struct input *in, const uint8_t *data, size_t size)
{
	char *rest;

	in->text = calloc(1, size + 1);
	assert(in->text);
	memcpy(in->text, data, size);
	rest = in->text;
	in->r.method = next_line(&rest);
	in->r.path = next_line(&rest);
	in->r.query = next_line(&rest);
	in->r.body = next_line(&rest);
	in->r.body_len = strlen(in->r.body);
	in->r.headers = in->headers;
	while (*rest && in->r.num_headers < NUM_HEADERS) {
		char *name = next_line(&rest), *colon = strchr(name, ':');

		if (!colon)
			continue;
		*colon = '\0';
		in->headers[in->r.num_headers++] = (struct sigv4_header){name, colon + 1};
	}
}

static const struct sigv4_rules rules = {.region = "us-east-1",
					 .service = "ec2",
					 .skew_s = 300,
					 .allows_presigned = true,
					 .presigned_max_s = 604800};
static const struct sigv4_key key = {.secret = "secret"};

static enum sigv4_verdict judge(const struct sigv4_request *r, s64 now)
{
	struct sigv4_claim claim;
	struct sigv4_outcome outcome;
	struct err *err = sigv4_claim_read(r, &claim, &outcome);

	assert(!err);
	if (outcome.verdict != SIGV4_GOOD) {
		assert(outcome.why[0]);
		return outcome.verdict;
	}
	assert(claim.access_key[0] && claim.scope && claim.signed_names);
	err = sigv4_verify(r, &claim, &rules, &key, now, &outcome);
	assert(!err);
	sigv4_claim_deinit(&claim);
	return outcome.verdict;
}

/* Good, or for another reason than its signature. */
static void sign_and_judge(struct input *in)
{
	static const struct sigv4_signer signer = {.access_key = "AKID",
						   .secret = "secret",
						   .region = "us-east-1",
						   .service = "ec2",
						   .time = 1440938160};
	struct sigv4_signature signature;
	enum sigv4_verdict verdict;
	struct err *err = sigv4_sign(&in->r, &signer, &signature);

	if (err) {
		err_free(err);
		return;
	}
	in->headers[in->r.num_headers++] =
		(struct sigv4_header){"X-Amz-Date", signature.date};
	in->headers[in->r.num_headers++] =
		(struct sigv4_header){"Authorization", signature.authorization};
	verdict = judge(&in->r, 1440938160);
	assert(verdict != SIGV4_ABSENT && verdict != SIGV4_EXPIRED);
	if (verdict == SIGV4_WRONG) {
		/* The one thing that a client may say wrongly of its own request. */
		bool says = false;

		for (size_t i = 0; i < in->r.num_headers; i++)
			says |= strcasecmp(in->headers[i].name, "x-amz-content-sha256") ==
				0;
		assert(says);
	}
	sigv4_signature_deinit(&signature);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {0};

	split(&in, data, size);
	judge(&in.r, 1440938160);
	sign_and_judge(&in);
	free(in.text);
	return 0;
}
