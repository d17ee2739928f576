/* The listener of the pages: what the engine knows, shown by pages.c. */
#include "trigger/pages_exchange.h"
#include "trigger/server_priv.h"

static struct err *list(void *ctx, const char *instance_id, size_t max, json_t **ret)
{
	return engine_list_json(ctx, instance_id, max, ret);
}

static struct err *capture(void *ctx, const char *capture_id, json_t **ret)
{
	return engine_capture_json(ctx, capture_id, ret);
}

static bool status(void *ctx, const char *instance_id, struct engine_status *ret)
{
	return engine_find_status(ctx, instance_id, ret);
}

void server_handle_pages(void *ctx, struct exchange *x, const struct listener_request *r)
{
	struct server *s = ctx;
	cleanup(config_unrefp) const struct config *config = server_config(s);
	const struct pages_site site = {
		.config = config,
		.ctx = s->engine,
		.list = list,
		.capture = capture,
		.status = status,
	};

	pages_exchange(&site, x, r);
}
