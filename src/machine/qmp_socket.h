/*
 * A socket in the file system, for others than us to speak QMP with a guest.
 *
 * Whoever can connect to it can do to QEMU, and through it to this account, what they like:
 * it is for its owner alone.
 */
#ifndef MACHINE_QMP_SOCKET_H
#define MACHINE_QMP_SOCKET_H

#include "base/err.h"

/* Bind a Unix socket to @path with mode 0600. Nobody can connect before QEMU listens.
 * ERR_REFUSED if something is at @path already: it is left as it is; ERR_USAGE if the path
 * is longer than a socket's can be. Whoever is done with it unlinks @path. */
must_check struct err *qmp_socket_bind(const char *path, int *ret_fd);

#endif
