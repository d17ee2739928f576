/*
 * A domain of libvirt, here or on another host, by libvirt's public API.
 *
 * Its calls block for as long as the other side likes, so they are made by threads
 * (hands_priv.h): `work` for what is asked, `watch` for looking at a dump that `work` is
 * busy with, and one that runs libvirt's event loop, which also notices connections that
 * died. All of them hold `struct libvirt`; the last one out frees it. An interrupt is one
 * call of virDomainInjectNMI(), made only over a connection that stands.
 */
#include "backend/backend_kind_priv.h"
#include "backend/dump_progress_priv.h"
#include "backend/event_queue_priv.h"
#include "backend/hands_priv.h"
#include "backend/libvirt_api_priv.h"
#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#define TICK_MS		 200 /* how soon the loop notices that it may end */
#define KEEPALIVE_S	 5
#define KEEPALIVE_COUNT	 4
#define DUMP_INTERVAL_MS 500u
#define EVENT_POLL_MS	 50u
#define JOB_ANSWER_MS	 10000u

struct libvirt {
	struct libvirt_api api;
	atomic_int holders;
	char *uri, *domain_name, *username, *password;
	struct hands *work, *watch; /* of the owner's thread */
	bool has_loop;
	atomic_bool is_released;

	/* Of the call that `work` makes; the owner looks once it is done. */
	virConnectPtr connection;
	virDomainPtr domain;
	int lifecycle_id, reboot_id;
	struct err *failure;
	int failure_code; /* of libvirt, 0: none */
	int state, reason;
	u64 bytes;
	enum backend_action action;
	char *dump_path;

	/* Of the call that `watch` makes. */
	virDomainJobInfo job;
	bool has_job;

	pthread_mutex_t lock; /* of what is below */
	struct event_queue events;
};

static void hold(struct libvirt *l)
{
	atomic_fetch_add(&l->holders, 1);
}

static void let_go(void *self)
{
	struct libvirt *l = self;

	if (atomic_fetch_sub(&l->holders, 1) != 1)
		return;
	err_free(l->failure);
	free(l->uri);
	free(l->domain_name);
	free(l->username);
	str_free_secret(l->password);
	free(l->dump_path);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* ---- errors ---- */

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

static bool is_unsupported(int code)
{
	return code == VIR_ERR_NO_SUPPORT || code == VIR_ERR_CONFIG_UNSUPPORTED ||
	       code == VIR_ERR_OPERATION_UNSUPPORTED ||
	       code == VIR_ERR_ARGUMENT_UNSUPPORTED || code == VIR_ERR_INVALID_ARG;
}

static bool is_denied(int code)
{
	return code == VIR_ERR_ACCESS_DENIED || code == VIR_ERR_OPERATION_DENIED ||
	       code == VIR_ERR_AUTH_FAILED || code == VIR_ERR_AUTH_CANCELLED ||
	       code == VIR_ERR_AUTH_UNAVAILABLE;
}

static enum err_code code_of(int failure_code)
{
	if (is_unsupported(failure_code))
		return ERR_UNSUPPORTED;
	if (failure_code == VIR_ERR_NO_DOMAIN)
		return ERR_ABSENT;
	return is_denied(failure_code) || failure_code == VIR_ERR_OPERATION_INVALID
		       ? ERR_REFUSED
		       : ERR_OS;
}

/* The failure of the last call, for the owner. NULL if there was none. */
static struct err *failure_of(struct libvirt *l)
{
	cleanup(err_freep) struct err *err = steal(l->failure);

	return err ? err_new(code_of(l->failure_code), "%s", err_message(err)) : NULL;
}

/* ---- events ---- */

static void add_event(struct libvirt *l, enum backend_event event)
{
	pthread_mutex_lock(&l->lock);
	event_queue_add(&l->events, event);
	pthread_mutex_unlock(&l->lock);
}

static int take_lifecycle(virConnectPtr connection, virDomainPtr domain, int event,
			  int detail, void *ctx)
{
	switch (event) {
	case VIR_DOMAIN_EVENT_CRASHED:
		add_event(ctx, detail == VIR_DOMAIN_EVENT_CRASHED_CRASHLOADED
				       ? BACKEND_EVENT_CRASHLOADED
				       : BACKEND_EVENT_PANICKED);
		break;
	case VIR_DOMAIN_EVENT_STOPPED:
		if (detail == VIR_DOMAIN_EVENT_STOPPED_CRASHED)
			add_event(ctx, BACKEND_EVENT_PANICKED);
		add_event(ctx, BACKEND_EVENT_SHUTDOWN);
		break;
	case VIR_DOMAIN_EVENT_SUSPENDED:
		add_event(ctx, BACKEND_EVENT_PAUSED);
		break;
	case VIR_DOMAIN_EVENT_RESUMED:
		add_event(ctx, BACKEND_EVENT_RESUMED);
		break;
	default:
		break;
	}
	return 0;
}

static void take_reboot(virConnectPtr connection, virDomainPtr domain, void *ctx)
{
	add_event(ctx, BACKEND_EVENT_RESET);
}

static void tick(int timer, void *ctx) {}

/* libvirt has one loop for a process; whoever runs a turn of it serves all connections. */
static void *run_loop(void *arg)
{
	struct libvirt *l = arg;
	int timer = l->api.EventAddTimeout(TICK_MS, tick, NULL, NULL);

	while (!atomic_load(&l->is_released))
		if (l->api.EventRunDefaultImpl() < 0)
			clock_sleep_ms(TICK_MS);
	if (timer >= 0)
		l->api.EventRemoveTimeout(timer);
	let_go(l);
	return NULL;
}

static struct err *start_loop(struct libvirt *l)
{
	pthread_t thread;
	int rc;

	if (l->has_loop)
		return NULL;
	if (l->api.EventRegisterDefaultImpl() < 0)
		return err_new(ERR_OS, "libvirt's event loop cannot be had");
	hold(l);
	rc = pthread_create(&thread, NULL, run_loop, l);
	if (rc) {
		let_go(l);
		return err_os(rc, "cannot start a thread");
	}
	pthread_detach(thread);
	l->has_loop = true;
	return NULL;
}

/* ---- calls, made by the threads ---- */

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

static void subscribe(struct libvirt *l)
{
	hold(l);
	l->lifecycle_id = l->api.ConnectDomainEventRegisterAny(
		l->connection, l->domain, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
		VIR_DOMAIN_EVENT_CALLBACK(take_lifecycle), l, let_go);
	if (l->lifecycle_id < 0)
		let_go(l);
	hold(l);
	l->reboot_id = l->api.ConnectDomainEventRegisterAny(
		l->connection, l->domain, VIR_DOMAIN_EVENT_ID_REBOOT,
		VIR_DOMAIN_EVENT_CALLBACK(take_reboot), l, let_go);
	if (l->reboot_id < 0)
		let_go(l);
}

static void disconnect(void *self)
{
	struct libvirt *l = self;

	if (l->domain && l->lifecycle_id >= 0)
		l->api.ConnectDomainEventDeregisterAny(l->connection, l->lifecycle_id);
	if (l->domain && l->reboot_id >= 0)
		l->api.ConnectDomainEventDeregisterAny(l->connection, l->reboot_id);
	if (l->domain)
		l->api.DomainFree(l->domain);
	if (l->connection)
		l->api.ConnectClose(l->connection);
	l->domain = NULL;
	l->connection = NULL;
	atomic_store(&l->is_released, true);
}

static void connect_call(void *self)
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
		subscribe(l);
}

static void inject_call(void *self)
{
	struct libvirt *l = self;

	if (l->api.DomainInjectNMI(l->domain, 0) < 0)
		take_failure(l, "virDomainInjectNMI");
}

static void state_call(void *self)
{
	struct libvirt *l = self;

	if (l->api.DomainGetState(l->domain, &l->state, &l->reason, 0) < 0)
		take_failure(l, "virDomainGetState");
}

static void act_call(void *self)
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

static void stats_call(void *self)
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

static void dump_call(void *self)
{
	struct libvirt *l = self;

	if (l->api.DomainCoreDumpWithFormat(l->domain, l->dump_path,
					    VIR_DOMAIN_CORE_DUMP_FORMAT_KDUMP_ZLIB,
					    VIR_DUMP_MEMORY_ONLY) < 0)
		take_failure(l, "virDomainCoreDumpWithFormat");
}

static void job_call(void *self)
{
	struct libvirt *l = self;

	l->has_job = l->api.DomainGetJobInfo(l->domain, &l->job) == 0;
}

static void abort_call(void *self)
{
	struct libvirt *l = self;

	l->api.DomainAbortJob(l->domain);
}

/* ---- the owner's side ---- */

static struct err *run(struct libvirt *l, hands_call_fn *fn, u64 deadline_ms)
{
	switch (hands_do(l->work, fn, deadline_ms)) {
	case HANDS_DONE:
		return failure_of(l);
	case HANDS_BUSY:
		return err_os(EBUSY, "an earlier call of libvirt has not returned");
	default:
		return err_os(ETIMEDOUT, "libvirt does not answer");
	}
}

/* Wait for a call that was given up, and connect unless that is done. */
static struct err *become_ready(struct libvirt *l, u64 deadline_ms)
{
	struct err *err = start_loop(l);

	if (err)
		return err;
	if (hands_wait(l->work, deadline_ms) != HANDS_DONE)
		return err_os(ETIMEDOUT, "an earlier call of libvirt has not returned");
	err_free(l->failure);
	l->failure = NULL;
	l->failure_code = 0;
	return l->domain ? NULL : run(l, connect_call, deadline_ms);
}

static void libvirt_close(void *self)
{
	struct libvirt *l = self;

	if (l->watch)
		hands_release(l->watch, NULL);
	if (l->work)
		hands_release(l->work, disconnect);
	else
		atomic_store(&l->is_released, true);
	let_go(l);
}

static struct err *start_hands(struct libvirt *l)
{
	struct err *err;

	hold(l);
	err = hands_start(l, let_go, &l->work);
	if (err) {
		let_go(l);
		return err;
	}
	hold(l);
	err = hands_start(l, let_go, &l->watch);
	if (err)
		let_go(l);
	return err;
}

static struct err *fill(struct libvirt *l, const struct backend_address *a,
			const char *rest, const char *hash)
{
	struct err *err = libvirt_api_load(&l->api);

	if (err)
		return err;
	l->uri = strndup(rest, (size_t)(hash - rest));
	if (!l->uri || !str_copy(hash + 1, &l->domain_name) ||
	    !str_copy(a->username, &l->username) || !str_copy(a->password, &l->password))
		return err_nomem();
	return start_hands(l);
}

static struct err *libvirt_open(const struct backend_address *a, const char *rest,
				struct buf *name, void **ret_self)
{
	const char *hash = strchr(rest, '#');
	struct libvirt *l;
	struct err *err;

	if (!hash || hash == rest || !hash[1])
		return backend_bad_address(&backend_kind_libvirt,
					   "it has a URI and a domain");
	l = calloc(1, sizeof(*l));
	if (!l)
		return err_nomem();
	if (pthread_mutex_init(&l->lock, NULL)) {
		free(l);
		return err_nomem();
	}
	atomic_init(&l->holders, 1);
	l->lifecycle_id = l->reboot_id = -1;
	err = fill(l, a, rest, hash);
	if (err) {
		libvirt_close(l);
		return err;
	}
	buf_add_str(name, "libvirt domain ");
	str_escape(name, hash + 1, strlen(hash + 1), false);
	buf_add_str(name, " at ");
	str_escape(name, rest, (size_t)(hash - rest), false);
	*ret_self = l;
	return NULL;
}

static enum backend_refusal refusal_of(int code)
{
	if (is_unsupported(code))
		return BACKEND_UNSUPPORTED;
	if (is_denied(code))
		return BACKEND_DENIED;
	if (code == VIR_ERR_NO_DOMAIN)
		return BACKEND_ABSENT;
	return code == VIR_ERR_OPERATION_INVALID ? BACKEND_WRONG_STATE
						 : BACKEND_UNREACHABLE;
}

/* Does @code of virDomainInjectNMI() say that it was not done? Others may as well mean
 * that the answer was lost. */
static bool is_refusal(int code)
{
	return is_unsupported(code) || is_denied(code) || code == VIR_ERR_NO_DOMAIN ||
	       code == VIR_ERR_OPERATION_INVALID;
}

static void libvirt_inject(void *self, u64 timeout_ms, struct backend_result *ret)
{
	struct libvirt *l = self;
	u64 deadline_ms = clock_now_ms() + timeout_ms;
	struct err *err = become_ready(l, deadline_ms);
	enum hands_outcome outcome;

	if (err) {
		bool timed_out = err_errno(err) != 0;

		backend_result_refused(
			ret, timed_out ? BACKEND_UNREACHABLE : refusal_of(l->failure_code),
			err);
		return;
	}
	outcome = hands_do(l->work, inject_call, deadline_ms);
	if (outcome == HANDS_BUSY) {
		backend_result_refused(
			ret, BACKEND_UNREACHABLE,
			err_os(EBUSY, "an earlier call of libvirt has not returned"));
	} else if (outcome == HANDS_RUNNING) {
		backend_result_unknown(
			ret, err_os(ETIMEDOUT, "virDomainInjectNMI does not return"));
	} else {
		int code = l->failure_code;

		err = failure_of(l);
		if (!err)
			backend_result_sent(ret);
		else if (is_refusal(code))
			backend_result_refused(ret, refusal_of(code), err);
		else
			backend_result_unknown(ret, err);
	}
}

static struct err *ready_run(struct libvirt *l, hands_call_fn *fn, u64 timeout_ms)
{
	u64 deadline_ms = clock_now_ms() + timeout_ms;
	struct err *err = become_ready(l, deadline_ms);

	return err ? err : run(l, fn, deadline_ms);
}

static enum backend_state state_of(int state, int reason)
{
	switch (state) {
	case VIR_DOMAIN_RUNNING:
	case VIR_DOMAIN_BLOCKED:
		return BACKEND_STATE_RUNNING;
	case VIR_DOMAIN_PAUSED:
		return reason == VIR_DOMAIN_PAUSED_CRASHED ? BACKEND_STATE_CRASHED
							   : BACKEND_STATE_PAUSED;
	case VIR_DOMAIN_PMSUSPENDED:
		return BACKEND_STATE_PAUSED;
	case VIR_DOMAIN_SHUTDOWN:
	case VIR_DOMAIN_SHUTOFF:
		return BACKEND_STATE_OFF;
	case VIR_DOMAIN_CRASHED:
		return BACKEND_STATE_CRASHED;
	default:
		return BACKEND_STATE_UNKNOWN;
	}
}

static struct err *libvirt_query_state(void *self, u64 timeout_ms, enum backend_state *ret)
{
	struct libvirt *l = self;
	struct err *err = ready_run(l, state_call, timeout_ms);

	if (!err)
		*ret = state_of(l->state, l->reason);
	return err;
}

static bool pop_event(struct libvirt *l, enum backend_event *ret)
{
	bool has_one;

	pthread_mutex_lock(&l->lock);
	has_one = event_queue_pop(&l->events, ret);
	pthread_mutex_unlock(&l->lock);
	return has_one;
}

static struct err *libvirt_next_event(void *self, u64 timeout_ms, enum backend_event *ret)
{
	struct libvirt *l = self;
	u64 deadline_ms = clock_now_ms() + timeout_ms;
	struct err *err = become_ready(l, deadline_ms);

	/* Connecting goes on, and whatever is called next waits for it. */
	if (err && err_errno(err) == ETIMEDOUT) {
		err_ignore(err);
		*ret = BACKEND_EVENT_NONE;
		return NULL;
	}
	if (err)
		return err;
	for (;;) {
		u64 now_ms = clock_now_ms();

		if (pop_event(l, ret))
			return NULL;
		if (l->api.ConnectIsAlive(l->connection) == 0) {
			*ret = BACKEND_EVENT_GONE;
			return NULL;
		}
		if (now_ms >= deadline_ms) {
			*ret = BACKEND_EVENT_NONE;
			return NULL;
		}
		clock_sleep_ms(min_u64(EVENT_POLL_MS, deadline_ms - now_ms));
	}
}

static struct err *libvirt_read_progress(void *self, u64 timeout_ms, u64 *ret)
{
	struct libvirt *l = self;
	struct err *err = ready_run(l, stats_call, timeout_ms);

	if (!err)
		*ret = l->bytes;
	return err;
}

static struct err *libvirt_act(void *self, enum backend_action action, u64 timeout_ms)
{
	struct libvirt *l = self;
	u64 deadline_ms = clock_now_ms() + timeout_ms;
	struct err *err = become_ready(l, deadline_ms);

	if (err)
		return err;
	l->action = action;
	return run(l, act_call, deadline_ms);
}

/* ---- the dump from outside ---- */

/* libvirt would write over a file. That of another host cannot be seen. */
static struct err *check_path(const struct libvirt *l, const char *path)
{
	struct stat st;

	if (path[0] != '/')
		return err_new(
			ERR_USAGE,
			"%s: a dump by libvirt is named by its whole path on the host of the domain",
			path);
	if (strstr(l->uri, ":///") && lstat(path, &st) == 0)
		return err_new(ERR_REFUSED, "%s exists and is left alone", path);
	return NULL;
}

static void look_at_job(struct libvirt *l, struct dump_progress *p)
{
	if (hands_do(l->watch, job_call, clock_now_ms() + JOB_ANSWER_MS) != HANDS_DONE ||
	    !l->has_job)
		return;
	dump_progress_note(p, l->job.dataProcessed, l->job.dataTotal);
}

/* Wait for the dump that is running, as long as it goes on. */
static struct err *follow_dump(struct libvirt *l, struct dump_progress *p)
{
	dump_progress_start(p);
	while (hands_wait(l->work, clock_now_ms() + DUMP_INTERVAL_MS) != HANDS_DONE) {
		struct err *err;

		look_at_job(l, p);
		err = dump_progress_check(p, "");
		if (!err)
			continue;
		if (hands_do(l->watch, abort_call, clock_now_ms() + JOB_ANSWER_MS) ==
		    HANDS_DONE)
			hands_wait(l->work, clock_now_ms() + JOB_ANSWER_MS);
		return err;
	}
	return failure_of(l);
}

static void set_dumping(struct libvirt *l, bool is_dumping)
{
	pthread_mutex_lock(&l->lock);
	l->events.is_dumping = is_dumping;
	pthread_mutex_unlock(&l->lock);
}

static struct err *libvirt_dump(void *self, const char *path, u64 idle_ms,
				const volatile sig_atomic_t *cancel,
				backend_progress_fn *progress, void *ctx)
{
	struct dump_progress p = {
		.idle_ms = idle_ms, .cancel = cancel, .progress = progress, .ctx = ctx};
	struct libvirt *l = self;
	struct err *err = become_ready(l, clock_now_ms() + JOB_ANSWER_MS);

	if (!err)
		err = check_path(l, path);
	if (err)
		return err;
	free(l->dump_path);
	l->dump_path = strdup(path);
	if (!l->dump_path)
		return err_nomem();
	set_dumping(l, true);
	if (hands_do(l->work, dump_call, clock_now_ms()) == HANDS_BUSY)
		err = err_os(EBUSY, "an earlier call of libvirt has not returned");
	else
		err = follow_dump(l, &p);
	set_dumping(l, false);
	return err_wrap(err, "%s", path);
}

const struct backend_kind backend_kind_libvirt = {
	.scheme = "libvirt",
	.prefix = "libvirt+",
	.form = "libvirt+URI#DOMAIN",
	.has_events = true,
	.open = libvirt_open,
	.close = libvirt_close,
	.inject = libvirt_inject,
	.query_state = libvirt_query_state,
	.next_event = libvirt_next_event,
	.read_progress = libvirt_read_progress,
	.dump = libvirt_dump,
	.act = libvirt_act,
};
