#include "trigger/config_priv.h"

#include "base/str.h"
#include "format/ip_prefix.h"

#include <arpa/inet.h>
#include <string.h>

/* Characters of a token that whoever reaches a listener may try to guess. */
#define TOKEN_MIN 16u

/* A listener on loopback may speak plain HTTP. */
static bool is_loopback(const char *address)
{
	struct ip_prefix ip;

	if (!ip_prefix_parse(address, strlen(address), &ip))
		return false;
	if (ip.family == AF_INET)
		return ip.bytes[0] == 127;
	return memcmp(ip.bytes, &in6addr_loopback, 16) == 0;
}

static struct err *read_address(const struct config_reader *rd, const struct json_place *at,
				json_t *value, void *row)
{
	struct config_listener *l = row;
	const char *text = json_string_value(value);
	struct ip_prefix ip;

	if (!text || strchr(text, '/') || !ip_prefix_parse(text, strlen(text), &ip))
		return config_wrong(rd, at, "has to be an IP address, as in \"127.0.0.1\"");
	return config_read_text(rd, at, value, &l->address);
}

static const struct config_field listener_fields[] = {
	CONFIG_OF("address", read_address),
	CONFIG_NUMBER(config_listener, port, CONFIG_U16, 0, 65535),
	CONFIG_FIELD(config_listener, certificate, CONFIG_PATH),
	CONFIG_FIELD(config_listener, key, CONFIG_PATH),
	CONFIG_FIELD(config_listener, plain_anywhere, CONFIG_FLAG),
	CONFIG_FIELD(config_listener, token, CONFIG_SECRET),
};

/* What is read can be read by anybody on the way, and pages by anybody at all. */
static struct err *check_listener(const struct config_reader *rd,
				  const struct json_place *at,
				  const struct config_listener *l, bool needs_token)
{
	if (!l->certificate != !l->key)
		return config_wrong(rd, at, "certificate and key come together");
	if (is_loopback(l->address))
		return NULL;
	if (!l->certificate && (needs_token || !l->plain_anywhere))
		return config_wrong(rd, at,
				    "on an address that is not loopback this needs a "
				    "certificate and its key%s",
				    needs_token ? "" : ", or \"plain_anywhere\": true");
	if (needs_token && !l->token)
		return config_wrong(rd, at,
				    "on an address that is not loopback this needs a "
				    "token");
	if (l->token && strlen(l->token) < TOKEN_MIN)
		return config_wrong(rd, at,
				    "a token of less than %u characters could be guessed "
				    "by whoever reaches this address",
				    TOKEN_MIN);
	return NULL;
}

/* What a listener shows, and to whom. */
enum audience {
	SIGNED,	 /* the API: each request carries a signature */
	SHOWN,	 /* metrics: to anybody, or to those with a token */
	GUARDED, /* pages: away from loopback to those with a token, over TLS */
};

static struct err *read_listener(const struct config_reader *rd,
				 const struct json_place *at, json_t *value,
				 struct config_listener *l, enum audience audience)
{
	struct err *err;

	if (json_is_false(value)) {
		*l = (struct config_listener){0};
		return NULL;
	}
	err = config_read_fields(rd, at, value, listener_fields,
				 ARRAY_SIZE(listener_fields), l);
	if (!err && l->token && audience == SIGNED)
		err = config_wrong(rd, at, "only pages and metrics have a token");
	if (!err && l->plain_anywhere && audience == GUARDED)
		err = config_wrong(rd, at,
				   "pages are not shown in plain HTTP to other hosts");
	return err ? err : check_listener(rd, at, l, audience == GUARDED);
}

static struct err *read_api(const struct config_reader *rd, const struct json_place *at,
			    json_t *value, void *row)
{
	struct config *c = row;

	return read_listener(rd, at, value, &c->api, SIGNED);
}

static struct err *read_pages(const struct config_reader *rd, const struct json_place *at,
			      json_t *value, void *row)
{
	struct config *c = row;

	return read_listener(rd, at, value, &c->pages, GUARDED);
}

static struct err *read_metrics(const struct config_reader *rd, const struct json_place *at,
				json_t *value, void *row)
{
	struct config *c = row;

	return read_listener(rd, at, value, &c->metrics, SHOWN);
}

static const struct config_field bucket_fields[] = {
	CONFIG_NUMBER(config_bucket, tokens, CONFIG_DECIMAL, 0, 1000000000),
	CONFIG_NUMBER(config_bucket, refill_per_s, CONFIG_DECIMAL, 0, 1000000000),
};

static struct err *read_principal_bucket(const struct config_reader *rd,
					 const struct json_place *at, json_t *value,
					 void *row)
{
	struct config_limits *l = row;

	return config_read_fields(rd, at, value, bucket_fields, ARRAY_SIZE(bucket_fields),
				  &l->principal);
}

static struct err *read_other_bucket(const struct config_reader *rd,
				     const struct json_place *at, json_t *value, void *row)
{
	struct config_limits *l = row;

	return config_read_fields(rd, at, value, bucket_fields, ARRAY_SIZE(bucket_fields),
				  &l->unauthenticated);
}

static const struct config_field limit_fields[] = {
	CONFIG_OF("principal", read_principal_bucket),
	CONFIG_OF("unauthenticated", read_other_bucket),
	CONFIG_NUMBER(config_limits, captures_in_flight, CONFIG_U32, 1, 10000),
	CONFIG_NUMBER(config_limits, latch_s, CONFIG_U32, 1, 86400),
	CONFIG_NUMBER(config_limits, duplicate_s, CONFIG_U32, 0, 86400),
	CONFIG_NUMBER(config_limits, connections, CONFIG_U32, 1, 1000000),
	CONFIG_NUMBER(config_limits, replays, CONFIG_SIZE, 1, 10000000),
};

static struct err *read_limits(const struct config_reader *rd, const struct json_place *at,
			       json_t *value, void *row)
{
	struct config *c = row;
	struct err *err = config_read_fields(rd, at, value, limit_fields,
					     ARRAY_SIZE(limit_fields), &c->limits);

	if (!err && c->limits.duplicate_s > c->limits.latch_s)
		err = config_wrong(rd, at, "duplicate_s is longer than latch_s (%u s)",
				   c->limits.latch_s);
	return err;
}

static const struct config_field hook_fields[] = {
	CONFIG_FIELD(config_hooks, webhook, CONFIG_TEXT),
	CONFIG_FIELD(config_hooks, command, CONFIG_LIST),
};

static struct err *read_hooks(const struct config_reader *rd, const struct json_place *at,
			      json_t *value, void *row)
{
	struct config *c = row;
	struct err *err = config_read_fields(rd, at, value, hook_fields,
					     ARRAY_SIZE(hook_fields), &c->hooks);
	const char *url = c->hooks.webhook;

	if (err)
		return err;
	if (url && !str_has_prefix(url, "https://") && !str_has_prefix(url, "http://"))
		return config_wrong(rd, at, "webhook has to be an http:// or https:// URL");
	if (c->hooks.command && (!c->hooks.command[0] || c->hooks.command[0][0] != '/'))
		return config_wrong(rd, at,
				    "command has to begin with the absolute path of a "
				    "program");
	return NULL;
}

static const struct config_field presigned_fields[] = {
	{.name = "allowed",
	 .kind = CONFIG_FLAG,
	 .offset = offsetof(struct config, allows_presigned)},
	{.name = "max_s",
	 .kind = CONFIG_U32,
	 .offset = offsetof(struct config, presigned_max_s),
	 .min = 1,
	 .max = 604800},
};

static struct err *read_presigned(const struct config_reader *rd,
				  const struct json_place *at, json_t *value, void *row)
{
	return config_read_fields(rd, at, value, presigned_fields,
				  ARRAY_SIZE(presigned_fields), row);
}

static struct err *read_proxies(const struct config_reader *rd, const struct json_place *at,
				json_t *value, void *row)
{
	struct config *c = row;
	struct err *err = config_read_list(rd, at, value, &c->trusted_proxies);
	struct ip_prefix ip;

	for (size_t i = 0; !err && c->trusted_proxies[i]; i++) {
		struct json_place here = JSON_ELEMENT(at, i);
		const char *text = c->trusted_proxies[i];

		if (strchr(text, '/') || !ip_prefix_parse(text, strlen(text), &ip))
			err = config_wrong(rd, &here, "has to be an IP address");
	}
	return err;
}

static struct err *read_account(const struct config_reader *rd, const struct json_place *at,
				json_t *value, void *row)
{
	struct err *err = config_read_text(rd, at, value, &rd->load->account);

	return err ? err : config_check_account(rd, at, rd->load->account);
}

static struct err *read_types(const struct config_reader *rd, const struct json_place *at,
			      json_t *value, void *row)
{
	return config_read_list(rd, at, value, &rd->load->types_without);
}

static struct err *read_fallback(const struct config_reader *rd,
				 const struct json_place *at, json_t *value, void *row)
{
	return config_read_fallback(rd, at, value, &rd->load->fallback);
}

static struct err *read_region(const struct config_reader *rd, const struct json_place *at,
			       json_t *value, void *row)
{
	struct config *c = row;

	return config_read_word(rd, at, value, &c->region);
}

static struct err *read_partition(const struct config_reader *rd,
				  const struct json_place *at, json_t *value, void *row)
{
	struct config *c = row;

	return config_read_word(rd, at, value, &c->partition);
}

static const struct config_field server_fields[] = {
	CONFIG_OF("partition", read_partition),
	CONFIG_OF("region", read_region),
	CONFIG_OF("account", read_account),
	CONFIG_OF("api", read_api),
	CONFIG_OF("pages", read_pages),
	CONFIG_OF("metrics", read_metrics),
	CONFIG_NUMBER(config, skew_s, CONFIG_U32, 1, 900),
	CONFIG_OF("presigned", read_presigned),
	CONFIG_OF("trusted_proxies", read_proxies),
	CONFIG_OF("limits", read_limits),
	CONFIG_OF("hooks", read_hooks),
	CONFIG_FIELD(config, state_dir, CONFIG_PATH),
	CONFIG_FIELD(config, audit_file, CONFIG_PATH),
	CONFIG_OF("fallback", read_fallback),
	CONFIG_OF("types_without_interrupt", read_types),
};

/* What holds where inquestd.json says nothing else; docs/inquestd.md has the reasons. */
static const struct config defaults = {
	.partition = "aws",
	.region = "us-east-1",
	.api = {.address = "127.0.0.1", .port = 8480},
	.pages = {.address = "127.0.0.1", .port = 8481},
	.metrics = {.address = "127.0.0.1", .port = 8482},
	.skew_s = 300,
	.presigned_max_s = 60,
	.limits = {.principal = {.tokens = 5, .refill_per_s = 0.1},
		   .unauthenticated = {.tokens = 100, .refill_per_s = 20},
		   .latch_s = 900,
		   .duplicate_s = 600,
		   .connections = 8192,
		   .replays = 65536},
	.state_dir = "/var/lib/inquestd",
	.audit_file = "/var/log/inquestd/audit.jsonl",
};

static const char *const types_without[] = {"a1.*", NULL};

struct err *config_read_server(struct config_load *l, const struct config_file *f)
{
	const struct config_reader rd = {.load = l, .file = f};

	*l->config = defaults;
	l->account = "123456789012";
	l->types_without = types_without;
	l->fallback = (struct config_fallback){
		.action = CONFIG_LEAVE, .quiet_s = 300, .no_sign_s = 60};
	return config_read_fields(&rd, JSON_WHOLE, f->root, server_fields,
				  ARRAY_SIZE(server_fields), l->config);
}

/* So that one script cannot panic a fleet: two in a hundred, one at least. */
struct err *config_finish_server(struct config_load *l)
{
	u32 *cap = &l->config->limits.captures_in_flight;

	if (!*cap)
		*cap = (u32)max_u64(1, l->num_instances / 50);
	return l->num_instances ? NULL : config_warn(l, "no instance is configured");
}
