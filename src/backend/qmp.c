/*
 * A QEMU machine through its QMP socket (docs/interop/qmp-spec and qapi/ of QEMU).
 *
 * Events come whenever they like, so everything that is read goes through take_message(),
 * whoever waits. A socket serves one client: another one is not greeted until it leaves.
 */
#include "backend/backend_kind_priv.h"
#include "backend/dump_progress_priv.h"
#include "backend/event_queue_priv.h"
#include "base/clock.h"
#include "base/new_file.h"
#include "base/str.h"
#include "machine/qmp_client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define CONNECT_INTERVAL_MS 20
#define DUMP_INTERVAL_MS    500
#define DUMP_ANSWER_MS	    10000u

struct qmp {
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

static void forget_reply(struct qmp *q)
{
	json_decref(q->reply);
	q->reply = NULL;
	err_free(q->denial);
	q->denial = NULL;
	q->has_reply = false;
	q->waited_id = 0;
}

static void qmp_close(void *self)
{
	struct qmp *q = self;

	forget_reply(q);
	err_free(q->refusal);
	qmp_client_free(q->client);
	free(q);
}

static struct err *qmp_open(const struct backend_address *a, const char *rest,
			    struct buf *name, void **ret_self)
{
	struct qmp *q;

	if (!*rest)
		return backend_bad_address(&backend_kind_qmp, "no path");
	if (strlen(rest) >= sizeof(q->address.sun_path))
		return backend_bad_address(&backend_kind_qmp,
					   "the path is longer than a socket's can be");
	q = calloc(1, sizeof(*q));
	if (!q)
		return err_nomem();
	q->address.sun_family = AF_UNIX;
	strcpy(q->address.sun_path, rest);
	buf_add_str(name, "QMP socket ");
	str_escape(name, rest, strlen(rest), false);
	*ret_self = q;
	return NULL;
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

static void take_event(struct qmp *q, const char *name)
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
	struct qmp *q = ctx;

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

static bool is_gone(const struct qmp *q)
{
	return qmp_client_fd(q->client) < 0;
}

static struct err *closed(void)
{
	return err_os(EPIPE, "QEMU closed the connection");
}

/* Take in what comes by @deadline_ms, at least what is there. Nonsense ends the
 * connection: what comes after it cannot be told from it. */
static struct err *pump(struct qmp *q, u64 deadline_ms)
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
	if (err)
		shutdown(p.fd, SHUT_RDWR);
	return err;
}

static struct err *connect_once(struct qmp *q, bool *ret_is_busy)
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

/* Connect if that was not done yet. Does not wait for QEMU to greet: events count from
 * when it reads what is sent here. */
static struct err *connect_by(struct qmp *q, u64 deadline_ms)
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

static struct err *become_ready(struct qmp *q, u64 deadline_ms)
{
	struct err *err = connect_by(q, deadline_ms);

	while (!err && !q->is_ready) {
		if (q->refusal)
			return steal(q->refusal);
		if (clock_now_ms() >= deadline_ms)
			return err_os(
				ETIMEDOUT,
				"QEMU does not answer; a QMP socket serves one client "
				"at a time: is another one connected (libvirt?)");
		err = pump(q, deadline_ms);
	}
	return err;
}

/* Send a command whose reply is then waited for. */
static struct err *send_command(struct qmp *q, const char *execute, const json_t *arguments,
				int passed_fd)
{
	forget_reply(q);
	return qmp_client_send_fd(q->client, execute, arguments, passed_fd, &q->waited_id);
}

static struct err *wait_reply(struct qmp *q, u64 deadline_ms)
{
	struct err *err = NULL;

	while (!err && !q->has_reply) {
		if (clock_now_ms() >= deadline_ms)
			return err_os(ETIMEDOUT, "QEMU does not answer");
		err = pump(q, deadline_ms);
	}
	return err;
}

/* Send a command and wait for what it returns: q->reply, until the next one. */
static struct err *call(struct qmp *q, const char *execute, const json_t *arguments,
			int passed_fd, u64 deadline_ms)
{
	struct err *err = become_ready(q, deadline_ms);

	if (!err)
		err = send_command(q, execute, arguments, passed_fd);
	if (!err)
		err = wait_reply(q, deadline_ms);
	if (!err)
		err = steal(q->denial);
	return err_wrap(err, "%s", execute);
}

/* ---- the interrupt ---- */

static enum backend_refusal refusal_of(const struct err *err)
{
	int os_errno = err_errno(err);

	return os_errno == EACCES || os_errno == EPERM ? BACKEND_DENIED
						       : BACKEND_UNREACHABLE;
}

static void qmp_inject(void *self, u64 timeout_ms, struct backend_result *ret)
{
	struct qmp *q = self;
	u64 deadline_ms = clock_now_ms() + timeout_ms;
	struct err *err = become_ready(q, deadline_ms);

	if (err) {
		backend_result_refused(ret, refusal_of(err), err);
		return;
	}
	err = send_command(q, "inject-nmi", NULL, -1);
	if (err && err_code(err) != ERR_INCOMPLETE) {
		backend_result_refused(ret, BACKEND_UNREACHABLE, err);
		return;
	}
	/* From here on it may have arrived, unless QEMU says otherwise. */
	if (!err)
		err = wait_reply(q, deadline_ms);
	if (err)
		backend_result_unknown(ret, err_wrap(err, "inject-nmi was sent"));
	else if (q->denial)
		backend_result_refused(ret, BACKEND_UNSUPPORTED,
				       err_wrap(steal(q->denial), "inject-nmi"));
	else
		backend_result_sent(ret);
}

/* ---- what the machine does ---- */

static const struct {
	const char *status; /* RunState of qapi/run-state.json; all others are pauses */
	enum backend_state state;
} run_states[] = {
	{"running", BACKEND_STATE_RUNNING},
	{"guest-panicked", BACKEND_STATE_CRASHED},
	{"shutdown", BACKEND_STATE_OFF},
};

static struct err *qmp_query_state(void *self, u64 timeout_ms, enum backend_state *ret)
{
	struct qmp *q = self;
	struct err *err = call(q, "query-status", NULL, -1, clock_now_ms() + timeout_ms);
	const char *status;

	if (err)
		return err;
	status = json_string_value(json_object_get(q->reply, "status"));
	if (!status)
		return err_new(ERR_BAD_DATA, "query-status returns no status");
	*ret = BACKEND_STATE_PAUSED;
	for (size_t i = 0; i < ARRAY_SIZE(run_states); i++)
		if (str_eq(status, run_states[i].status))
			*ret = run_states[i].state;
	return NULL;
}

static struct err *qmp_next_event(void *self, u64 timeout_ms, enum backend_event *ret)
{
	struct qmp *q = self;
	u64 deadline_ms = clock_now_ms() + timeout_ms;
	struct err *err = connect_by(q, deadline_ms);
	bool is_first = true;

	if (err)
		return err;
	while (!q->events.num && !is_gone(q) &&
	       (is_first || clock_now_ms() < deadline_ms)) {
		is_first = false;
		err = pump(q, deadline_ms);
		if (err)
			return err;
	}
	if (!event_queue_pop(&q->events, ret))
		*ret = is_gone(q) ? BACKEND_EVENT_GONE : BACKEND_EVENT_NONE;
	return NULL;
}

static struct err *qmp_read_progress(void *self, u64 timeout_ms, u64 *ret)
{
	struct qmp *q = self;
	struct err *err =
		call(q, "query-blockstats", NULL, -1, clock_now_ms() + timeout_ms);
	const json_t *device;
	u64 sum = 0;
	size_t i;

	if (err)
		return err;
	json_array_foreach(q->reply, i, device)
	{
		const json_t *stats = json_object_get(device, "stats");

		sum += (u64)json_integer_value(json_object_get(stats, "wr_bytes"));
	}
	*ret = sum;
	return NULL;
}

static struct err *qmp_act(void *self, enum backend_action action, u64 timeout_ms)
{
	static const char *const commands[] = {
		[BACKEND_RESUME] = "cont",
		[BACKEND_RESET] = "system_reset",
		[BACKEND_PAUSE] = "stop",
	};

	return call(self, commands[action], NULL, -1, clock_now_ms() + timeout_ms);
}

/* ---- the dump from outside ---- */

/* QEMU writes through a descriptor of ours: it needs no right to the directory, and
 * nothing that is there is written over. */
static struct err *start_dump(struct qmp *q, int fd)
{
	json_t *arguments = json_pack("{s:s}", "fdname", "inquest-dump");
	struct err *err = call(q, "getfd", arguments, fd, clock_now_ms() + DUMP_ANSWER_MS);

	json_decref(arguments);
	if (err)
		return err;
	arguments = json_pack("{s:b, s:s, s:b, s:s}", "paging", 0, "protocol",
			      "fd:inquest-dump", "detach", 1, "format", "kdump-zlib");
	err = call(q, "dump-guest-memory", arguments, -1, clock_now_ms() + DUMP_ANSWER_MS);
	json_decref(arguments);
	return err;
}

/* Ask once how far it is. */
static struct err *look_at_dump(struct qmp *q, struct dump_progress *p, bool *ret_ended)
{
	u64 deadline_ms = clock_now_ms() + max_u64(p->idle_ms, DUMP_INTERVAL_MS);
	struct err *err = call(q, "query-dump", NULL, -1, deadline_ms);
	const char *status;
	u64 done, total;

	if (err)
		return err;
	status = json_string_value(json_object_get(q->reply, "status"));
	done = (u64)json_integer_value(json_object_get(q->reply, "completed"));
	total = (u64)json_integer_value(json_object_get(q->reply, "total"));
	if (!status)
		return err_new(ERR_BAD_DATA, "query-dump returns no status");
	if (str_eq(status, "failed"))
		return err_new(
			ERR_INCOMPLETE,
			"QEMU failed to write the dump: is the disk full? Its log says more");
	dump_progress_note(p, done, total);
	*ret_ended = str_eq(status, "completed");
	return NULL;
}

static struct err *follow_dump(struct qmp *q, struct dump_progress *p)
{
	dump_progress_start(p);
	for (;;) {
		bool has_ended = false;
		struct err *err = look_at_dump(q, p, &has_ended);

		if (!err && !has_ended)
			err = dump_progress_check(
				p, "; QEMU cannot be told to stop dumping, and resumes the "
				   "machine when it has ended");
		if (err || has_ended)
			return err;
		err = pump(q, clock_now_ms() + DUMP_INTERVAL_MS);
		if (err)
			return err;
	}
}

static struct err *qmp_dump(void *self, const char *path, u64 idle_ms,
			    const volatile sig_atomic_t *cancel,
			    backend_progress_fn *progress, void *ctx)
{
	struct dump_progress p = {
		.idle_ms = idle_ms, .cancel = cancel, .progress = progress, .ctx = ctx};
	cleanup(new_file_deinit) struct new_file f = {.fd = -1};
	struct qmp *q = self;
	struct err *err = new_file_open(&f, path, false);

	if (err)
		return err;
	q->events.is_dumping = true;
	err = start_dump(q, f.fd);
	if (!err)
		err = follow_dump(q, &p);
	q->events.is_dumping = false;
	if (!err)
		err = new_file_keep(&f);
	return err_wrap(err, "%s", path);
}

const struct backend_kind backend_kind_qmp = {
	.scheme = "qmp",
	.prefix = "qmp:",
	.form = "qmp:PATH",
	.has_events = true,
	.open = qmp_open,
	.close = qmp_close,
	.inject = qmp_inject,
	.query_state = qmp_query_state,
	.next_event = qmp_next_event,
	.read_progress = qmp_read_progress,
	.dump = qmp_dump,
	.act = qmp_act,
};
