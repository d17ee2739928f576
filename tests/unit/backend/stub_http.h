/*
 * An HTTP server for tests: a thread that answers one request per connection as its routes
 * say, and counts what is posted.
 *
 * Layout is public. Read the counts when it has stopped.
 */
#ifndef TESTS_UNIT_BACKEND_STUB_HTTP_H
#define TESTS_UNIT_BACKEND_STUB_HTTP_H

#include "base/types.h"

#include <pthread.h>

enum stub_http_how {
	STUB_HTTP_ANSWER,
	STUB_HTTP_HANG,	    /* no answer until the client leaves */
	STUB_HTTP_DIE,	    /* close instead of an answer */
	STUB_HTTP_TRUNCATE, /* less body than announced */
};

struct stub_http_route {
	const char *start; /* of the request: "GET /path " */
	unsigned status;
	const char *headers; /* further lines, each with its \r\n; NULL: none */
	const char *body;
	enum stub_http_how how;
};

struct stub_http {
	const struct stub_http_route *routes; /* ends with a NULL start; 404 for others */
	int listen_fd;
	unsigned port;
	pthread_t thread;
	int posts, requests;
	char last_post[16384];
};

void stub_http_start(struct stub_http *s, const struct stub_http_route *routes);
void stub_http_stop(struct stub_http *s);

#endif
