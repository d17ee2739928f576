/*
 * A BMC through ipmitool: chassis control "diagnostic interrupt" (IPMI 2.0, 28.3).
 *
 * ipmitool is told to transmit each request once (-R 1), so that a lost answer does not
 * make two interrupts; tests/interop/ipmi-once counts them at a BMC. The password goes
 * through the environment, which only we and root can read. Its words decide what is known:
 * it ends with 1 for whatever went wrong.
 */
#include "backend/authority_priv.h"
#include "backend/backend_kind_priv.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/str.h"

#include <string.h>

#define IPMITOOL	    "ipmitool"
#define DEFAULT_PORT	    623u
#define MS_PER_ANSWER_SHARE 4u /* the session takes some requests before the one */

struct ipmi {
	char *host, *username, *environment;
	char port[12];
};

static void ipmi_close(void *self)
{
	struct ipmi *m = self;

	free(m->host);
	free(m->username);
	str_free_secret(m->environment);
	free(m);
}

static struct err *fill(struct ipmi *m, const struct backend_address *a,
			struct backend_authority *where)
{
	const char *username = a->username ? a->username : where->username;

	snprintf(m->port, sizeof(m->port), "%u", where->port ? where->port : DEFAULT_PORT);
	m->host = steal(where->host);
	m->username = strdup(username ? username : "");
	if (asprintf(&m->environment, "IPMI_PASSWORD=%s", a->password ? a->password : "") <
	    0)
		m->environment = NULL;
	return m->username && m->environment ? NULL : err_nomem();
}

static struct err *ipmi_open(const struct backend_address *a, const char *rest,
			     struct buf *name, void **ret_self)
{
	cleanup(backend_authority_deinit) struct backend_authority where = {0};
	struct err *err = backend_authority_parse(rest, &where);
	struct ipmi *m;

	if (err)
		return err_wrap(err, "ipmi address");
	if (*where.path && !str_eq(where.path, "/"))
		return backend_bad_address(&backend_kind_ipmi, "nothing follows the host");
	if (!child_program_is_there(IPMITOOL))
		return err_new(ERR_UNSUPPORTED,
			       IPMITOOL " is not installed: install the package ipmitool");
	m = calloc(1, sizeof(*m));
	if (!m)
		return err_nomem();
	buf_printf(name, "BMC %s", where.host);
	err = fill(m, a, &where);
	if (err) {
		ipmi_close(m);
		return err;
	}
	*ret_self = m;
	return NULL;
}

/* Run `ipmitool … chassis power WORD`. */
static struct err *run(const struct ipmi *m, const char *word, u64 timeout_ms,
		       struct child_output *o)
{
	char seconds[24];
	const char *argv[] = {
		IPMITOOL, "-I",	       "lanplus", "-H",	   m->host, "-p", m->port,
		"-L",	  "OPERATOR",  "-E",	  "-R",	   "1",	    "-N", seconds,
		"-U",	  m->username, "chassis", "power", word,    NULL,
	};
	const struct child_spec spec = {.argv = argv, .env_add = m->environment};
	u64 share_s = timeout_ms / 1000 / MS_PER_ANSWER_SHARE;

	snprintf(seconds, sizeof(seconds), "%llu",
		 (unsigned long long)min_u64(max_u64(share_s, 1), 15));
	return child_run(&spec, timeout_ms, NULL, o);
}

/* ---- what its words mean ---- */

/* Completion codes by which a BMC says that it has not done it (IPMI 2.0, table 5-2, in
 * the words of ipmitool). Not so "Timeout" or "Unspecified error". */
static const struct {
	const char *words;
	enum backend_refusal refusal;
} refusals[] = {
	{"Unable to establish", BACKEND_UNREACHABLE},
	{"Diag failed: Invalid data field", BACKEND_UNSUPPORTED},
	{"Diag failed: Invalid command", BACKEND_UNSUPPORTED},
	{"Diag failed: Parameter out of range", BACKEND_UNSUPPORTED},
	{"Diag failed: Insufficient privilege", BACKEND_DENIED},
	{"Diag failed: Command not supported in present state", BACKEND_WRONG_STATE},
	{"Diag failed: Node busy", BACKEND_UNREACHABLE},
};

/* Why a session was not established, where the BMC says that it is us. */
static const char *const denials[] = {
	"unauthorized name",	       "HMAC is invalid",
	"unauthorized role",	       "insufficient resources for role",
	"Set Session Privilege Level",
};

static bool says_denied(const char *words)
{
	for (size_t i = 0; i < ARRAY_SIZE(denials); i++)
		if (strstr(words, denials[i]))
			return true;
	return false;
}

static void judge(const struct child_output *o, struct backend_result *ret)
{
	cleanup(buf_deinit) struct buf reason = BUF_INIT;
	const char *words = buf_text(&o->errors);
	struct err *err;

	if (o->status == 0) {
		backend_result_sent(ret);
		return;
	}
	child_output_reason(o, &reason);
	err = err_new(ERR_REFUSED, IPMITOOL ": %s", buf_text(&reason));
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		enum backend_refusal refusal = refusals[i].refusal;

		if (!strstr(words, refusals[i].words))
			continue;
		if (refusal == BACKEND_UNREACHABLE && says_denied(words))
			refusal = BACKEND_DENIED;
		backend_result_refused(ret, refusal, err);
		return;
	}
	backend_result_unknown(ret, err);
}

static void ipmi_inject(void *self, u64 timeout_ms, struct backend_result *ret)
{
	struct child_output o = {0};
	struct err *err = run(self, "diag", timeout_ms, &o);

	if (!err)
		judge(&o, ret);
	else if (err_code(err) == ERR_ABSENT)
		backend_result_refused(ret, BACKEND_UNSUPPORTED, err);
	else
		backend_result_unknown(ret, err);
	child_output_deinit(&o);
}

static struct err *failed(const struct child_output *o)
{
	cleanup(buf_deinit) struct buf reason = BUF_INIT;

	child_output_reason(o, &reason);
	return err_new(says_denied(buf_text(&o->errors)) ? ERR_REFUSED : ERR_OS,
		       IPMITOOL ": %s", buf_text(&reason));
}

static struct err *ipmi_query_state(void *self, u64 timeout_ms, enum backend_state *ret)
{
	struct child_output o = {0};
	struct err *err = run(self, "status", timeout_ms, &o);
	const char *words = buf_text(&o.out);

	if (!err && o.status != 0)
		err = failed(&o);
	else if (!err && strstr(words, "Power is on"))
		*ret = BACKEND_STATE_RUNNING;
	else if (!err && strstr(words, "Power is off"))
		*ret = BACKEND_STATE_OFF;
	else if (!err)
		*ret = BACKEND_STATE_UNKNOWN;
	child_output_deinit(&o);
	return err;
}

static struct err *ipmi_act(void *self, enum backend_action action, u64 timeout_ms)
{
	struct child_output o = {0};
	struct err *err;

	if (action != BACKEND_RESET)
		return err_new(ERR_UNSUPPORTED, "a BMC cannot pause or resume a machine");
	err = run(self, "reset", timeout_ms, &o);
	if (!err && o.status != 0)
		err = failed(&o);
	child_output_deinit(&o);
	return err;
}

const struct backend_kind backend_kind_ipmi = {
	.scheme = "ipmi",
	.prefix = "ipmi://",
	.form = "ipmi://[USER@]HOST[:PORT]",
	.open = ipmi_open,
	.close = ipmi_close,
	.inject = ipmi_inject,
	.query_state = ipmi_query_state,
	.act = ipmi_act,
};
