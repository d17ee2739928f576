/*
 * A conversation with QEMU over its QMP socket (docs/interop/qmp-spec of QEMU): connect,
 * negotiate, one command at a time, each step by a deadline.
 *
 * Events come whenever they like and are queued, whoever waits. A socket serves one client:
 * another one is not greeted until it leaves. Nonsense ends the connection. For one thread.
 */
#ifndef BACKEND_QMP_SESSION_PRIV_H
#define BACKEND_QMP_SESSION_PRIV_H

#include "backend/event_queue_priv.h"

#include <jansson.h>

#define QMP_SESSION_PATH_MAX 107u /* sun_path of unix(7), with its end */

struct qmp_session;

/* Touches nothing yet. @path has at most QMP_SESSION_PATH_MAX bytes. */
must_check struct err *qmp_session_new(const char *path, struct qmp_session **ret);
void qmp_session_free(struct qmp_session *q);

/* Connect if that was not done yet. Does not wait for QEMU to greet: events count from
 * when it reads what is sent here. */
must_check struct err *qmp_session_connect(struct qmp_session *q, u64 deadline_ms);

/* Connect and negotiate, as far as that was not done yet: the next command is obeyed. */
must_check struct err *qmp_session_ready(struct qmp_session *q, u64 deadline_ms);

/* Send a command whose reply is then waited for, with the descriptor @passed_fd (-1: none).
 * ERR_INCOMPLETE: a part of it may have left; any other error: nothing did. */
must_check struct err *qmp_session_send(struct qmp_session *q, const char *execute,
					const json_t *arguments, int passed_fd);

/* Wait until the command that was sent last is answered, either way. */
must_check struct err *qmp_session_wait(struct qmp_session *q, u64 deadline_ms);

/* Then: why QEMU refused it, once; NULL if it did not. ERR_UNSUPPORTED for a command that
 * it does not have. */
must_check struct err *qmp_session_denial(struct qmp_session *q);

/* All four. *@ret_reply is what it returned, valid until the next command; may be NULL. */
must_check struct err *qmp_session_call(struct qmp_session *q, const char *execute,
					const json_t *arguments, int passed_fd,
					u64 deadline_ms, const json_t **ret_reply);

/* Take in what comes by @deadline_ms, at least what is there. */
must_check struct err *qmp_session_pump(struct qmp_session *q, u64 deadline_ms);

/* The other side has closed. Only once it is connected. */
bool qmp_session_is_gone(const struct qmp_session *q);

/* What happened meanwhile. */
struct event_queue *qmp_session_events(struct qmp_session *q);

#endif
