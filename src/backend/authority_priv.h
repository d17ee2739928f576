/*
 * The part of an address that names a host: "[USER@]HOST[:PORT]", as in a URL.
 *
 * Passwords do not belong into an address: one is refused. What passes can be an argument
 * of a program or a part of a URL without quoting. The struct owns its strings.
 */
#ifndef BACKEND_AUTHORITY_PRIV_H
#define BACKEND_AUTHORITY_PRIV_H

#include "base/err.h"

struct backend_authority {
	char *username; /* NULL: none */
	char *host;	/* an IPv6 address without its brackets */
	bool is_ipv6;
	unsigned port;	  /* 0: none */
	const char *path; /* what follows, from its "/" on, or ""; points into the text */
};

/* ERR_USAGE with what is wrong. The caller calls backend_authority_deinit() in any case. */
must_check struct err *backend_authority_parse(const char *text,
					       struct backend_authority *ret);
void backend_authority_deinit(struct backend_authority *a);

#endif
