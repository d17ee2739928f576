/* A QEMU machine through its QMP socket (qapi/ of QEMU). */
#include "backend/backend_kind_priv.h"
#include "backend/dump_progress_priv.h"
#include "backend/qmp_session_priv.h"
#include "base/clock.h"
#include "base/new_file.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>

#define DUMP_INTERVAL_MS 500
#define DUMP_ANSWER_MS	 10000u

/* Registers that are read at most. */
#define CPUS_MAX      1024u
#define REGISTERS_MAX (1u << 20)

static void qmp_close(void *self)
{
	qmp_session_free(self);
}

static struct err *qmp_open(const struct backend_address *a, const char *rest,
			    struct buf *name, void **ret_self)
{
	struct qmp_session *q;
	struct err *err;

	if (!*rest)
		return backend_bad_address(&backend_kind_qmp, "no path");
	if (strlen(rest) > QMP_SESSION_PATH_MAX)
		return backend_bad_address(&backend_kind_qmp,
					   "the path is longer than a socket's can be");
	err = qmp_session_new(rest, &q);
	if (err)
		return err;
	buf_add_str(name, "QMP socket ");
	str_escape(name, rest, strlen(rest), false);
	*ret_self = q;
	return NULL;
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
	struct qmp_session *q = self;
	u64 deadline_ms = clock_now_ms() + timeout_ms;
	struct err *err = qmp_session_ready(q, deadline_ms);

	if (err) {
		backend_result_refused(ret, refusal_of(err), err);
		return;
	}
	err = qmp_session_send(q, "inject-nmi", NULL, -1);
	if (err && err_code(err) != ERR_INCOMPLETE) {
		backend_result_refused(ret, BACKEND_UNREACHABLE, err);
		return;
	}
	/* From here on it may have arrived, unless QEMU says otherwise. */
	if (!err)
		err = qmp_session_wait(q, deadline_ms);
	if (err) {
		backend_result_unknown(ret, err_wrap(err, "inject-nmi was sent"));
		return;
	}
	err = qmp_session_denial(q);
	if (err)
		backend_result_refused(ret, BACKEND_UNSUPPORTED,
				       err_wrap(err, "inject-nmi"));
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
	const json_t *reply = NULL;
	const char *status;
	struct err *err = qmp_session_call(self, "query-status", NULL, -1,
					   clock_now_ms() + timeout_ms, &reply);

	if (err)
		return err;
	status = json_string_value(json_object_get(reply, "status"));
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
	struct qmp_session *q = self;
	u64 deadline_ms = clock_now_ms() + timeout_ms;
	struct event_queue *events = qmp_session_events(q);
	struct err *err = qmp_session_connect(q, deadline_ms);
	bool is_first = true;

	if (err)
		return err;
	while (!events->num && !qmp_session_is_gone(q) &&
	       (is_first || clock_now_ms() < deadline_ms)) {
		is_first = false;
		err = qmp_session_pump(q, deadline_ms);
		if (err)
			return err;
	}
	if (!event_queue_pop(events, ret))
		*ret = qmp_session_is_gone(q) ? BACKEND_EVENT_GONE : BACKEND_EVENT_NONE;
	return NULL;
}

static struct err *qmp_read_progress(void *self, u64 timeout_ms, u64 *ret)
{
	const json_t *device, *reply = NULL;
	struct err *err = qmp_session_call(self, "query-blockstats", NULL, -1,
					   clock_now_ms() + timeout_ms, &reply);
	u64 sum = 0;
	size_t i;

	if (err)
		return err;
	json_array_foreach(reply, i, device)
	{
		const json_t *stats = json_object_get(device, "stats");

		sum += (u64)json_integer_value(json_object_get(stats, "wr_bytes"));
	}
	*ret = sum;
	return NULL;
}

/* Lines of `info registers` that are left out: its own heading, and floating point. */
static bool is_left_out(const char *line, size_t len)
{
	static const char *const beginnings[] = {"CPU#", "FCW=", "FPR",	  "XMM",
						 "YMM",	 "ZMM",	 "Opmask"};

	for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++)
		if (len >= strlen(beginnings[i]) &&
		    !strncmp(line, beginnings[i], strlen(beginnings[i])))
			return true;
	return !len;
}

static void add_registers(struct buf *b, unsigned cpu, const char *text)
{
	buf_printf(b, "CPU %u\n", cpu);
	while (*text) {
		size_t len = strcspn(text, "\r\n");

		if (!is_left_out(text, len)) {
			str_escape(b, text, len, false);
			buf_add_char(b, '\n');
		}
		text += len;
		text += strspn(text, "\r\n");
	}
}

/* One CPU a time: all of a large machine in one message would be longer than a message of
 * QMP may be here. */
static struct err *read_cpu(struct qmp_session *q, unsigned cpu, u64 deadline_ms,
			    struct buf *ret)
{
	const json_t *reply = NULL;
	json_t *arguments = json_pack("{s:s, s:i}", "command-line", "info registers",
				      "cpu-index", (int)cpu);
	struct err *err = qmp_session_call(q, "human-monitor-command", arguments, -1,
					   deadline_ms, &reply);

	json_decref(arguments);
	if (err)
		return err;
	if (!json_is_string(reply))
		return err_new(ERR_BAD_DATA, "human-monitor-command returns no text");
	add_registers(ret, cpu, json_string_value(reply));
	return buf_check(ret);
}

static struct err *qmp_read_registers(void *self, u64 timeout_ms, struct buf *ret)
{
	u64 deadline_ms = clock_now_ms() + timeout_ms;
	unsigned cpu = 0;
	struct err *err = NULL;

	/* The one behind the last is refused. */
	while (!err && cpu < CPUS_MAX && ret->len < REGISTERS_MAX) {
		err = read_cpu(self, cpu, deadline_ms, ret);
		cpu += !err;
	}
	if (!cpu)
		return err;
	err_free(err);
	return NULL;
}

static struct err *qmp_act(void *self, enum backend_action action, u64 timeout_ms)
{
	static const char *const commands[] = {
		[BACKEND_RESUME] = "cont",
		[BACKEND_RESET] = "system_reset",
		[BACKEND_PAUSE] = "stop",
	};

	return qmp_session_call(self, commands[action], NULL, -1,
				clock_now_ms() + timeout_ms, NULL);
}

/* ---- the dump from outside ---- */

/* QEMU writes through a descriptor of ours: it needs no right to the directory, and
 * nothing that is there is written over. */
static struct err *start_dump(struct qmp_session *q, int fd)
{
	json_t *arguments = json_pack("{s:s}", "fdname", "inquest-dump");
	struct err *err = qmp_session_call(q, "getfd", arguments, fd,
					   clock_now_ms() + DUMP_ANSWER_MS, NULL);

	json_decref(arguments);
	if (err)
		return err;
	arguments = json_pack("{s:b, s:s, s:b, s:s}", "paging", 0, "protocol",
			      "fd:inquest-dump", "detach", 1, "format", "kdump-zlib");
	err = qmp_session_call(q, "dump-guest-memory", arguments, -1,
			       clock_now_ms() + DUMP_ANSWER_MS, NULL);
	json_decref(arguments);
	return err;
}

/* Ask once how far it is. */
static struct err *look_at_dump(struct qmp_session *q, struct dump_progress *p,
				bool *ret_ended)
{
	u64 deadline_ms = clock_now_ms() + max_u64(p->idle_ms, DUMP_INTERVAL_MS);
	const json_t *reply = NULL;
	const char *status;
	u64 done, total;
	struct err *err = qmp_session_call(q, "query-dump", NULL, -1, deadline_ms, &reply);

	if (err)
		return err;
	status = json_string_value(json_object_get(reply, "status"));
	done = (u64)json_integer_value(json_object_get(reply, "completed"));
	total = (u64)json_integer_value(json_object_get(reply, "total"));
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

static struct err *follow_dump(struct qmp_session *q, struct dump_progress *p)
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
		err = qmp_session_pump(q, clock_now_ms() + DUMP_INTERVAL_MS);
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
	struct qmp_session *q = self;
	struct err *err = new_file_open(&f, path, false);

	if (err)
		return err;
	qmp_session_events(q)->is_dumping = true;
	err = start_dump(q, f.fd);
	if (!err)
		err = follow_dump(q, &p);
	qmp_session_events(q)->is_dumping = false;
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
	.read_registers = qmp_read_registers,
	.read_progress = qmp_read_progress,
	.dump = qmp_dump,
	.act = qmp_act,
};
