/*
 * A socket that HTTP is served on: plain or TLS, with the limits that keep slow, large and
 * many requests from harming the others. Over libmicrohttpd; each listener has threads of
 * its own, which call the handler.
 *
 * A request is given to the handler whole, once. The handler answers at once, or later from
 * any thread; the connection waits meanwhile and costs nothing.
 */
#ifndef TRIGGER_LISTENER_H
#define TRIGGER_LISTENER_H

#include "access/sigv4.h"
#include "trigger/config.h"

/* Bounds of a request: what is beyond is refused before the handler. */
#define LISTENER_HEADERS_MAX  SIGV4_HEADERS_MAX
#define LISTENER_HEADER_MAX   (16u << 10) /* bytes of request line and header */
#define LISTENER_BODY_MAX     (16u << 10)
#define LISTENER_TEXT_ADDRESS 64u

struct listener;
struct exchange;

/* What is asked. Valid until exchange_answer() was called. */
struct listener_request {
	struct sigv4_request http;
	char peer_address[LISTENER_TEXT_ADDRESS];
	bool is_tls;
	const char *too_large; /* a sentence: it was not read whole, and is to be refused */
};

/* Called once for each request, from a thread of the listener; exchange_answer() must be
 * called once, in it or later. */
typedef void listener_handle_fn(void *ctx, struct exchange *x,
				const struct listener_request *r);

struct listener_options {
	const struct config_listener *where;
	u32 connections; /* open at once */
	unsigned threads;
	u32 idle_s; /* a connection that has not brought a whole request by then is closed
		     */
	listener_handle_fn *handle;
	void *ctx;
};

/* Serve. ERR_REFUSED for plain HTTP on an address that is not loopback, unless the
 * configuration says so; others name address, port or file. */
must_check struct err *listener_start(const struct listener_options *options,
				      struct listener **ret);

u16 listener_port(const struct listener *l);
u32 listener_connections(const struct listener *l);

/* Take no more connections; those open are still served. */
void listener_quiesce(struct listener *l);

/* Close all. Every exchange must have been answered. */
void listener_stop(struct listener *l);
static inline void listener_stopp(struct listener **l)
{
	listener_stop(*l);
}

struct listener_header {
	const char *name, *value; /* copied; a NULL value: left out */
};

/* Answer with @status and @body, whose bytes are taken over. Any thread. If there is no
 * memory for it, the connection is closed. */
void exchange_answer(struct exchange *x, unsigned status, const char *content_type,
		     const struct listener_header *headers, size_t num_headers,
		     struct buf *body);

#endif
