/* One request of a listener, from its first line to its answer. */
#include "trigger/listener_priv.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

static void exchange_free(struct exchange *x)
{
	if (!x)
		return;
	if (x->response)
		MHD_destroy_response(x->response);
	pthread_mutex_destroy(&x->lock);
	buf_deinit(&x->body);
	free(x->headers);
	free(x->target);
	free(x);
}

/* Called with the first line, before the library takes the target apart in place. */
void *exchange_begin(void *ctx, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->listener = ctx;
	x->connection = connection;
	x->target = strdup(uri);
	pthread_mutex_init(&x->lock, NULL);
	if (!x->target) {
		exchange_free(x);
		return NULL;
	}
	return x;
}

void exchange_end(void *ctx, struct MHD_Connection *connection, void **exchange,
		  enum MHD_RequestTerminationCode how)
{
	struct exchange *x = *exchange;

	*exchange = NULL;
	if (!x)
		return;
	if (x->wire)
		wire_set_busy(x->listener, x->wire, false);
	/* Whoever answered may still be about to let go of the lock. */
	pthread_mutex_lock(&x->lock);
	pthread_mutex_unlock(&x->lock);
	exchange_free(x);
}

static enum MHD_Result count_header(void *ctx, enum MHD_ValueKind kind, const char *name,
				    const char *value)
{
	struct exchange *x = ctx;

	x->num_headers++;
	x->header_bytes += strlen(name) + (value ? strlen(value) : 0) + 4;
	return MHD_YES;
}

static enum MHD_Result take_header(void *ctx, enum MHD_ValueKind kind, const char *name,
				   const char *value)
{
	struct exchange *x = ctx;
	struct sigv4_request *http = &x->request.http;

	if (http->num_headers < x->num_headers)
		x->headers[http->num_headers++] =
			(struct sigv4_header){name, value ? value : ""};
	return MHD_YES;
}

static void read_peer(struct exchange *x)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	char *text = x->request.peer_address;

	if (info && info->client_addr->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)info->client_addr;

		inet_ntop(AF_INET, &in->sin_addr, text, LISTENER_TEXT_ADDRESS);
	} else if (info && info->client_addr->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)info->client_addr;

		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
			inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, text,
				  LISTENER_TEXT_ADDRESS);
		else
			inet_ntop(AF_INET6, &in6->sin6_addr, text, LISTENER_TEXT_ADDRESS);
	}
}

/* All of the request into x->request; the header's strings stay the library's. */
static void gather(struct exchange *x, const char *method)
{
	struct listener_request *r = &x->request;
	char *question = strchr(x->target, '?');

	if (question)
		*question = '\0';
	r->http.method = method;
	r->http.path = x->target;
	r->http.query = question ? question + 1 : NULL;
	r->http.body = buf_text(&x->body);
	r->http.body_len = x->body.len;
	r->is_tls = x->listener->is_tls;
	read_peer(x);
	if (x->is_body_too_large) {
		r->too_large = "The body of the request is larger than 16 KiB.";
		return;
	}
	MHD_get_connection_values(x->connection, MHD_HEADER_KIND, count_header, x);
	x->header_bytes += strlen(x->target) + (question ? strlen(question + 1) : 0);
	if (x->num_headers > LISTENER_HEADERS_MAX ||
	    x->header_bytes > LISTENER_HEADER_MAX) {
		r->too_large =
			"The header of the request is larger than 16 KiB or has more "
			"than 100 lines.";
		return;
	}
	x->headers = calloc(x->num_headers + 1, sizeof(x->headers[0]));
	x->is_out_of_memory = !x->headers || x->body.failed;
	if (x->headers)
		MHD_get_connection_values(x->connection, MHD_HEADER_KIND, take_header, x);
	r->http.headers = x->headers;
}

/* Add a piece of the body. What is beyond the bound is read and dropped, so that the client
 * reads our answer; how long it may go on is the watchdog's business. */
static void take_body(struct exchange *x, const char *data, size_t len)
{
	if (x->body.len + len > LISTENER_BODY_MAX) {
		x->is_body_too_large = true;
		return;
	}
	buf_add(&x->body, data, len);
}

static void start(struct exchange *x)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	x->is_started = true;
	x->wire = info ? info->socket_context : NULL;
}

/* The request is whole. The handler may answer in here, or the connection is put to sleep
 * until it does. */
static enum MHD_Result hand_over(struct exchange *x, const char *method)
{
	struct listener *l = x->listener;
	bool is_answered;

	if (x->wire)
		wire_set_busy(l, x->wire, true);
	gather(x, method);
	if (x->is_out_of_memory)
		return MHD_NO;
	l->handle(l->ctx, x, &x->request);
	pthread_mutex_lock(&x->lock);
	is_answered = x->is_answered;
	if (!is_answered) {
		MHD_suspend_connection(x->connection);
		x->is_suspended = true;
	}
	pthread_mutex_unlock(&x->lock);
	if (!is_answered)
		return MHD_YES;
	return x->response ? MHD_queue_response(x->connection, x->status, x->response)
			   : MHD_NO;
}

enum MHD_Result exchange_handle(void *ctx, struct MHD_Connection *connection,
				const char *url, const char *method, const char *version,
				const char *data, size_t *data_len, void **exchange)
{
	struct exchange *x = *exchange;

	if (!x)
		return MHD_NO;
	if (x->is_answered)
		return x->response ? MHD_queue_response(connection, x->status, x->response)
				   : MHD_NO;
	if (!x->is_started) {
		start(x);
		return MHD_YES;
	}
	if (*data_len) {
		take_body(x, data, *data_len);
		*data_len = 0;
		return MHD_YES;
	}
	return hand_over(x, method);
}

static struct MHD_Response *make_response(const char *content_type,
					  const struct listener_header *headers,
					  size_t num_headers, struct buf *body)
{
	struct MHD_Response *r;
	bool good;

	if (body->failed)
		return NULL;
	r = MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_FREE);
	if (!r)
		return NULL;
	*body = BUF_INIT;
	good = MHD_add_response_header(r, "Content-Type", content_type) == MHD_YES;
	for (size_t i = 0; i < num_headers && good; i++)
		if (headers[i].value)
			good = MHD_add_response_header(r, headers[i].name,
						       headers[i].value) == MHD_YES;
	if (good)
		return r;
	MHD_destroy_response(r);
	return NULL;
}

void exchange_answer(struct exchange *x, unsigned status, const char *content_type,
		     const struct listener_header *headers, size_t num_headers,
		     struct buf *body)
{
	struct MHD_Response *response =
		make_response(content_type, headers, num_headers, body);

	buf_deinit(body);
	pthread_mutex_lock(&x->lock);
	x->response = response;
	x->status = status;
	x->is_answered = true;
	if (x->is_suspended)
		MHD_resume_connection(x->connection);
	pthread_mutex_unlock(&x->lock);
}
