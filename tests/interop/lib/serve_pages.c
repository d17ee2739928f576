/*
 * Serves the pages of inquestd with what a hostile guest would have in them, on a free port
 * of 127.0.0.1, which it prints: serve_pages DUMP-DIRECTORY [TOKEN]. Ends with its standard
 * input.
 */
#include "trigger/capture_json.h"
#include "trigger/pages_exchange.h"

#include "base/str.h"

#include <stdio.h>

#define ID	"5ee0a3f2-4c1f-4d0e-9f8a-00000000000"
#define HOSTILE "\"'><script>document.title='run'</script><img src=x onerror=alert(1)>"

/* What is the same for all requests. */
struct site {
	struct config config;
	struct capture captures[CAPTURE_NUM_STATES];
	struct pages_site pages;
};

static struct err *list(void *ctx, const char *instance_id, size_t max, json_t **ret)
{
	struct site *s = ctx;

	return captures_to_json(s->captures, CAPTURE_NUM_STATES, ret);
}

static struct err *capture(void *ctx, const char *capture_id, json_t **ret)
{
	static const struct capture_step steps[] = {
		{1792584000123, CAPTURE_REQUESTED, (char *)"asked for by alice"},
		{1792584000999, CAPTURE_INJECTED, (char *)"the interrupt was injected"},
		{1792584001000, CAPTURE_INJECTED,
		 (char *)"before the interrupt CPU 0 was at ffffffff8c8592eb in the kernel, "
			 "halted; what was seen before the interrupt is in "
			 "/var/lib/inquestd/evidence/6b6fe57d-cda6-4004-8824-f4bdd5c498ac.txt"},
		{1792584003000, CAPTURE_PANICKED, (char *)"the guest says " HOSTILE},
	};
	struct site *s = ctx;

	for (size_t i = 0; i < CAPTURE_NUM_STATES; i++)
		if (str_eq(s->captures[i].id, capture_id))
			return capture_to_json(&s->captures[i], steps, ARRAY_SIZE(steps),
					       ret);
	return err_new(ERR_ABSENT, "there is no capture %s", capture_id);
}

static bool status(void *ctx, const char *instance_id, struct engine_status *ret)
{
	struct site *s = ctx;

	if (!str_eq(instance_id, s->captures[0].instance_id))
		return false;
	ret->state = s->captures[0].state;
	snprintf(ret->capture_id, sizeof(ret->capture_id), "%s", s->captures[0].id);
	ret->changed_ms = s->captures[0].changed_ms;
	return true;
}

static void handle(void *ctx, struct exchange *x, const struct listener_request *r)
{
	pages_exchange(ctx, x, r);
}

static void fill(struct site *s, char *dump)
{
	for (unsigned i = 0; i < CAPTURE_NUM_STATES; i++) {
		struct capture *c = &s->captures[i];

		*c = (struct capture){
			.instance_id = (char *)"i-0123456789abcdef0",
			.account = (char *)"123456789012",
			.region = (char *)"us-east-1",
			.principal_arn = (char *)"arn:aws:iam::123456789012:user/alice",
			.request_id = (char *)"0a1b2c3d-0000-4000-8000-000000000001",
			.state = (enum capture_state)i,
			.reason = (char *)"it said " HOSTILE,
			.dump_path = dump,
			.requested_ms = 1792584000123 - (s64)i * 3600000,
			.injected_ms = 1792584000999,
			.changed_ms = 1792584060000,
			.absorbed = 2,
		};
		snprintf(c->id, sizeof(c->id), ID "%x", i);
	}
}

int main(int argc, char **argv)
{
	static const struct config_tag tag = {"Name", "web-1 " HOSTILE};
	struct config_instance instances[2] = {
		{.id = "i-0123456789abcdef0",
		 .account = "123456789012",
		 .region = "us-east-1",
		 .type = "m5.large",
		 .tags = &tag,
		 .num_tags = 1,
		 .has_interrupt = true},
		{.id = "i-0123456789abcdef1",
		 .account = "123456789012",
		 .region = "us-east-1",
		 .type = "a1.large"},
	};
	struct site s = {.config = {.pages = {.address = "127.0.0.1"},
				    .instances = instances,
				    .num_instances = 2}};
	struct listener_options options = {.where = &s.config.pages,
					   .connections = 64,
					   .threads = 2,
					   .idle_s = 20,
					   .handle = handle,
					   .ctx = &s.pages};
	struct listener *l = NULL;
	char dump[4096];
	struct err *err;

	if (argc < 2)
		return 2;
	snprintf(dump, sizeof(dump), "%s/web-1-2026", argv[1]);
	instances[0].dump_dir = argv[1];
	s.config.pages.token = argc > 2 ? argv[2] : NULL;
	s.pages = (struct pages_site){&s.config, &s, list, capture, status};
	fill(&s, dump);
	err = listener_start(&options, &l);
	if (err) {
		fprintf(stderr, "%s\n", err_message(err));
		err_free(err);
		return 1;
	}
	printf("%u\n", listener_port(l));
	fflush(stdout);
	while (getchar() != EOF)
		;
	listener_stop(l);
	return 0;
}
