/*
 * One HTTP request, sent at most once, through libcurl.
 *
 * libcurl sends a request again by itself where a kept connection turned out dead, for a
 * redirect, for authentication, and for an "Expect" that was refused. Each exchange here
 * has a connection and a handle of its own with all of that off, so that what is sent is
 * sent once. Any thread; what is borrowed must last for the call.
 */
#ifndef BACKEND_HTTP_PRIV_H
#define BACKEND_HTTP_PRIV_H

#include "base/buf.h"

#define HTTP_BODY_MAX (1u << 20)

struct http_request {
	const char *url;
	const char *body;	    /* of a POST; NULL: a GET */
	const char *const *headers; /* "Name: value", num_headers of them */
	size_t num_headers;
	const char *username, *password; /* for Basic; NULL: none */
	const char *ca_file;		 /* NULL: the system's */
	bool uses_proxy;		 /* that of the environment */
	u64 timeout_ms;
};

struct http_reply {
	unsigned status;
	struct buf body; /* at most HTTP_BODY_MAX */
};

void http_reply_deinit(struct http_reply *r);

/* Send @r and take the whole reply; any status is one. On an error *@ret_may_be_sent says
 * whether a byte of the request may have left. The caller deinits *@ret in any case. */
must_check struct err *http_exchange(const struct http_request *r, struct http_reply *ret,
				     bool *ret_may_be_sent);

/* Is @host this machine itself? Only there is HTTP without TLS allowed. */
bool http_is_loopback(const char *host);

#endif
