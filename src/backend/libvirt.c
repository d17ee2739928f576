/*
 * A domain of libvirt, here or on another host, by libvirt's public API.
 *
 * An interrupt is one call of virDomainInjectNMI(), made only over a connection that
 * stands.
 */
#include "backend/backend_kind_priv.h"
#include "backend/libvirt_priv.h"
#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>

#define EVENT_POLL_MS 50u

void libvirt_hold(struct libvirt *l)
{
	atomic_fetch_add(&l->holders, 1);
}

void libvirt_let_go(void *self)
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

struct err *libvirt_busy(void)
{
	return err_os(EBUSY, "an earlier call of libvirt has not returned");
}

struct err *libvirt_failure(struct libvirt *l)
{
	cleanup(err_freep) struct err *err = steal(l->failure);

	return err ? err_new(code_of(l->failure_code), "%s", err_message(err)) : NULL;
}

/* ---- the owner's side ---- */

static struct err *run(struct libvirt *l, hands_call_fn *fn, u64 deadline_ms)
{
	switch (hands_do(l->work, fn, deadline_ms)) {
	case HANDS_DONE:
		return libvirt_failure(l);
	case HANDS_BUSY:
		return libvirt_busy();
	default:
		return err_os(ETIMEDOUT, "libvirt does not answer");
	}
}

struct err *libvirt_become_ready(struct libvirt *l, u64 deadline_ms)
{
	struct err *err = libvirt_start_loop(l);

	if (err)
		return err;
	if (hands_wait(l->work, deadline_ms) != HANDS_DONE)
		return err_os(ETIMEDOUT, "an earlier call of libvirt has not returned");
	err_free(l->failure);
	l->failure = NULL;
	l->failure_code = 0;
	return l->domain ? NULL : run(l, libvirt_connect_call, deadline_ms);
}

static void libvirt_close(void *self)
{
	struct libvirt *l = self;

	if (l->watch)
		hands_release(l->watch, NULL);
	if (l->work)
		hands_release(l->work, libvirt_disconnect_call);
	else
		atomic_store(&l->is_released, true);
	libvirt_let_go(l);
}

static struct err *start_hands(struct libvirt *l)
{
	struct err *err;

	libvirt_hold(l);
	err = hands_start(l, libvirt_let_go, &l->work);
	if (err) {
		libvirt_let_go(l);
		return err;
	}
	libvirt_hold(l);
	err = hands_start(l, libvirt_let_go, &l->watch);
	if (err)
		libvirt_let_go(l);
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

static struct err *libvirt_check(const char *rest)
{
	const char *hash = strchr(rest, '#');

	return hash && hash != rest && hash[1]
		       ? NULL
		       : backend_bad_address(&backend_kind_libvirt,
					     "it has a URI and a domain");
}

static struct err *libvirt_open(const struct backend_address *a, const char *rest,
				struct buf *name, void **ret_self)
{
	const char *hash = strchr(rest, '#');
	struct libvirt *l;
	struct err *err = libvirt_check(rest);

	if (err)
		return err;
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
	struct err *err = libvirt_become_ready(l, deadline_ms);
	enum hands_outcome outcome;

	if (err) {
		bool timed_out = err_errno(err) != 0;

		backend_result_refused(
			ret, timed_out ? BACKEND_UNREACHABLE : refusal_of(l->failure_code),
			err);
		return;
	}
	outcome = hands_do(l->work, libvirt_inject_call, deadline_ms);
	if (outcome == HANDS_BUSY) {
		backend_result_refused(ret, BACKEND_UNREACHABLE, libvirt_busy());
	} else if (outcome == HANDS_RUNNING) {
		backend_result_unknown(
			ret, err_os(ETIMEDOUT, "virDomainInjectNMI does not return"));
	} else {
		int code = l->failure_code;

		err = libvirt_failure(l);
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
	struct err *err = libvirt_become_ready(l, deadline_ms);

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
	struct err *err = ready_run(l, libvirt_state_call, timeout_ms);

	if (!err)
		*ret = state_of(l->state, l->reason);
	return err;
}

static struct err *libvirt_next_event(void *self, u64 timeout_ms, enum backend_event *ret)
{
	struct libvirt *l = self;
	u64 deadline_ms = clock_now_ms() + timeout_ms;
	struct err *err = libvirt_become_ready(l, deadline_ms);

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

		if (libvirt_pop_event(l, ret))
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
	struct err *err = ready_run(l, libvirt_stats_call, timeout_ms);

	if (!err)
		*ret = l->bytes;
	return err;
}

static struct err *libvirt_act(void *self, enum backend_action action, u64 timeout_ms)
{
	struct libvirt *l = self;
	u64 deadline_ms = clock_now_ms() + timeout_ms;
	struct err *err = libvirt_become_ready(l, deadline_ms);

	if (err)
		return err;
	l->action = action;
	return run(l, libvirt_act_call, deadline_ms);
}

const struct backend_kind backend_kind_libvirt = {
	.scheme = "libvirt",
	.prefix = "libvirt+",
	.form = "libvirt+URI#DOMAIN",
	.has_events = true,
	.check = libvirt_check,
	.open = libvirt_open,
	.close = libvirt_close,
	.inject = libvirt_inject,
	.query_state = libvirt_query_state,
	.next_event = libvirt_next_event,
	.read_progress = libvirt_read_progress,
	.dump = libvirt_dump,
	.act = libvirt_act,
};
