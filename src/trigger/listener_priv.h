/* What the two halves of a listener share: the daemon, and what becomes of one request. */
#ifndef TRIGGER_LISTENER_PRIV_H
#define TRIGGER_LISTENER_PRIV_H

#include "trigger/listener.h"

#include <microhttpd.h>
#include <pthread.h>

/* One connection: since when it owes us a whole request. */
struct wire {
	struct wire *next, *prev;
	int fd;
	bool is_busy; /* being answered: not its fault if that takes long */
	u64 since_ms;
};

struct listener {
	struct MHD_Daemon *daemon;
	listener_handle_fn *handle;
	void *ctx;
	bool is_tls, is_quiet;
	int quiet_fd;
	u16 port;
	u32 idle_s;
	pthread_mutex_t lock; /* of what follows */
	struct wire *wires;
	u32 num_wires;
	bool is_ending;
	pthread_cond_t ending;
	pthread_t watchdog;
	bool has_watchdog;
};

struct exchange {
	struct listener *listener;
	struct MHD_Connection *connection;
	struct wire *wire;
	char *target; /* as received; path and query point into it */
	struct buf body;
	bool is_started, is_body_too_large;
	struct sigv4_header *headers;
	size_t num_headers, header_bytes;
	bool is_out_of_memory;
	struct listener_request request;
	pthread_mutex_t lock;
	bool is_suspended, is_answered;
	struct MHD_Response *response;
	unsigned status;
};

/* Callbacks of libmicrohttpd. */
void *exchange_begin(void *ctx, const char *uri, struct MHD_Connection *connection);
enum MHD_Result exchange_handle(void *ctx, struct MHD_Connection *connection,
				const char *url, const char *method, const char *version,
				const char *data, size_t *data_len, void **exchange);
void exchange_end(void *ctx, struct MHD_Connection *connection, void **exchange,
		  enum MHD_RequestTerminationCode how);

/* The connection's wire begins to wait for a request, or is being answered. */
void wire_set_busy(struct listener *l, struct wire *w, bool is_busy);

#endif
