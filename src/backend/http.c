#include "backend/curl_api_priv.h"
#include "backend/http_priv.h"
#include "base/str.h"

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

static bool add_headers(const struct curl_api *curl, const struct http_request *r,
			struct curl_slist **list)
{
	/* Without it libcurl would ask before it sends a large body, and might send again.
	 */
	struct curl_slist *next = curl->slist_append(NULL, "Expect:");

	for (size_t i = 0; next && i < r->num_headers; i++) {
		*list = next;
		next = curl->slist_append(next, r->headers[i]);
	}
	if (next)
		*list = next;
	return next != NULL;
}

static void set_once_only(const struct curl_api *curl, CURL *c)
{
	curl->easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
	curl->easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
	curl->easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl->easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	/* A refused stream of HTTP/2 would be sent again. */
	curl->easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
}

static void set_request(const struct curl_api *curl, CURL *c, const struct http_request *r,
			struct curl_slist *headers)
{
	long timeout_ms = (long)min_u64(r->timeout_ms ? r->timeout_ms : 1, INT_MAX);

	set_once_only(curl, c);
	curl->easy_setopt(c, CURLOPT_URL, r->url);
	curl->easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl->easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl->easy_setopt(c, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl->easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
	curl->easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	if (!r->uses_proxy)
		curl->easy_setopt(c, CURLOPT_PROXY, "");
	if (r->ca_file)
		curl->easy_setopt(c, CURLOPT_CAINFO, r->ca_file);
	if (r->username)
		curl->easy_setopt(c, CURLOPT_USERNAME, r->username);
	if (r->username && r->password)
		curl->easy_setopt(c, CURLOPT_PASSWORD, r->password);
	if (r->body) {
		curl->easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)strlen(r->body));
		curl->easy_setopt(c, CURLOPT_POSTFIELDS, r->body);
	}
}

/* Until the transfer begins both are zero; libcurl counts what it handed to the socket. */
static bool may_be_sent(const struct curl_api *curl, CURL *c)
{
	curl_off_t began_us = 0;
	long bytes = 0;

	curl->easy_getinfo(c, CURLINFO_PRETRANSFER_TIME_T, &began_us);
	curl->easy_getinfo(c, CURLINFO_REQUEST_SIZE, &bytes);
	return began_us || bytes;
}

static struct err *perform(const struct curl_api *curl, CURL *c, struct http_reply *ret,
			   bool *ret_may_be_sent)
{
	char why[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode code;

	curl->easy_setopt(c, CURLOPT_ERRORBUFFER, why);
	curl->easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl->easy_setopt(c, CURLOPT_WRITEDATA, &ret->body);
	code = curl->easy_perform(c);
	curl->easy_setopt(c, CURLOPT_ERRORBUFFER, NULL);
	*ret_may_be_sent = may_be_sent(curl, c);
	if (code != CURLE_OK) {
		cleanup(buf_deinit) struct buf text = BUF_INIT;
		const char *words = why[0] ? why : curl->easy_strerror(code);

		str_escape(&text, words, strlen(words), false);
		return err_new(ERR_OS, "%s", buf_text(&text));
	}
	curl->easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	ret->status = (unsigned)status;
	return buf_check(&ret->body);
}

struct err *http_exchange(const struct http_request *r, struct http_reply *ret,
			  bool *ret_may_be_sent)
{
	struct curl_slist *headers = NULL;
	struct curl_api curl;
	struct err *err = curl_api_load(&curl);
	CURL *c;

	*ret_may_be_sent = false;
	if (err)
		return err;
	c = curl.easy_init();
	if (c && add_headers(&curl, r, &headers)) {
		set_request(&curl, c, r, headers);
		err = perform(&curl, c, ret, ret_may_be_sent);
	} else {
		err = err_nomem();
	}
	curl.slist_free_all(headers);
	curl.easy_cleanup(c);
	return err;
}
