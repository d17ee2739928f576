/*
 * An instance of EC2 itself, or of whatever speaks its API: SendDiagnosticInterrupt, signed
 * with our own keys and sent once. AWS's clients send it up to five times; here the answer
 * that is lost leaves the outcome unknown.
 */
#include "access/sigv4.h"
#include "backend/authority_priv.h"
#include "backend/backend_kind_priv.h"
#include "backend/http_priv.h"
#include "base/clock.h"
#include "base/str.h"
#include "format/ec2_answer.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#define REGION_MAX   32u
#define INSTANCE_MAX 19u
#define HEADERS_MAX  6u
#define CONTENT_TYPE "application/x-www-form-urlencoded; charset=utf-8"

struct ec2 {
	char region[REGION_MAX + 1], instance[INSTANCE_MAX + 1];
	char *url, *host; /* of the Host header, with a port where it is not the usual */
	char *access_key, *secret, *session_token, *ca_file;
};

static void ec2_close(void *self)
{
	struct ec2 *e = self;

	free(e->url);
	free(e->host);
	free(e->access_key);
	str_free_secret(e->secret);
	str_free_secret(e->session_token);
	free(e->ca_file);
	free(e);
}

/* ---- the address ---- */

static struct err *take_names(struct ec2 *e, const char *rest)
{
	size_t region = strcspn(rest, "/");
	const char *id = rest + region + 1;
	size_t digits;

	if (!region || region > REGION_MAX || !rest[region] ||
	    strspn(rest, "abcdefghijklmnopqrstuvwxyz0123456789-") < region)
		return backend_bad_address(&backend_kind_ec2, "no region");
	digits = str_has_prefix(id, "i-") ? strspn(id + 2, "0123456789abcdef") : 0;
	if ((digits != 8 && digits != 17) || id[2 + digits])
		return backend_bad_address(
			&backend_kind_ec2,
			"an instance ID is i- and 8 or 17 hexadecimal digits");
	memcpy(e->region, rest, region);
	memcpy(e->instance, id, 2 + digits);
	return NULL;
}

static struct err *take_aws_endpoint(struct ec2 *e)
{
	const char *suffix = str_has_prefix(e->region, "cn-") ? ".cn" : "";

	if (asprintf(&e->host, "ec2.%s.amazonaws.com%s", e->region, suffix) < 0)
		e->host = NULL;
	if (e->host && asprintf(&e->url, "https://%s/", e->host) < 0)
		e->url = NULL;
	return e->host && e->url ? NULL : err_nomem();
}

static struct err *make_endpoint(struct ec2 *e, bool is_plain,
				 const struct backend_authority *where)
{
	const char *scheme = is_plain ? "http" : "https";
	char port[16] = "";

	if (where->port && where->port != (is_plain ? 80 : 443))
		snprintf(port, sizeof(port), ":%u", where->port);
	if (asprintf(&e->host, "%s%s%s%s", where->is_ipv6 ? "[" : "", where->host,
		     where->is_ipv6 ? "]" : "", port) < 0)
		e->host = NULL;
	if (e->host && asprintf(&e->url, "%s://%s/", scheme, e->host) < 0)
		e->url = NULL;
	return e->host && e->url ? NULL : err_nomem();
}

static struct err *take_endpoint(struct ec2 *e, const char *endpoint)
{
	cleanup(backend_authority_deinit) struct backend_authority where = {0};
	bool is_plain = str_has_prefix(endpoint, "http://");
	struct err *err;

	if (!is_plain && !str_has_prefix(endpoint, "https://"))
		return err_new(ERR_USAGE, "an endpoint is https://HOST[:PORT]");
	err = backend_authority_parse(endpoint + strlen(is_plain ? "http://" : "https://"),
				      &where);
	if (err)
		return err_wrap(err, "endpoint");
	if (where.username || (*where.path && !str_eq(where.path, "/")))
		return err_new(ERR_USAGE,
			       "an endpoint is https://HOST[:PORT] and nothing more");
	if (is_plain && !http_is_loopback(where.host))
		return err_new(ERR_USAGE,
			       "endpoint %s: without TLS only this machine itself is asked",
			       where.host);
	return make_endpoint(e, is_plain, &where);
}

static struct err *fill(struct ec2 *e, const struct backend_address *a, const char *rest)
{
	struct err *err = take_names(e, rest);

	if (!err)
		err = a->endpoint ? take_endpoint(e, a->endpoint) : take_aws_endpoint(e);
	if (err)
		return err;
	if (!a->username || !a->password)
		return err_new(
			ERR_USAGE,
			"ec2: keys are needed: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment of inquest, username and password in the configuration of inquestd");
	if (!str_copy(a->username, &e->access_key) || !str_copy(a->password, &e->secret) ||
	    !str_copy(a->session_token, &e->session_token) ||
	    !str_copy(a->ca_file, &e->ca_file))
		return err_nomem();
	return NULL;
}

static struct err *ec2_open(const struct backend_address *a, const char *rest,
			    struct buf *name, void **ret_self)
{
	struct ec2 *e = calloc(1, sizeof(*e));
	struct err *err;

	if (!e)
		return err_nomem();
	err = fill(e, a, rest);
	if (err) {
		ec2_close(e);
		return err;
	}
	buf_printf(name, "EC2 instance %s at %s", e->instance, e->host);
	*ret_self = e;
	return NULL;
}

/* ---- one request ---- */

struct headers {
	struct buf lines[HEADERS_MAX];
	const char *texts[HEADERS_MAX];
	size_t num;
};

static void headers_deinit(struct headers *h)
{
	for (size_t i = 0; i < h->num; i++)
		buf_deinit(&h->lines[i]);
}

static void add_header(struct headers *h, const char *name, const char *value)
{
	buf_printf(&h->lines[h->num], "%s: %s", name, value);
	h->texts[h->num] = buf_text(&h->lines[h->num]);
	h->num++;
}

static struct err *sign(const struct ec2 *e, const char *body, struct headers *h)
{
	const struct sigv4_header signed_headers[] = {
		{"Host", e->host},
		{"Content-Type", CONTENT_TYPE},
	};
	const struct sigv4_request request = {
		.method = "POST",
		.path = "/",
		.headers = signed_headers,
		.num_headers = ARRAY_SIZE(signed_headers),
		.body = body,
		.body_len = strlen(body),
	};
	const struct sigv4_signer signer = {
		.access_key = e->access_key,
		.secret = e->secret,
		.session_token = e->session_token,
		.region = e->region,
		.service = "ec2",
		.time = (s64)time(NULL),
	};
	cleanup(sigv4_signature_deinit) struct sigv4_signature s = {0};
	struct err *err = sigv4_sign(&request, &signer, &s);

	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(signed_headers); i++)
		add_header(h, signed_headers[i].name, signed_headers[i].value);
	add_header(h, "X-Amz-Date", s.date);
	if (e->session_token)
		add_header(h, "X-Amz-Security-Token", e->session_token);
	add_header(h, "Authorization", s.authorization);
	for (size_t i = 0; i < h->num && !err; i++)
		err = buf_check(&h->lines[i]);
	return err;
}

static struct err *post(const struct ec2 *e, const char *body, u64 timeout_ms,
			struct http_reply *reply, bool *ret_may_be_sent)
{
	cleanup(headers_deinit) struct headers h = {0};
	struct http_request r = {
		.url = e->url,
		.body = body,
		.ca_file = e->ca_file,
		.uses_proxy = true,
		.timeout_ms = timeout_ms,
	};
	struct err *err = sign(e, body, &h);

	*ret_may_be_sent = false;
	if (err)
		return err;
	r.headers = h.texts;
	r.num_headers = h.num;
	return http_exchange(&r, reply, ret_may_be_sent);
}

/* ---- what it answers ---- */

/* Errors by which EC2 says that it has not done it: all of the client's (4xx), and among
 * the server's (5xx) that it was asked too often. */
static const struct {
	const char *code;
	enum backend_refusal refusal;
} refusals[] = {
	{"AuthFailure", BACKEND_DENIED},
	{"UnauthorizedOperation", BACKEND_DENIED},
	{"SignatureDoesNotMatch", BACKEND_DENIED},
	{"InvalidClientTokenId", BACKEND_DENIED},
	{"MissingAuthenticationToken", BACKEND_DENIED},
	{"IncompleteSignature", BACKEND_DENIED},
	{"ExpiredToken", BACKEND_DENIED},
	{"RequestExpired", BACKEND_DENIED},
	{"OptInRequired", BACKEND_DENIED},
	{"Blocked", BACKEND_DENIED},
	{"InvalidInstanceID.NotFound", BACKEND_ABSENT},
	{"InvalidInstanceID.Malformed", BACKEND_ABSENT},
	{"IncorrectInstanceState", BACKEND_WRONG_STATE},
	{"IncorrectState", BACKEND_WRONG_STATE},
	{"RequestLimitExceeded", BACKEND_UNREACHABLE},
};

static bool find_refusal(unsigned status, const char *code, enum backend_refusal *ret)
{
	if (!code[0])
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (str_eq(code, refusals[i].code)) {
			*ret = refusals[i].refusal;
			return true;
		}
	*ret = BACKEND_UNSUPPORTED;
	return status >= 400 && status < 500;
}

static struct err *error_of(unsigned status, const struct ec2_answer *a)
{
	cleanup(buf_deinit) struct buf message = BUF_INIT;

	str_escape(&message, a->message, strlen(a->message), false);
	if (!a->code[0])
		return err_new(ERR_BAD_DATA, "HTTP status %u, and no answer of EC2",
			       status);
	return err_new(ERR_REFUSED, "%s (HTTP status %u): %s", a->code, status,
		       buf_text(&message));
}

static void ec2_inject(void *self, u64 timeout_ms, struct backend_result *ret)
{
	const struct ec2 *e = self;
	cleanup(http_reply_deinit) struct http_reply reply = {0};
	enum backend_refusal refusal;
	struct ec2_answer a;
	bool may_be_sent;
	char body[128];
	struct err *err;

	snprintf(body, sizeof(body),
		 "Action=SendDiagnosticInterrupt&Version=2016-11-15&InstanceId=%s",
		 e->instance);
	err = post(e, body, timeout_ms, &reply, &may_be_sent);
	if (err && may_be_sent) {
		backend_result_unknown(ret, err);
		return;
	}
	if (err) {
		backend_result_refused(ret, BACKEND_UNREACHABLE, err);
		return;
	}
	ec2_answer_read(buf_text(&reply.body), reply.body.len, "SendDiagnosticInterrupt",
			&a);
	if (reply.status == 200 && a.is_done)
		backend_result_sent(ret);
	else if (find_refusal(reply.status, a.code, &refusal))
		backend_result_refused(ret, refusal, error_of(reply.status, &a));
	else
		backend_result_unknown(ret, error_of(reply.status, &a));
}

static struct err *ec2_act(void *self, enum backend_action action, u64 timeout_ms)
{
	const struct ec2 *e = self;
	cleanup(http_reply_deinit) struct http_reply reply = {0};
	struct ec2_answer a;
	bool may_be_sent;
	char body[128];
	struct err *err;

	if (action != BACKEND_RESET)
		return err_new(ERR_UNSUPPORTED, "EC2 cannot pause or resume an instance");
	snprintf(body, sizeof(body),
		 "Action=RebootInstances&Version=2016-11-15&InstanceId.1=%s", e->instance);
	err = post(e, body, timeout_ms, &reply, &may_be_sent);
	if (err)
		return err;
	ec2_answer_read(buf_text(&reply.body), reply.body.len, "RebootInstances", &a);
	return reply.status == 200 && a.is_done ? NULL : error_of(reply.status, &a);
}

const struct backend_kind backend_kind_ec2 = {
	.scheme = "ec2",
	.prefix = "ec2:",
	.form = "ec2:REGION/INSTANCE-ID",
	.open = ec2_open,
	.close = ec2_close,
	.inject = ec2_inject,
	.act = ec2_act,
};
