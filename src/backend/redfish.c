/*
 * A BMC through Redfish: ComputerSystem.Reset with ResetType Nmi (DMTF DSP0266, DSP0268).
 *
 * The system is read first, and nothing is posted where it does not offer Nmi: a service
 * may take an unknown type for another reset. The POST goes out once; its redirects are
 * not followed.
 */
#include "backend/authority_priv.h"
#include "backend/backend_kind_priv.h"
#include "backend/http_priv.h"
#include "base/clock.h"
#include "base/str.h"
#include "format/redfish_system.h"

#include <string.h>

struct redfish {
	char *origin; /* "https://host:port" */
	char *path;   /* of the system */
	char *username, *password, *ca_file;
};

static void redfish_close(void *self)
{
	struct redfish *f = self;

	free(f->origin);
	free(f->path);
	free(f->username);
	str_free_secret(f->password);
	free(f->ca_file);
	free(f);
}

static struct err *make_origin(struct redfish *f, bool is_plain,
			       const struct backend_authority *where)
{
	cleanup(buf_deinit) struct buf b = BUF_INIT;

	buf_printf(&b, "%s://%s%s%s", is_plain ? "http" : "https",
		   where->is_ipv6 ? "[" : "", where->host, where->is_ipv6 ? "]" : "");
	if (where->port)
		buf_printf(&b, ":%u", where->port);
	f->origin = b.failed ? NULL : steal(b.data);
	return f->origin ? NULL : err_nomem();
}

static struct err *fill(struct redfish *f, const struct backend_address *a, bool is_plain,
			const struct backend_authority *where)
{
	struct err *err = make_origin(f, is_plain, where);

	if (err)
		return err;
	if (!str_copy(where->path, &f->path) || !str_copy(a->ca_file, &f->ca_file) ||
	    !str_copy(a->username ? a->username : where->username, &f->username) ||
	    !str_copy(a->password, &f->password))
		return err_nomem();
	return NULL;
}

static struct err *check_path(const char *path)
{
	if (!str_has_prefix(path, "/redfish/v1/Systems/") || str_has_suffix(path, "/"))
		return backend_bad_address(&backend_kind_redfish,
					   "the path is that of a system");
	for (; *path; path++)
		if ((unsigned char)*path <= ' ' || (unsigned char)*path >= 0x7f ||
		    strchr("?#\\@", *path))
			return backend_bad_address(&backend_kind_redfish,
						   "the path has odd characters");
	return NULL;
}

/* @rest is behind "redfish": "://…" or, on loopback, "+http://…". */
static struct err *redfish_open(const struct backend_address *a, const char *rest,
				struct buf *name, void **ret_self)
{
	cleanup(backend_authority_deinit) struct backend_authority where = {0};
	bool is_plain = str_has_prefix(rest, "+http://");
	struct redfish *f;
	struct err *err;

	if (!is_plain && !str_has_prefix(rest, "://"))
		return backend_bad_address(&backend_kind_redfish, "no host");
	err = backend_authority_parse(rest + strlen(is_plain ? "+http://" : "://"), &where);
	if (err)
		return err_wrap(err, "redfish address");
	if (is_plain && !http_is_loopback(where.host))
		return backend_bad_address(&backend_kind_redfish,
					   "without TLS only this machine itself is asked");
	err = check_path(where.path);
	if (err)
		return err;
	f = calloc(1, sizeof(*f));
	if (!f)
		return err_nomem();
	err = fill(f, a, is_plain, &where);
	if (err) {
		redfish_close(f);
		return err;
	}
	buf_printf(name, "Redfish system %s%s", f->origin, f->path);
	*ret_self = f;
	return NULL;
}

/* ---- requests ---- */

static struct err *exchange(const struct redfish *f, const char *path, const char *body,
			    u64 deadline_ms, struct http_reply *reply,
			    bool *ret_may_be_sent)
{
	static const char *const headers[] = {
		"Accept: application/json",
		"OData-Version: 4.0",
		"Content-Type: application/json",
	};
	cleanup(buf_deinit) struct buf url = BUF_INIT;
	struct http_request r = {
		.body = body,
		.headers = headers,
		.num_headers = body ? 3 : 2,
		.username = f->username,
		.password = f->password,
		.ca_file = f->ca_file,
		.timeout_ms = (u64)backend_poll_ms(deadline_ms),
	};

	*ret_may_be_sent = false;
	buf_printf(&url, "%s%s", f->origin, path);
	if (url.failed)
		return err_nomem();
	r.url = buf_text(&url);
	return http_exchange(&r, reply, ret_may_be_sent);
}

static enum backend_refusal refusal_of(unsigned status)
{
	switch (status) {
	case 401:
	case 403:
		return BACKEND_DENIED;
	case 404:
	case 410:
		return BACKEND_ABSENT;
	case 409:
		return BACKEND_WRONG_STATE;
	default:
		return status >= 500 ? BACKEND_UNREACHABLE : BACKEND_UNSUPPORTED;
	}
}

static struct err *get(const struct redfish *f, const char *path, u64 deadline_ms,
		       struct http_reply *reply, enum backend_refusal *ret_refusal)
{
	bool may_be_sent;
	struct err *err = exchange(f, path, NULL, deadline_ms, reply, &may_be_sent);

	*ret_refusal = BACKEND_UNREACHABLE;
	if (err || reply->status == 200)
		return err;
	*ret_refusal = refusal_of(reply->status);
	return err_new(*ret_refusal == BACKEND_DENIED ? ERR_REFUSED : ERR_ABSENT,
		       "GET %s: HTTP status %u", path, reply->status);
}

static struct err *get_types(const struct redfish *f, u64 deadline_ms,
			     struct redfish_system *s, enum backend_refusal *ret_refusal)
{
	cleanup(http_reply_deinit) struct http_reply reply = {0};
	struct err *err = get(f, s->action_info, deadline_ms, &reply, ret_refusal);

	if (err)
		return err;
	return redfish_action_info_parse(buf_text(&reply.body), reply.body.len, s);
}

/* What the service says of the system. */
static struct err *read_system(const struct redfish *f, u64 deadline_ms,
			       struct redfish_system *s, enum backend_refusal *ret_refusal)
{
	cleanup(http_reply_deinit) struct http_reply reply = {0};
	struct err *err = get(f, f->path, deadline_ms, &reply, ret_refusal);

	if (!err)
		err = redfish_system_parse(buf_text(&reply.body), reply.body.len, s);
	if (!err && !s->lists_types && s->action_info)
		err = get_types(f, deadline_ms, s, ret_refusal);
	return err;
}

/* ---- the interrupt ---- */

static struct err *check_offers(const struct redfish_system *s, bool offers,
				const char *type)
{
	if (s->reset_path && offers)
		return NULL;
	return err_new(ERR_UNSUPPORTED, "this system does not offer a reset of type %s%s",
		       type, s->lists_types ? "" : ": it lists none");
}

static void post_nmi(const struct redfish *f, const char *path, u64 deadline_ms,
		     struct backend_result *ret)
{
	cleanup(http_reply_deinit) struct http_reply reply = {0};
	bool may_be_sent;
	struct err *err = exchange(f, path, "{\"ResetType\":\"Nmi\"}", deadline_ms, &reply,
				   &may_be_sent);

	if (err && !may_be_sent) {
		backend_result_refused(ret, BACKEND_UNREACHABLE, err);
		return;
	}
	if (!err && (reply.status == 200 || reply.status == 202 || reply.status == 204)) {
		backend_result_sent(ret);
		return;
	}
	if (!err)
		err = err_new(ERR_REFUSED, "POST %s: HTTP status %u", path, reply.status);
	/* 408 is what a proxy says in the name of another. */
	if (reply.status >= 400 && reply.status < 500 && reply.status != 408)
		backend_result_refused(ret, refusal_of(reply.status), err);
	else
		backend_result_unknown(ret, err);
}

static void redfish_inject(void *self, u64 timeout_ms, struct backend_result *ret)
{
	cleanup(redfish_system_deinit) struct redfish_system s = {0};
	enum backend_refusal refusal = BACKEND_UNREACHABLE;
	u64 deadline_ms = clock_now_ms() + timeout_ms;
	struct err *err = read_system(self, deadline_ms, &s, &refusal);

	if (!err) {
		err = check_offers(&s, s.offers_nmi, "Nmi");
		refusal = BACKEND_UNSUPPORTED;
	}
	if (!err && s.power == REDFISH_POWER_OFF) {
		err = err_new(ERR_REFUSED, "the system is off");
		refusal = BACKEND_WRONG_STATE;
	}
	if (err)
		backend_result_refused(ret, refusal, err);
	else
		post_nmi(self, s.reset_path, deadline_ms, ret);
}

static struct err *redfish_query_state(void *self, u64 timeout_ms, enum backend_state *ret)
{
	static const enum backend_state states[] = {
		[REDFISH_POWER_UNKNOWN] = BACKEND_STATE_UNKNOWN,
		[REDFISH_POWER_ON] = BACKEND_STATE_RUNNING,
		[REDFISH_POWER_OFF] = BACKEND_STATE_OFF,
	};
	cleanup(redfish_system_deinit) struct redfish_system s = {0};
	enum backend_refusal refusal;
	struct err *err = read_system(self, clock_now_ms() + timeout_ms, &s, &refusal);

	if (!err)
		*ret = states[s.power];
	return err;
}

static struct err *redfish_act(void *self, enum backend_action action, u64 timeout_ms)
{
	cleanup(redfish_system_deinit) struct redfish_system s = {0};
	cleanup(http_reply_deinit) struct http_reply reply = {0};
	u64 deadline_ms = clock_now_ms() + timeout_ms;
	enum backend_refusal refusal;
	bool may_be_sent;
	struct err *err;

	if (action != BACKEND_RESET)
		return err_new(ERR_UNSUPPORTED, "a BMC cannot pause or resume a machine");
	err = read_system(self, deadline_ms, &s, &refusal);
	if (!err)
		err = check_offers(&s, s.offers_restart, "ForceRestart");
	if (!err)
		err = exchange(self, s.reset_path, "{\"ResetType\":\"ForceRestart\"}",
			       deadline_ms, &reply, &may_be_sent);
	if (!err && (reply.status < 200 || reply.status > 299))
		err = err_new(ERR_REFUSED, "POST %s: HTTP status %u", s.reset_path,
			      reply.status);
	return err;
}

const struct backend_kind backend_kind_redfish = {
	.scheme = "redfish",
	.prefix = "redfish",
	.form = "redfish://[USER@]HOST[:PORT]/redfish/v1/Systems/ID",
	.open = redfish_open,
	.close = redfish_close,
	.inject = redfish_inject,
	.query_state = redfish_query_state,
	.act = redfish_act,
};
