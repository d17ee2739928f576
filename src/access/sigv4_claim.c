/* Reading what a request says of its own signature: Authorization header or query. */
#include "access/sigv4_canonical_priv.h"
#include "access/sigv4_date_priv.h"

#include "base/str.h"
#include "format/percent.h"

#include <string.h>

static const char algorithm[] = "AWS4-HMAC-SHA256";

void sigv4_claim_deinit(struct sigv4_claim *c)
{
	free(c->session_token);
	free(c->scope);
	free(c->signed_names);
	*c = (struct sigv4_claim){0};
}

/* The parts of either form, as they stand; NULL: not there. */
struct parts {
	char *algorithm, *credential, *signed_names, *signature, *date, *expires, *token;
};

static void parts_deinit(struct parts *p)
{
	free(p->algorithm);
	free(p->credential);
	free(p->signed_names);
	free(p->signature);
	free(p->date);
	free(p->expires);
	free(p->token);
}

struct reading {
	struct parts parts;
	const char *why; /* first thing that is off */
	bool is_out_of_memory;
};

/* Copy a part; a part that is there twice is off. */
static void take_part(struct reading *r, char **part, const char *s, size_t len)
{
	if (*part) {
		r->why = "A part of the signature is given twice.";
		return;
	}
	if (len > SIGV4_TOKEN_MAX) {
		r->why = "A part of the signature is too long.";
		return;
	}
	*part = strndup(s, len);
	r->is_out_of_memory |= !*part;
}

/* One "Name=value" of the Authorization header. */
static void read_element(struct reading *r, const char *s, size_t len)
{
	static const char *const names[] = {"Credential=", "SignedHeaders=", "Signature="};
	char **parts[] = {&r->parts.credential, &r->parts.signed_names,
			  &r->parts.signature};

	while (len && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t name_len = strlen(names[i]);

		if (len < name_len || memcmp(s, names[i], name_len) != 0)
			continue;
		take_part(r, parts[i], s + name_len, len - name_len);
		return;
	}
	r->why =
		"Authorization header has an element that is not Credential, SignedHeaders "
		"or Signature.";
}

static void read_authorization(struct reading *r, const char *value)
{
	size_t len = strcspn(value, " ");

	if (len != strlen(algorithm) || memcmp(value, algorithm, len) != 0) {
		r->why = "Authorization header is not of AWS4-HMAC-SHA256.";
		return;
	}
	take_part(r, &r->parts.algorithm, value, len);
	value += len;
	for (;;) {
		value += strspn(value, " \t");
		len = strcspn(value, ",");
		read_element(r, value, len);
		if (!value[len] || r->why)
			return;
		value += len + 1;
	}
}

/* Which part a parameter of a presigned request is; NULL for others. */
static char **find_part(struct parts *p, const char *name)
{
	const struct {
		const char *name;
		char **part;
	} table[] = {
		{"X-Amz-Algorithm", &p->algorithm},
		{"X-Amz-Credential", &p->credential},
		{"X-Amz-SignedHeaders", &p->signed_names},
		{"X-Amz-Signature", &p->signature},
		{"X-Amz-Date", &p->date},
		{"X-Amz-Expires", &p->expires},
		{"X-Amz-Security-Token", &p->token},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (str_eq(name, table[i].name))
			return table[i].part;
	return NULL;
}

static void read_parameter(struct reading *r, const char *s, size_t len)
{
	const char *equals = memchr(s, '=', len);
	size_t name_len = equals ? (size_t)(equals - s) : len;
	struct buf name = BUF_INIT, value = BUF_INIT;
	char **part;

	if (!percent_decode(&name, s, name_len, PERCENT_PLUS_IS_PLUS) ||
	    (equals &&
	     !percent_decode(&value, equals + 1, len - name_len - 1, PERCENT_PLUS_IS_PLUS)))
		r->why = "The percent-encoding of the query is off.";
	r->is_out_of_memory |= name.failed || value.failed;
	part = find_part(&r->parts, buf_text(&name));
	if (part && !r->why && strlen(buf_text(&value)) != value.len)
		r->why = "A part of the signature has a NUL in it.";
	if (part && !r->why)
		take_part(r, part, buf_text(&value), value.len);
	buf_deinit(&name);
	buf_deinit(&value);
}

static void read_query(struct reading *r, const char *query)
{
	size_t len;

	for (; *query && !r->why; query += len + (query[len] == '&')) {
		len = strcspn(query, "&");
		if (len)
			read_parameter(r, query, len);
	}
}

/* The header's value as it is signed; at most one may be there. */
static void read_header(struct reading *r, const struct sigv4_request *request,
			const char *name, char **part)
{
	const char *value;
	size_t count = sigv4_find_header(request, name, &value);
	struct buf trimmed = BUF_INIT;

	if (count > 1)
		r->why = "A header that tells of the signature is there twice.";
	if (count != 1)
		return;
	sigv4_add_trimmed(&trimmed, value);
	r->is_out_of_memory |= trimmed.failed;
	take_part(r, part, buf_text(&trimmed), trimmed.len);
	buf_deinit(&trimmed);
}

/* X-Amz-Date, or Date in the other form; as X-Amz-Date has it. */
static void read_date(struct reading *r, const struct sigv4_request *request)
{
	char text[SIGV4_DATE_LEN + 1];
	s64 time;

	read_header(r, request, "x-amz-date", &r->parts.date);
	if (r->parts.date || r->why)
		return;
	read_header(r, request, "date", &r->parts.date);
	if (!r->parts.date || !sigv4_http_date_parse(r->parts.date, &time) ||
	    !sigv4_date_format(text, time))
		return;
	free(r->parts.date);
	r->parts.date = strdup(text);
	r->is_out_of_memory |= !r->parts.date;
}

static bool is_access_key(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!(s[i] >= 'A' && s[i] <= 'Z') && !(s[i] >= 'a' && s[i] <= 'z') &&
		    !(s[i] >= '0' && s[i] <= '9') && s[i] != '_')
			return false;
	return len && len <= SIGV4_KEY_MAX;
}

/* KEY/DATE/REGION/SERVICE/aws4_request. */
static const char *take_credential(struct sigv4_claim *c, char *credential)
{
	char *slash = strchr(credential, '/');
	size_t slashes = 0;

	if (!slash || !is_access_key(credential, (size_t)(slash - credential)))
		return "Credential does not begin with an access key.";
	for (const char *p = slash; *p; p++)
		slashes += *p == '/';
	if (slashes != 4)
		return "Credential is not KEY/DATE/REGION/SERVICE/aws4_request.";
	memcpy(c->access_key, credential, (size_t)(slash - credential));
	c->scope = strdup(slash + 1);
	return NULL;
}

static bool read_signature(u8 ret[SIGV4_SIGNATURE_SIZE], const char *hex)
{
	if (strlen(hex) != 2 * SIGV4_SIGNATURE_SIZE)
		return false;
	for (size_t i = 0; i < 2 * SIGV4_SIGNATURE_SIZE; i++) {
		int digit = hex_digit_value(hex[i]);

		if (digit < 0 || (hex[i] >= 'A' && hex[i] <= 'F'))
			return false;
		ret[i / 2] = (u8)(ret[i / 2] << 4 | digit);
	}
	return true;
}

static const char *take_expires(struct sigv4_claim *c, const char *text)
{
	u64 value;

	if (strspn(text, "0123456789") != strlen(text) || !str_parse_u64(text, &value) ||
	    value < 1 || value > 604800)
		return "X-Amz-Expires is not a number of seconds from 1 to 604800.";
	c->expires_s = (u32)value;
	return NULL;
}

/* Parts into a claim; what is off, or NULL. */
static const char *take_parts(struct sigv4_claim *c, struct parts *p)
{
	struct sigv4_names names;
	const char *why;

	if (!p->algorithm || !p->credential || !p->signed_names || !p->signature)
		return "Credential, SignedHeaders or Signature is missing.";
	if (!str_eq(p->algorithm, algorithm))
		return "The algorithm is not AWS4-HMAC-SHA256.";
	if (!p->date || !sigv4_date_parse(p->date, &c->time))
		return "X-Amz-Date is missing or is not of the form 20150830T123600Z.";
	memcpy(c->date, p->date, SIGV4_DATE_LEN);
	if (!sigv4_names_parse(p->signed_names, &names))
		return "SignedHeaders is not a sorted list of names in lower case.";
	if (!read_signature(c->signature, p->signature))
		return "Signature is not 64 hexadecimal digits in lower case.";
	if (c->is_presigned && !p->expires)
		return "X-Amz-Expires is missing.";
	why = c->is_presigned ? take_expires(c, p->expires) : NULL;
	if (!why)
		why = take_credential(c, p->credential);
	c->signed_names = steal(p->signed_names);
	c->session_token = steal(p->token);
	return why;
}

/* Which form it is of, and its parts. */
static void read_parts(struct reading *r, const struct sigv4_request *request,
		       bool *is_presigned)
{
	const char *authorization;
	size_t count = sigv4_find_header(request, "authorization", &authorization);

	read_query(r, request->query ? request->query : "");
	*is_presigned = r->parts.algorithm || r->parts.credential || r->parts.signature;
	if (count > 1 || (count && *is_presigned))
		r->why = "There is more than one signature.";
	if (!count || r->why) {
		if (!r->why && *is_presigned)
			read_header(r, request, "x-amz-security-token", &r->parts.token);
		return;
	}
	if (r->parts.date || r->parts.token || r->parts.expires || r->parts.signed_names) {
		r->why = "Header and query both tell of a signature.";
		return;
	}
	read_authorization(r, authorization);
	if (!r->why)
		read_date(r, request);
	if (!r->why)
		read_header(r, request, "x-amz-security-token", &r->parts.token);
}

must_check struct err *sigv4_claim_read(const struct sigv4_request *r,
					struct sigv4_claim *ret,
					struct sigv4_outcome *outcome)
{
	struct reading reading = {0};
	struct sigv4_claim c = {0};
	const char *authorization;

	*outcome = (struct sigv4_outcome){SIGV4_INCOMPLETE, "The request is too large."};
	if (!sigv4_is_bounded(r))
		return NULL;
	read_parts(&reading, r, &c.is_presigned);
	if (!c.is_presigned && !reading.why &&
	    !sigv4_find_header(r, "authorization", &authorization)) {
		*outcome = (struct sigv4_outcome){
			SIGV4_ABSENT, "Request is missing Authentication Token"};
		parts_deinit(&reading.parts);
		return reading.is_out_of_memory ? err_nomem() : NULL;
	}
	if (!reading.why && !reading.is_out_of_memory) {
		reading.why = take_parts(&c, &reading.parts);
		reading.is_out_of_memory |= !reading.why && !c.scope;
	}
	parts_deinit(&reading.parts);
	outcome->why = reading.why;
	if (reading.why || reading.is_out_of_memory) {
		sigv4_claim_deinit(&c);
		return reading.is_out_of_memory ? err_nomem() : NULL;
	}
	outcome->verdict = SIGV4_GOOD;
	*ret = c;
	return NULL;
}
