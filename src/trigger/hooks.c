#include "trigger/hooks.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cancel.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/io.h"

#define TRIES		   3u
#define WEBHOOK_TIMEOUT_MS 10000l
#define COMMAND_TIMEOUT_MS 60000u
#define PAUSE_MS	   1000u

static void easy_cleanupp(CURL **c)
{
	curl_easy_cleanup(*c);
}

static void slist_freep(struct curl_slist **l)
{
	curl_slist_free_all(*l);
}

static size_t drop(char *data, size_t size, size_t count, void *ctx)
{
	(void)data;
	(void)ctx;
	return size * count;
}

static int check_cancel(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)a, (void)b, (void)c, (void)d;
	return cancel_is_set(ctx);
}

static must_check struct err *post(const char *url, const char *body,
				   const volatile sig_atomic_t *cancel)
{
	cleanup(easy_cleanupp) CURL *curl = curl_easy_init();
	cleanup(slist_freep) struct curl_slist *headers =
		curl_slist_append(NULL, "Content-Type: application/json");
	CURLcode code;
	long status = 0;

	if (!curl || !headers)
		return err_nomem();
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, WEBHOOK_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1l);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0l);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, check_cancel);
	/* libcurl hands it back as it is; nothing writes through it. */
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, (void *)(uintptr_t)cancel);
	code = curl_easy_perform(curl);
	if (code != CURLE_OK)
		return err_new(ERR_OS, "webhook: %s", curl_easy_strerror(code));
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 299)
		return err_new(ERR_OS, "webhook: it answered with status %ld", status);
	return NULL;
}

static must_check struct err *run(const char *const *argv, const char *body,
				  const volatile sig_atomic_t *cancel)
{
	cleanup(child_output_deinit) struct child_output output = {0};
	cleanup(buf_deinit) struct buf reason = BUF_INIT;
	cleanup(closep) int fd = memfd_create("capture", MFD_CLOEXEC);
	struct child_spec spec = {.argv = argv, .stdin_fd = fd};
	struct err *err;

	if (fd < 0)
		return err_os(errno, "a file in memory");
	err = io_pwrite_all(fd, body, strlen(body), 0, "a file in memory");
	if (!err)
		err = child_run(&spec, COMMAND_TIMEOUT_MS, cancel, &output);
	if (err)
		return err_wrap(err, "command %s", argv[0]);
	if (!output.status)
		return NULL;
	child_output_reason(&output, &reason);
	return err_new(ERR_OS, "command %s: exit status %d: %s", argv[0], output.status,
		       buf_text(&reason));
}

static must_check struct err *try_each(const struct config_hooks *hooks, const char *body,
				       const volatile sig_atomic_t *cancel,
				       bool *has_webhook, bool *has_command)
{
	struct err *err = NULL, *second = NULL;

	if (*has_webhook)
		err = post(hooks->webhook, body, cancel);
	*has_webhook &= err != NULL;
	if (*has_command)
		second = run(hooks->command, body, cancel);
	*has_command &= second != NULL;
	if (!err)
		return second;
	err_free(second);
	return err;
}

must_check struct err *hooks_tell(const struct config_hooks *hooks, const json_t *capture,
				  const volatile sig_atomic_t *cancel)
{
	cleanup(freep) char *body = json_dumps(capture, JSON_COMPACT);
	bool has_webhook = hooks->webhook, has_command = hooks->command;
	struct err *err = NULL;

	if (!body)
		return err_nomem();
	for (unsigned i = 0; i < TRIES && (has_webhook || has_command); i++) {
		err_free(err);
		if (i)
			clock_sleep_ms(PAUSE_MS << i);
		err = try_each(hooks, body, cancel, &has_webhook, &has_command);
		if (cancel_is_set(cancel))
			break;
	}
	return err;
}
