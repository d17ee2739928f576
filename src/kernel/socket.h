/*
 * A socket that a task has open, and its ends.
 *
 * Sources: include/linux/net.h, include/net/sock.h, include/net/inet_sock.h. Plain values.
 */
#ifndef KERNEL_SOCKET_H
#define KERNEL_SOCKET_H

#include "kernel/kernel.h"

struct socket {
	vaddr_t addr; /* struct socket */
	vaddr_t sock; /* struct sock, 0 if it has none */
	u64 family;   /* AF_… */
	u64 type;     /* SOCK_… */
	/* Of AF_INET and AF_INET6, addresses as they are sent. */
	bool has_ends;
	u8 source[16], destination[16];
	u16 source_port, destination_port;
};

must_check struct err *socket_read(struct kernel *k, vaddr_t addr, struct socket *ret);

/* "UNIX", "INET", …; NULL for one without a name here. */
const char *socket_family_name(const struct socket *s);
/* "STREAM", "DGRAM", …; NULL likewise. */
const char *socket_type_name(const struct socket *s);

#define SOCKET_AF_INET	2
#define SOCKET_AF_INET6 10

#endif
