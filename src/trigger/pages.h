/*
 * The web page of the service: instances, captures, one capture's timeline, and its report
 * when it has arrived; the same as JSON.
 *
 * From a request to an answer, without sockets: the server calls this for each request on
 * the listener of the pages. Nothing is changed by a page. All text from a request, a guest
 * or a dump is escaped; a page refers to nothing but its own style sheet and has no script.
 * docs/inquestd.md says what is shown and to whom. Any thread, as far as the callbacks of
 * the site may be called from any; reads files of the dump directories.
 */
#ifndef TRIGGER_PAGES_H
#define TRIGGER_PAGES_H

#include "trigger/engine.h"

/* What there is to show. Borrowed. */
struct pages_site {
	const struct config *config; /* its pages.token: NULL, none is needed */
	void *ctx;		     /* of these, which are as engine_…() */
	struct err *(*list)(void *ctx, const char *instance_id, size_t max, json_t **ret);
	struct err *(*capture)(void *ctx, const char *capture_id, json_t **ret);
	bool (*status)(void *ctx, const char *instance_id, struct engine_status *ret);
};

/* What was asked, as received. NULL: not in the request. */
struct pages_request {
	const char *method;
	const char *path;  /* not decoded, without "?" and what is behind it */
	const char *query; /* what is behind it */
	const char *host, *accept, *authorization, *cookie;
	const void *body;
	size_t body_len;
	bool is_tls;
};

struct pages_header {
	const char *name, *value;
};

#define PAGES_HEADERS_MAX 12u
#define PAGES_PATH_MAX	  128u

/* Values of headers live as long as the answer stays in its place. */
struct pages_answer {
	unsigned status;
	const char *content_type;
	struct pages_header headers[PAGES_HEADERS_MAX];
	size_t num_headers;
	char location[PAGES_PATH_MAX], cookie[160];
	struct buf body;
};

/* The only error is ERR_NOMEM: what else goes wrong is an answer that says so. The caller
 * calls pages_answer_deinit() in any case. */
must_check struct err *pages_answer(const struct pages_site *site,
				    const struct pages_request *r,
				    struct pages_answer *ret);
void pages_answer_deinit(struct pages_answer *a);

#endif
