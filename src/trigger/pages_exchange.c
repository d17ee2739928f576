#include "trigger/pages_exchange.h"

#include <string.h>
#include <strings.h>

/* NULL if there is none, or more than one: nobody may ask which of them counts. */
static const char *find_header(const struct sigv4_request *http, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < http->num_headers; i++) {
		if (strcasecmp(http->headers[i].name, name) != 0)
			continue;
		if (found)
			return NULL;
		found = http->headers[i].value;
	}
	return found;
}

static void refuse(struct exchange *x, unsigned status, const char *sentence)
{
	struct buf body = BUF_INIT;

	buf_printf(&body, "%s\n", sentence);
	exchange_answer(x, status, "text/plain; charset=utf-8", NULL, 0, &body);
}

void pages_exchange(const struct pages_site *site, struct exchange *x,
		    const struct listener_request *r)
{
	const struct pages_request request = {
		.method = r->http.method,
		.path = r->http.path,
		.query = r->http.query,
		.host = find_header(&r->http, "Host"),
		.accept = find_header(&r->http, "Accept"),
		.authorization = find_header(&r->http, "Authorization"),
		.cookie = find_header(&r->http, "Cookie"),
		.body = r->http.body,
		.body_len = r->http.body_len,
		.is_tls = r->is_tls,
	};
	struct listener_header headers[PAGES_HEADERS_MAX];
	struct pages_answer a;
	struct err *err;

	if (r->too_large) {
		refuse(x, 413, r->too_large);
		return;
	}
	err = pages_answer(site, &request, &a);
	if (err) {
		pages_answer_deinit(&a);
		refuse(x, 500, err_message(err));
		err_free(err);
		return;
	}
	for (size_t i = 0; i < a.num_headers; i++)
		headers[i] =
			(struct listener_header){a.headers[i].name, a.headers[i].value};
	exchange_answer(x, a.status, a.content_type, headers, a.num_headers, &a.body);
}
