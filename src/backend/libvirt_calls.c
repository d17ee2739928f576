#include "backend/libvirt_priv.h"

#include <string.h>

#include "base/str.h"

#define KEEPALIVE_S	5
#define KEEPALIVE_COUNT 4

/* What libvirt said last in this thread. */
static void take_failure(struct libvirt *l, const char *call)
{
	cleanup(buf_deinit) struct buf text = BUF_INIT;
	const virError *e = l->api.GetLastError();
	const char *words = e && e->message ? e->message : "no message";

	str_escape(&text, words, strlen(words), false);
	err_free(l->failure);
	l->failure_code = e ? e->code : 0;
	l->failure = err_new(ERR_REFUSED, "%s: %s", call, buf_text(&text));
}

static int answer_credentials(virConnectCredentialPtr asked, unsigned count, void *ctx)
{
	const struct libvirt *l = ctx;

	for (unsigned i = 0; i < count; i++) {
		bool is_name = asked[i].type == VIR_CRED_AUTHNAME ||
			       asked[i].type == VIR_CRED_USERNAME;
		const char *value = is_name ? l->username : l->password;

		if (!value)
			return -1;
		asked[i].result = strdup(value);
		if (!asked[i].result)
			return -1;
		asked[i].resultlen = (unsigned)strlen(value);
	}
	return 0;
}

static virDomainPtr look_up(struct libvirt *l)
{
	virDomainPtr d = l->api.DomainLookupByName(l->connection, l->domain_name);

	if (!d) {
		take_failure(l, "virDomainLookupByName");
		d = l->api.DomainLookupByUUIDString(l->connection, l->domain_name);
	}
	if (d) {
		err_free(l->failure);
		l->failure = NULL;
	}
	return d;
}

void libvirt_disconnect_call(void *self)
{
	struct libvirt *l = self;

	if (l->domain) {
		libvirt_unsubscribe(l);
		l->api.DomainFree(l->domain);
	}
	if (l->connection)
		l->api.ConnectClose(l->connection);
	l->domain = NULL;
	l->connection = NULL;
	atomic_store(&l->is_released, true);
}

void libvirt_connect_call(void *self)
{
	struct libvirt *l = self;
	int types[] = {VIR_CRED_AUTHNAME, VIR_CRED_USERNAME, VIR_CRED_PASSPHRASE,
		       VIR_CRED_NOECHOPROMPT};
	virConnectAuth auth = {types, ARRAY_SIZE(types), answer_credentials, l};

	if (!l->connection)
		l->connection = l->api.ConnectOpenAuth(l->uri, &auth, 0);
	if (!l->connection) {
		take_failure(l, "virConnectOpenAuth");
		return;
	}
	/* Drivers without a connection have none to keep alive. */
	l->api.ConnectSetKeepAlive(l->connection, KEEPALIVE_S, KEEPALIVE_COUNT);
	l->domain = look_up(l);
	if (l->domain)
		libvirt_subscribe(l);
}

void libvirt_inject_call(void *self)
{
	struct libvirt *l = self;

	if (l->api.DomainInjectNMI(l->domain, 0) < 0)
		take_failure(l, "virDomainInjectNMI");
}

void libvirt_state_call(void *self)
{
	struct libvirt *l = self;

	if (l->api.DomainGetState(l->domain, &l->state, &l->reason, 0) < 0)
		take_failure(l, "virDomainGetState");
}

void libvirt_act_call(void *self)
{
	struct libvirt *l = self;
	int rc;

	if (l->action == BACKEND_RESUME)
		rc = l->api.DomainResume(l->domain);
	else if (l->action == BACKEND_PAUSE)
		rc = l->api.DomainSuspend(l->domain);
	else
		rc = l->api.DomainReset(l->domain, 0);
	if (rc < 0)
		take_failure(l, "resuming, resetting or pausing");
}

static bool counts_written(const char *field)
{
	return (str_has_prefix(field, "block.") && str_has_suffix(field, ".wr.bytes")) ||
	       (str_has_prefix(field, "net.") && str_has_suffix(field, ".tx.bytes"));
}

void libvirt_stats_call(void *self)
{
	struct libvirt *l = self;
	virDomainPtr domains[] = {l->domain, NULL};
	virDomainStatsRecordPtr *records = NULL;
	int count = l->api.DomainListGetStats(
		domains, VIR_DOMAIN_STATS_BLOCK | VIR_DOMAIN_STATS_INTERFACE, &records, 0);

	l->bytes = 0;
	if (count < 0) {
		take_failure(l, "virDomainListGetStats");
		return;
	}
	for (int i = 0; i < count; i++)
		for (int j = 0; j < records[i]->nparams; j++) {
			const virTypedParameter *p = &records[i]->params[j];

			if (p->type == VIR_TYPED_PARAM_ULLONG && counts_written(p->field))
				l->bytes += p->value.ul;
		}
	l->api.DomainStatsRecordListFree(records);
}

void libvirt_dump_call(void *self)
{
	struct libvirt *l = self;

	if (l->api.DomainCoreDumpWithFormat(l->domain, l->dump_path,
					    VIR_DOMAIN_CORE_DUMP_FORMAT_KDUMP_ZLIB,
					    VIR_DUMP_MEMORY_ONLY) < 0)
		take_failure(l, "virDomainCoreDumpWithFormat");
}

void libvirt_job_call(void *self)
{
	struct libvirt *l = self;

	l->has_job = l->api.DomainGetJobInfo(l->domain, &l->job) == 0;
}

void libvirt_abort_call(void *self)
{
	struct libvirt *l = self;

	l->api.DomainAbortJob(l->domain);
}
