#include "backend/backend_kind_priv.h"
#include "base/clock.h"
#include "base/str.h"

#include <limits.h>
#include <string.h>

struct backend {
	const struct backend_kind *kind;
	struct buf name;
	void *self;
};

static const struct backend_kind *const kinds[] = {
	&backend_kind_qmp,     &backend_kind_libvirt, &backend_kind_ipmi,
	&backend_kind_redfish, &backend_kind_ec2,     &backend_kind_exec,
};

static struct err *no_kind(const char *uri)
{
	cleanup(buf_deinit) struct buf forms = BUF_INIT, text = BUF_INIT;

	str_escape(&text, uri, strlen(uri), false);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		buf_printf(&forms, "%s%s",
			   i == 0			? ""
			   : i + 1 == ARRAY_SIZE(kinds) ? " or "
							: ", ",
			   kinds[i]->form);
	return err_new(ERR_USAGE, "%s is no address of a machine: it would be %s",
		       buf_text(&text), buf_text(&forms));
}

struct err *backend_bad_address(const struct backend_kind *kind, const char *what)
{
	return err_new(ERR_USAGE, "%s address: %s; it would be %s", kind->scheme, what,
		       kind->form);
}

static const struct backend_kind *find_kind(const char *uri)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (str_has_prefix(uri, kinds[i]->prefix))
			return kinds[i];
	return NULL;
}

struct err *backend_open(const struct backend_address *address, struct backend **ret)
{
	const struct backend_kind *kind = find_kind(address->uri);
	cleanup(backend_closep) struct backend *b = NULL;
	struct err *err;

	if (!kind)
		return no_kind(address->uri);
	b = calloc(1, sizeof(*b));
	if (!b)
		return err_nomem();
	b->kind = kind;
	err = kind->open(address, address->uri + strlen(kind->prefix), &b->name, &b->self);
	if (!err)
		err = buf_check(&b->name);
	if (err)
		return err;
	*ret = steal(b);
	return NULL;
}

struct err *backend_check(const struct backend_address *address)
{
	const struct backend_kind *kind = find_kind(address->uri);
	cleanup(backend_closep) struct backend *b = NULL;
	struct err *err;

	if (kind && kind->check)
		return kind->check(address->uri + strlen(kind->prefix));
	err = backend_open(address, &b);
	if (!err || err_code(err) != ERR_UNSUPPORTED)
		return err;
	err_ignore(err);
	return NULL;
}

void backend_close(struct backend *b)
{
	if (!b)
		return;
	if (b->self)
		b->kind->close(b->self);
	buf_deinit(&b->name);
	free(b);
}

const char *backend_name(const struct backend *b)
{
	return buf_text(&b->name);
}

const char *backend_scheme(const struct backend *b)
{
	return b->kind->scheme;
}

bool backend_has_events(const struct backend *b)
{
	return b->kind->has_events;
}

/* ---- results ---- */

void backend_result_deinit(struct backend_result *r)
{
	err_free(r->why);
	r->why = NULL;
}

static void end(struct backend_result *r, enum backend_delivery delivery,
		enum backend_refusal refusal, struct err *why)
{
	backend_result_deinit(r);
	r->delivery = delivery;
	r->refusal = refusal;
	r->why = why;
}

void backend_result_sent(struct backend_result *r)
{
	end(r, BACKEND_SENT, BACKEND_ACCEPTED, NULL);
}

void backend_result_refused(struct backend_result *r, enum backend_refusal refusal,
			    struct err *why)
{
	end(r, BACKEND_NOT_SENT, refusal, why);
}

void backend_result_unknown(struct backend_result *r, struct err *why)
{
	end(r, BACKEND_UNKNOWN, BACKEND_ACCEPTED, why);
}

int backend_poll_ms(u64 deadline_ms)
{
	u64 now = clock_now_ms();

	return deadline_ms > now ? (int)min_u64(deadline_ms - now, INT_MAX) : 0;
}

/* ---- calls ---- */

static struct err *unsupported(const struct backend *b, const char *what)
{
	return err_new(ERR_UNSUPPORTED, "%s: %s %s", backend_name(b), b->kind->scheme,
		       what);
}

void backend_inject(struct backend *b, u64 timeout_ms, struct backend_result *ret)
{
	struct backend_result r = {0};

	b->kind->inject(b->self, timeout_ms, &r);
	if (r.why)
		r.why = err_wrap(r.why, "%s", backend_name(b));
	*ret = r;
}

struct err *backend_query_state(struct backend *b, u64 timeout_ms, enum backend_state *ret)
{
	struct err *err;

	if (!b->kind->query_state) {
		*ret = BACKEND_STATE_UNKNOWN;
		return NULL;
	}
	err = b->kind->query_state(b->self, timeout_ms, ret);
	return err_wrap(err, "%s", backend_name(b));
}

struct err *backend_next_event(struct backend *b, u64 timeout_ms, enum backend_event *ret)
{
	struct err *err;

	if (!b->kind->next_event) {
		clock_sleep_ms(timeout_ms);
		*ret = BACKEND_EVENT_NONE;
		return NULL;
	}
	err = b->kind->next_event(b->self, timeout_ms, ret);
	return err_wrap(err, "%s", backend_name(b));
}

struct err *backend_read_registers(struct backend *b, u64 timeout_ms, struct buf *ret)
{
	if (!b->kind->read_registers)
		return unsupported(b, "does not tell the registers of a machine");
	return err_wrap(b->kind->read_registers(b->self, timeout_ms, ret), "%s",
			backend_name(b));
}

struct err *backend_read_progress(struct backend *b, u64 timeout_ms, u64 *ret)
{
	if (!b->kind->read_progress)
		return unsupported(b, "does not tell what a machine writes");
	return err_wrap(b->kind->read_progress(b->self, timeout_ms, ret), "%s",
			backend_name(b));
}

struct err *backend_dump(struct backend *b, const char *path, u64 idle_ms,
			 const volatile sig_atomic_t *cancel, backend_progress_fn *progress,
			 void *ctx)
{
	if (!b->kind->dump)
		return unsupported(b, "cannot dump a machine's memory from outside");
	return err_wrap(b->kind->dump(b->self, path, idle_ms, cancel, progress, ctx), "%s",
			backend_name(b));
}

struct err *backend_act(struct backend *b, enum backend_action action, u64 timeout_ms)
{
	if (!b->kind->act)
		return unsupported(b, "cannot resume, reset or pause a machine here");
	return err_wrap(b->kind->act(b->self, action, timeout_ms), "%s", backend_name(b));
}
