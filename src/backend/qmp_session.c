#include "backend/qmp_session_priv.h"

#include "backend/backend_kind_priv.h"
#include "base/clock.h"
#include "base/str.h"
#include "machine/qmp_client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define CONNECT_INTERVAL_MS 20

struct qmp_session {
	struct sockaddr_un address;
	struct qmp_client *client; /* NULL until connected */
	bool is_ready;		   /* capabilities are negotiated */
	struct err *refusal;	   /* of the negotiation */

	/* The command that is waited for. A late reply to an earlier one is dropped. */
	u64 waited_id;
	bool has_reply;
	json_t *reply;	    /* its return value */
	struct err *denial; /* its error */

	struct event_queue events;
};

static void forget_reply(struct qmp_session *q)
{
	json_decref(q->reply);
	q->reply = NULL;
	err_free(q->denial);
	q->denial = NULL;
	q->has_reply = false;
	q->waited_id = 0;
}

struct err *qmp_session_new(const char *path, struct qmp_session **ret)
{
	struct qmp_session *q = calloc(1, sizeof(*q));

	if (!q)
		return err_nomem();
	q->address.sun_family = AF_UNIX;
	snprintf(q->address.sun_path, sizeof(q->address.sun_path), "%s", path);
	*ret = q;
	return NULL;
}

void qmp_session_free(struct qmp_session *q)
{
	if (!q)
		return;
	forget_reply(q);
	err_free(q->refusal);
	qmp_client_free(q->client);
	free(q);
}

/* ---- what QEMU says ---- */

static const struct {
	const char *name;
	enum backend_event event;
} event_names[] = {
	{"GUEST_PANICKED", BACKEND_EVENT_PANICKED},
	{"GUEST_CRASHLOADED", BACKEND_EVENT_CRASHLOADED},
	{"RESET", BACKEND_EVENT_RESET},
	{"SHUTDOWN", BACKEND_EVENT_SHUTDOWN},
	{"STOP", BACKEND_EVENT_PAUSED},
	{"RESUME", BACKEND_EVENT_RESUMED},
};

static void take_event(struct qmp_session *q, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(event_names); i++)
		if (str_eq(name, event_names[i].name))
			event_queue_add(&q->events, event_names[i].event);
}

static struct err *error_of(const struct qmp_message *m)
{
	cleanup(buf_deinit) struct buf text = BUF_INIT;

	str_escape(&text, m->text, strlen(m->text), false);
	return err_new(str_eq(m->name, "CommandNotFound") ? ERR_UNSUPPORTED : ERR_REFUSED,
		       "QEMU refuses: %s", buf_text(&text));
}

static void take_message(void *ctx, const struct qmp_message *m)
{
	struct qmp_session *q = ctx;

	if (m->kind == QMP_EVENT) {
		take_event(q, m->name);
	} else if (m->kind == QMP_GREETING) {
		return;
	} else if (!q->is_ready) {
		/* Nothing else was sent before it. */
		if (m->kind == QMP_RETURN)
			q->is_ready = true;
		else if (!q->refusal)
			q->refusal = error_of(m);
	} else if (m->id && m->id == q->waited_id && !q->has_reply) {
		q->has_reply = true;
		if (m->kind == QMP_ERROR)
			q->denial = error_of(m);
		else
			q->reply = json_incref((json_t *)m->data);
	}
}

/* ---- the conversation ---- */

bool qmp_session_is_gone(const struct qmp_session *q)
{
	return qmp_client_fd(q->client) < 0;
}

static struct err *closed(void)
{
	return err_os(EPIPE, "QEMU closed the connection");
}

struct err *qmp_session_pump(struct qmp_session *q, u64 deadline_ms)
{
	struct pollfd p = {.fd = qmp_client_fd(q->client), .events = POLLIN};
	struct err *err = NULL;
	int n;

	if (p.fd < 0)
		return closed();
	n = poll(&p, 1, backend_poll_ms(deadline_ms));
	if (n < 0 && errno != EINTR)
		return err_os(errno, "cannot wait for QEMU");
	if (n > 0)
		err = qmp_client_receive(q->client);
	return err;
}

static struct err *connect_once(struct qmp_session *q, bool *ret_is_busy)
{
	cleanup(closep) int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*ret_is_busy = false;
	if (fd < 0)
		return err_os(errno, "cannot make a socket");
	if (!connect(fd, (const struct sockaddr *)&q->address, sizeof(q->address)))
		return qmp_client_new(steal_fd(&fd), take_message, q, &q->client);
	/* That many wait to be served already. */
	*ret_is_busy = errno == EAGAIN || errno == EINTR;
	return err_os(errno, "cannot connect");
}

struct err *qmp_session_connect(struct qmp_session *q, u64 deadline_ms)
{
	while (!q->client) {
		bool is_busy;
		struct err *err = connect_once(q, &is_busy);

		if (!err)
			break;
		if (!is_busy || clock_now_ms() >= deadline_ms)
			return err;
		err_ignore(err);
		clock_sleep_ms(CONNECT_INTERVAL_MS);
	}
	return NULL;
}

struct err *qmp_session_ready(struct qmp_session *q, u64 deadline_ms)
{
	struct err *err = qmp_session_connect(q, deadline_ms);

	while (!err && !q->is_ready) {
		if (q->refusal)
			return steal(q->refusal);
		if (clock_now_ms() >= deadline_ms)
			return err_os(
				ETIMEDOUT,
				"QEMU does not answer; a QMP socket serves one client "
				"at a time: is another one connected (libvirt?)");
		err = qmp_session_pump(q, deadline_ms);
	}
	return err;
}

struct err *qmp_session_send(struct qmp_session *q, const char *execute,
			     const json_t *arguments, int passed_fd)
{
	forget_reply(q);
	return qmp_client_send_fd(q->client, execute, arguments, passed_fd, &q->waited_id);
}

struct err *qmp_session_wait(struct qmp_session *q, u64 deadline_ms)
{
	struct err *err = NULL;

	while (!err && !q->has_reply) {
		if (clock_now_ms() >= deadline_ms)
			return err_os(ETIMEDOUT, "QEMU does not answer");
		err = qmp_session_pump(q, deadline_ms);
	}
	return err;
}

struct err *qmp_session_denial(struct qmp_session *q)
{
	return steal(q->denial);
}

struct err *qmp_session_call(struct qmp_session *q, const char *execute,
			     const json_t *arguments, int passed_fd, u64 deadline_ms,
			     const json_t **ret_reply)
{
	struct err *err = qmp_session_ready(q, deadline_ms);

	if (!err)
		err = qmp_session_send(q, execute, arguments, passed_fd);
	if (!err)
		err = qmp_session_wait(q, deadline_ms);
	if (!err)
		err = qmp_session_denial(q);
	if (!err && ret_reply)
		*ret_reply = q->reply;
	return err_wrap(err, "%s", execute);
}

struct event_queue *qmp_session_events(struct qmp_session *q)
{
	return &q->events;
}
