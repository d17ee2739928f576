/* Who asks: the signature, the key that made it, and from where. */
#include "trigger/api_priv.h"

#include "base/str.h"
#include "format/ip_prefix.h"

#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static bool is_trusted(const struct config *config, const char *address)
{
	for (const char *const *p = config->trusted_proxies; p && *p; p++)
		if (str_eq(*p, address))
			return true;
	return false;
}

/* The value of the only header of that name; NULL for none or several. */
static const char *only_header(const struct call *c, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < c->r->http.num_headers; i++) {
		if (strcasecmp(c->r->http.headers[i].name, name) != 0)
			continue;
		if (value)
			return NULL;
		value = c->r->http.headers[i].value;
	}
	return value;
}

/* The last address of X-Forwarded-For that is not one of our proxies: what stands before it
 * anybody can have written. Only where the peer is such a proxy. */
static void find_source(struct call *c)
{
	const char *list = is_trusted(c->config, c->r->peer_address)
				   ? only_header(c, "x-forwarded-for")
				   : NULL;
	size_t end = list ? strlen(list) : 0;
	char address[sizeof(c->source_ip)];
	struct ip_prefix ip;

	snprintf(c->source_ip, sizeof(c->source_ip), "%s", c->r->peer_address);
	while (end) {
		size_t start = end, len;

		while (start && list[start - 1] != ',')
			start--;
		len = end - start;
		end = start ? start - 1 : 0;
		while (len && list[start] == ' ')
			start++, len--;
		while (len && list[start + len - 1] == ' ')
			len--;
		if (len >= sizeof(address) || !ip_prefix_parse(list + start, len, &ip))
			return;
		snprintf(address, sizeof(address), "%.*s", (int)len, list + start);
		snprintf(c->source_ip, sizeof(c->source_ip), "%s", address);
		if (!is_trusted(c->config, address))
			return;
	}
}

/* Whose bucket: an address, or the 64 bits that one customer has of IPv6. */
static void name_source(struct call *c)
{
	char name[IP_TEXT_SIZE] = "other";
	struct ip_prefix ip;

	if (ip_prefix_parse(c->source_ip, strlen(c->source_ip), &ip)) {
		if (ip.family == AF_INET6)
			memset(ip.bytes + 8, 0, 8);
		ip_format(name, &ip);
	}
	snprintf(c->source, sizeof(c->source), "%s", name);
}

void api_find_source(struct call *c)
{
	find_source(c);
	name_source(c);
}

static enum api_code judge(struct call *c, struct sigv4_outcome *outcome)
{
	static const enum api_code as_code[] = {
		[SIGV4_GOOD] = API_OK,
		[SIGV4_ABSENT] = API_MISSING_TOKEN,
		[SIGV4_INCOMPLETE] = API_INCOMPLETE_SIGNATURE,
		[SIGV4_WRONG] = API_AUTH_FAILURE,
		[SIGV4_EXPIRED] = API_EXPIRED,
	};
	const struct sigv4_rules rules = {
		.region = c->config->region,
		.service = "ec2",
		.skew_s = c->config->skew_s,
		.allows_presigned = c->config->allows_presigned,
		.presigned_max_s = c->config->presigned_max_s,
	};
	struct sigv4_key key;
	struct err *err = sigv4_claim_read(&c->r->http, &c->claim, outcome);

	if (!err && outcome->verdict == SIGV4_GOOD) {
		const struct config_key *k =
			config_find_key(c->config, c->claim.access_key);

		if (k)
			key = (struct sigv4_key){k->secret, k->session_token, k->expires};
		err = sigv4_verify(&c->r->http, &c->claim, &rules, k ? &key : NULL,
				   c->r->now_ms / 1000, outcome);
		c->key = k;
	}
	if (err) {
		c->err = err;
		return API_INTERNAL;
	}
	return as_code[outcome->verdict];
}

enum api_code api_authenticate(struct call *c)
{
	struct sigv4_outcome outcome;
	enum api_code code;
	const struct config_bucket *rule = &c->config->limits.unauthenticated;

	/* Those who only guess do not get us to do sums for them. */
	if (!buckets_have(c->api->by_address, c->source, rule->tokens, rule->refill_per_s,
			  c->r->monotonic_ms))
		return api_say(c, API_LIMIT, "Request limit exceeded.");
	code = judge(c, &outcome);
	if (code == API_OK) {
		c->principal = c->key->principal;
		return API_OK;
	}
	if (code == API_INTERNAL)
		return code;
	buckets_take(c->api->by_address, c->source, rule->tokens, rule->refill_per_s,
		     c->r->monotonic_ms);
	return api_say(c, code, "%s", outcome.why);
}
