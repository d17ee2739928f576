/*
 * Our end of a QMP conversation over a connected socket.
 *
 * The client owns the socket. It never waits: whoever owns the loop polls qmp_client_fd()
 * and calls qmp_client_receive(), which hands each complete message to a callback, replies
 * and events alike. Capabilities are negotiated by qmp_client_new() itself. For one thread.
 */
#ifndef MACHINE_QMP_CLIENT_H
#define MACHINE_QMP_CLIENT_H

#include "format/qmp.h"

struct qmp_client;

/* @m is valid during the call. */
typedef void qmp_message_fn(void *ctx, const struct qmp_message *m);

/* Take ownership of @fd in any case, and send qmp_capabilities: QEMU reads it once it has
 * greeted. */
must_check struct err *qmp_client_new(int fd, qmp_message_fn *fn, void *ctx,
				      struct qmp_client **ret);
void qmp_client_free(struct qmp_client *c);
CLEANUP_FREEP(qmp_client)

/* The descriptor to poll, -1 once the connection has ended. */
int qmp_client_fd(const struct qmp_client *c);

/* Send a command; its reply will carry *@ret_id. @arguments stays the caller's. ERR_OS
 * EAGAIN if QEMU does not read, EPIPE if it is gone: nothing of it was sent then.
 * ERR_INCOMPLETE if a part of it was, which QEMU may yet take for all of it. */
must_check struct err *qmp_client_send(struct qmp_client *c, const char *execute,
				       const json_t *arguments, u64 *ret_id);

/* The same with a descriptor besides, as getfd takes one. It stays the caller's. */
must_check struct err *qmp_client_send_fd(struct qmp_client *c, const char *execute,
					  const json_t *arguments, int passed_fd,
					  u64 *ret_id);

/* Read what has come and hand on complete messages. What is no QMP is an error once, and
 * ends the connection. */
must_check struct err *qmp_client_receive(struct qmp_client *c);

#endif
