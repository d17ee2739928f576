#include "backend/http_priv.h"
#include "base/str.h"

#include <curl/curl.h>
#include <limits.h>
#include <string.h>

void http_reply_deinit(struct http_reply *r)
{
	buf_deinit(&r->body);
}

bool http_is_loopback(const char *host)
{
	return str_eq(host, "localhost") || str_eq(host, "::1") ||
	       (str_has_prefix(host, "127.") && !host[strspn(host, "0123456789.")]);
}

/* Less than it was given ends the transfer. */
static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
	struct buf *b = ctx;
	size_t len = size * count;

	if (len > HTTP_BODY_MAX - b->len)
		return 0;
	buf_add(b, data, len);
	return len;
}

static bool add_headers(const struct http_request *r, struct curl_slist **list)
{
	/* Without it libcurl would ask before it sends a large body, and might send again.
	 */
	struct curl_slist *next = curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; next && i < r->num_headers; i++) {
		*list = next;
		next = curl_slist_append(next, r->headers[i]);
	}
	if (next)
		*list = next;
	return next != NULL;
}

static void set_once_only(CURL *c)
{
	curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	/* A refused stream of HTTP/2 would be sent again. */
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
}

static void set_request(CURL *c, const struct http_request *r, struct curl_slist *headers)
{
	long timeout_ms = (long)min_u64(r->timeout_ms ? r->timeout_ms : 1, INT_MAX);

	set_once_only(c);
	curl_easy_setopt(c, CURLOPT_URL, r->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	if (!r->uses_proxy)
		curl_easy_setopt(c, CURLOPT_PROXY, "");
	if (r->ca_file)
		curl_easy_setopt(c, CURLOPT_CAINFO, r->ca_file);
	if (r->username)
		curl_easy_setopt(c, CURLOPT_USERNAME, r->username);
	if (r->username && r->password)
		curl_easy_setopt(c, CURLOPT_PASSWORD, r->password);
	if (r->body) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)strlen(r->body));
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body);
	}
}

/* Until the transfer begins both are zero; libcurl counts what it handed to the socket. */
static bool may_be_sent(CURL *c)
{
	curl_off_t began_us = 0;
	long bytes = 0;

	curl_easy_getinfo(c, CURLINFO_PRETRANSFER_TIME_T, &began_us);
	curl_easy_getinfo(c, CURLINFO_REQUEST_SIZE, &bytes);
	return began_us || bytes;
}

static struct err *perform(CURL *c, struct http_reply *ret, bool *ret_may_be_sent)
{
	char why[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode code;

	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &ret->body);
	code = curl_easy_perform(c);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, NULL);
	*ret_may_be_sent = may_be_sent(c);
	if (code != CURLE_OK) {
		cleanup(buf_deinit) struct buf text = BUF_INIT;
		const char *words = why[0] ? why : curl_easy_strerror(code);

		str_escape(&text, words, strlen(words), false);
		return err_new(ERR_OS, "%s", buf_text(&text));
	}
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	ret->status = (unsigned)status;
	return buf_check(&ret->body);
}

struct err *http_exchange(const struct http_request *r, struct http_reply *ret,
			  bool *ret_may_be_sent)
{
	struct curl_slist *headers = NULL;
	CURL *c = curl_easy_init();
	struct err *err;

	*ret_may_be_sent = false;
	if (c && add_headers(r, &headers)) {
		set_request(c, r, headers);
		err = perform(c, ret, ret_may_be_sent);
	} else {
		err = err_nomem();
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	return err;
}
