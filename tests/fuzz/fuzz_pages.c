#include "fuzz.h"

#include "trigger/capture_json.h"
#include "trigger/pages.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct err *list(void *ctx, const char *instance_id, size_t max, json_t **ret)
{
	return captures_to_json(NULL, 0, ret);
}

static struct err *capture(void *ctx, const char *capture_id, json_t **ret)
{
	return err_new(ERR_ABSENT, "there is no capture %s", capture_id);
}

static bool status(void *ctx, const char *instance_id, struct engine_status *ret)
{
	return false;
}

/* Lines: method, path, query, host, accept, authorization, cookie; then the body. */
enum { METHOD, PATH, QUERY, HOST, ACCEPT, AUTHORIZATION, COOKIE, NUM_LINES };

static void ask(const struct config *config, char **lines, const char *body, size_t len)
{
	const struct pages_site site = {config, NULL, list, capture, status};
	const struct pages_request r = {.method = lines[METHOD],
					.path = lines[PATH],
					.query = lines[QUERY],
					.host = lines[HOST],
					.accept = lines[ACCEPT],
					.authorization = lines[AUTHORIZATION],
					.cookie = lines[COOKIE],
					.body = body,
					.body_len = len};
	struct pages_answer a;
	struct err *err = pages_answer(&site, &r, &a);

	assert(!err);
	assert(a.status >= 200 && a.status <= 500 && a.content_type);
	assert(!strstr(buf_text(&a.body), "<script"));
	assert(!a.location[0] || (a.location[0] == '/' && a.location[1] != '/'));
	for (size_t i = 0; i < a.num_headers; i++)
		assert(!strpbrk(a.headers[i].value, "\r\n"));
	pages_answer_deinit(&a);
}

/* Whatever is asked, with and without a token, there is an answer, and nothing of the
 * question is markup or a header in it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct config_instance instance = {.id = "i-0123456789abcdef0"};
	struct config config = {.pages = {.address = "127.0.0.1"},
				.instances = &instance,
				.num_instances = 1};
	char *text = malloc(size + 1), *at = text, *lines[NUM_LINES];

	assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < NUM_LINES; i++) {
		char *end = memchr(at, '\n', (size_t)(text + size - at));

		lines[i] = at;
		at = end ? end + 1 : text + size;
		if (end)
			*end = '\0';
	}
	ask(&config, lines, at, (size_t)(text + size - at));
	config.pages.token = "open sesame";
	ask(&config, lines, at, (size_t)(text + size - at));
	free(text);
	return 0;
}
