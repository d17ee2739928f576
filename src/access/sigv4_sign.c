/* The side of a client. */
#include "access/sigv4_date_priv.h"
#include "access/sigv4_signature_priv.h"

#include "base/str.h"
#include "format/percent.h"

#include <string.h>

void sigv4_signature_deinit(struct sigv4_signature *s)
{
	free(s->authorization);
	s->authorization = NULL;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "a;b;c" of all of @r's headers, and of @num more, lower case. */
static void add_names(struct buf *b, const struct sigv4_request *r)
{
	char *names[SIGV4_HEADERS_MAX];
	size_t num = 0;

	for (; num < r->num_headers; num++) {
		names[num] = strdup(r->headers[num].name);
		if (!names[num]) {
			b->failed = true;
			break;
		}
		for (char *p = names[num]; *p; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p = (char)(*p - 'A' + 'a');
	}
	qsort(names, num, sizeof(names[0]), compare_names);
	for (size_t i = 0; i < num; i++) {
		if (i && str_eq(names[i], names[i - 1]))
			continue;
		if (i)
			buf_add_char(b, ';');
		buf_add_str(b, names[i]);
	}
	for (size_t i = 0; i < num; i++)
		free(names[i]);
}

static must_check struct err *check_signing(const struct sigv4_request *r,
					    const struct sigv4_signer *s)
{
	static const char *const ours[] = {"authorization", "x-amz-date",
					   "x-amz-security-token"};
	const char *value;

	if (!sigv4_is_bounded(r) || r->num_headers + 2 > SIGV4_HEADERS_MAX)
		return err_new(ERR_USAGE, "a request too large to be signed");
	if (!sigv4_find_header(r, "host", &value))
		return err_new(ERR_USAGE, "a request without Host cannot be signed");
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (sigv4_find_header(r, ours[i], &value))
			return err_new(ERR_USAGE, "%s is added when signing", ours[i]);
	if (strlen(s->access_key) > SIGV4_KEY_MAX ||
	    (s->session_token && strlen(s->session_token) > SIGV4_TOKEN_MAX))
		return err_new(ERR_USAGE, "access key or session token too long");
	return NULL;
}

/* Sign @r, which has all that is to be signed in it. */
static must_check struct err *sign_request(const struct sigv4_request *r,
					   const struct sigv4_signer *s, const char *date,
					   const char *names, const char *scope,
					   char hex[SIGV4_HASH_TEXT_LEN + 1])
{
	struct sigv4_terms t = {.names_text = names,
				.date = date,
				.scope = scope,
				.secret = s->secret,
				.path_as_is = s->leaves_path_as_is};
	u8 signature[SIGV4_SIGNATURE_SIZE];
	bool is_whole;
	struct err *err;

	if (!sigv4_names_parse(names, &t.names))
		return err_new(ERR_USAGE, "a header whose name is not one");
	err = sigv4_make(r, &t, &is_whole, signature);
	if (err)
		return err;
	if (!is_whole)
		return err_new(ERR_USAGE,
			       "the query cannot be signed: its percent-encoding is "
			       "off, or it has more than %u parameters",
			       SIGV4_PARAMETERS_MAX);
	sigv4_format_hash(hex, signature);
	return NULL;
}

static void add_scope(struct buf *b, const struct sigv4_signer *s, const char *date)
{
	buf_printf(b, "%.8s/%s/%s/aws4_request", date, s->region, s->service);
}

must_check struct err *sigv4_sign(const struct sigv4_request *r,
				  const struct sigv4_signer *s, struct sigv4_signature *ret)
{
	struct sigv4_header headers[SIGV4_HEADERS_MAX];
	struct sigv4_request with = *r;
	struct buf names = BUF_INIT, scope = BUF_INIT, text = BUF_INIT;
	char date[SIGV4_DATE_LEN + 1], hex[SIGV4_HASH_TEXT_LEN + 1];
	struct err *err = check_signing(r, s);

	if (err)
		return err;
	if (!sigv4_date_format(date, s->time))
		return err_new(ERR_USAGE, "a time of no year from 1970 to 9999");
	for (size_t i = 0; i < r->num_headers; i++)
		headers[i] = r->headers[i];
	headers[with.num_headers++] = (struct sigv4_header){"x-amz-date", date};
	if (s->session_token)
		headers[with.num_headers++] =
			(struct sigv4_header){"x-amz-security-token", s->session_token};
	with.headers = headers;
	add_names(&names, &with);
	add_scope(&scope, s, date);
	if (names.failed || scope.failed)
		err = err_nomem();
	else
		err = sign_request(&with, s, date, names.data, scope.data, hex);
	if (!err) {
		buf_printf(
			&text,
			"AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
			s->access_key, scope.data, names.data, hex);
		err = buf_check(&text);
	}
	if (!err) {
		memcpy(ret->date, date, sizeof(date));
		ret->authorization = steal(text.data);
	}
	buf_deinit(&names);
	buf_deinit(&scope);
	buf_deinit(&text);
	return err;
}

static void add_query_value(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, "&%s=", name);
	percent_encode(b, value, strlen(value), "");
}

must_check struct err *sigv4_presign(const struct sigv4_request *r,
				     const struct sigv4_signer *s, u32 expires_s,
				     char **ret)
{
	struct sigv4_request with = *r;
	struct buf names = BUF_INIT, scope = BUF_INIT, query = BUF_INIT, who = BUF_INIT;
	char date[SIGV4_DATE_LEN + 1], hex[SIGV4_HASH_TEXT_LEN + 1];
	struct err *err = check_signing(r, s);

	if (err)
		return err;
	if (!sigv4_date_format(date, s->time))
		return err_new(ERR_USAGE, "a time of no year from 1970 to 9999");
	add_names(&names, r);
	add_scope(&scope, s, date);
	buf_printf(&who, "%s/%s", s->access_key, buf_text(&scope));
	buf_add_str(&query, r->query ? r->query : "");
	add_query_value(&query, "X-Amz-Algorithm", "AWS4-HMAC-SHA256");
	add_query_value(&query, "X-Amz-Credential", buf_text(&who));
	add_query_value(&query, "X-Amz-Date", date);
	buf_printf(&query, "&X-Amz-Expires=%u", expires_s);
	if (s->session_token)
		add_query_value(&query, "X-Amz-Security-Token", s->session_token);
	add_query_value(&query, "X-Amz-SignedHeaders", buf_text(&names));
	with.query = query.data + (query.len && query.data[0] == '&');
	if (names.failed || scope.failed || query.failed || who.failed)
		err = err_nomem();
	else
		err = sign_request(&with, s, date, names.data, scope.data, hex);
	if (!err) {
		add_query_value(&query, "X-Amz-Signature", hex);
		err = buf_check(&query);
	}
	if (!err) {
		size_t skip = query.data[0] == '&';

		memmove(query.data, query.data + skip, query.len + 1 - skip);
		*ret = steal(query.data);
	}
	buf_deinit(&names);
	buf_deinit(&scope);
	buf_deinit(&query);
	buf_deinit(&who);
	return err;
}
