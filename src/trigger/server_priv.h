/* What the parts of the server share. */
#ifndef TRIGGER_SERVER_PRIV_H
#define TRIGGER_SERVER_PRIV_H

#include "trigger/api.h"
#include "trigger/listener.h"
#include "trigger/server.h"

#include <pthread.h>
#include <stdatomic.h>

struct server {
	pthread_mutex_t lock; /* of config */
	const struct config *config;
	struct engine *engine;
	struct audit_queue *record;
	struct api *api;
	struct listener *api_listener, *pages_listener, *metrics_listener;
	server_log_fn *log;
	void *ctx;
	_Atomic u64 requests, too_large, reloads;
	_Atomic u32 in_flight; /* handed to the engine */
};

/* The configuration of just now, with a reference for the caller. */
const struct config *server_config(struct server *s);

/* server_metrics.c: GET /metrics. */
void server_handle_metrics(void *ctx, struct exchange *x, const struct listener_request *r);

/* server_pages.c */
void server_handle_pages(void *ctx, struct exchange *x, const struct listener_request *r);

#endif
