/*
 * Mount options for the kernel's NFS client, from what a person or a live mount has.
 *
 * mount.nfs(8) is not there in a capture kernel, so what it adds is added here: addresses,
 * and no lock daemon. Options of other programs, and addresses of the crashed machine's
 * mount, are left out; "hard" is, too: a server that is gone must not hang us.
 */
#ifndef CAPTURE_NFS_OPTIONS_H
#define CAPTURE_NFS_OPTIONS_H

#include "base/buf.h"

struct nfs_mount {
	const char *options; /* as configured, "" mostly */
	const char *address; /* of the server */
	const char *own_address;
	u64 port; /* 0: the protocol's own */
};

/* Versions to be tried in order, NULL at the end: the one of @options if it names one.
 *
 * 4.1 goes before 4.2, also where that is named: a dump has no use for what 4.2 adds, and
 * with 6.12 (which has READ_PLUS turned on) and NFS-Ganesha 4.3 it was seen to end in I/O
 * errors where 4.1 does not.
 */
#define NFS_VERSIONS_MAX 5
void nfs_versions(const char *options, const char *ret[NFS_VERSIONS_MAX]);

/* Append what mount(2) wants for @version, one of nfs_versions(); "" is the one that the
 * options name, which any other replaces. */
void nfs_options_add(const struct nfs_mount *m, const char *version, struct buf *b);

#endif
