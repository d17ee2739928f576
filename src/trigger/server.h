/*
 * The interrupt service as a whole: API and metrics on their sockets, with the engine
 * behind them, under one configuration that can be replaced while it runs.
 *
 * server_start() returns once requests are taken. Sentences that nobody waits for go to the
 * log function, from any thread.
 */
#ifndef TRIGGER_SERVER_H
#define TRIGGER_SERVER_H

#include "trigger/engine.h"

struct server;

typedef void server_log_fn(void *ctx, const char *sentence);

/* Takes a reference of @config. */
must_check struct err *server_start(const struct config *config, server_log_fn *log,
				    void *ctx, struct server **ret);

/* Another configuration for requests from now on; those under way keep theirs. Listeners
 * and places of files stay as they were: a sentence for each that would need a new start
 * goes to the log. */
must_check struct err *server_reconfigure(struct server *s, const struct config *config);

/* Take no more connections, let those in progress be answered, stop. */
void server_stop(struct server *s);
static inline void server_stopp(struct server **s)
{
	server_stop(*s);
}

/* What was bound; 0 where there is no such listener. */
u16 server_api_port(const struct server *s);
u16 server_pages_port(const struct server *s);
u16 server_metrics_port(const struct server *s);

struct engine *server_engine(struct server *s);

#endif
