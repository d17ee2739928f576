/*
 * The key by which a capture kernel logs in to a server: made, and brought there.
 *
 * The person is at the terminal: ssh(1) asks for the server's key and for a password by
 * itself, and what it says is seen. Afterwards a login without questions proves that it
 * works. To do it again is fine: a key that works is not added twice.
 */
#ifndef ARM_SSH_KEYS_H
#define ARM_SSH_KEYS_H

#include "format/capture_config.h"

/* Where the dialects keep it. */
#define SSH_KEY_DEFAULT "/root/.ssh/kdump_id_rsa"

struct ssh_propagation {
	const char *server; /* USER@HOST */
	const char *key;    /* the private key's path */
	/* In whose words: "Using existing keys..." of kdumpctl, "Using existing key" of
	 * kdump-config. inquest says kdumpctl's. */
	enum config_dialect dialect;
	/* Receives a sentence without its newline. */
	void (*say)(void *ctx, const char *sentence);
	void *ctx;
};

/* Make the key if there is none (ed25519, or RSA where its name says rsa), add its public
 * half to the server's authorized_keys, and log in with it. ERR_USAGE for a server that is
 * not USER@HOST, ERR_REFUSED if the server does not take it. */
must_check struct err *ssh_keys_propagate(const struct ssh_propagation *p);

#endif
