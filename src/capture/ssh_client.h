/*
 * One command on a server, by the host's own OpenSSH client that was packed into the image.
 *
 * The client asks nobody anything: it has one key, one list of pinned host keys, no
 * configuration file, and gives up a connection that is silent.
 */
#ifndef CAPTURE_SSH_CLIENT_H
#define CAPTURE_SSH_CLIENT_H

#include "capture/dumpdir.h"
#include "format/manifest.h"

#define SSH_PORT 22

struct ssh_command {
	const struct manifest_target *server;
	const char *text; /* for the shell of the server's user */
	/* Writes what the command reads; NULL: it reads nothing. */
	dumpdir_writer *write;
	void *ctx;
	_Atomic u64 *progress; /* counted up with each piece that went out, may be NULL */
};

/* What came of it. */
struct ssh_answer {
	int status;		     /* of the command; 255: the connection itself failed */
	u64 bytes_sent;		     /* that the client took from us */
	char out[256], errors[1024]; /* the end of what it printed */
};

/* Run a command. An error if the client cannot be run, or if the writer failed though the
 * client did not; all else is an answer, also a status that is not 0. */
must_check struct err *ssh_run(const struct ssh_command *command, struct ssh_answer *ret);

/* The answer as an error: NULL for status 0. @doing is what was tried, "save vmcore". */
must_check struct err *ssh_failure(const struct ssh_command *command,
				   const struct ssh_answer *answer, const char *doing);

/* Append @text quoted so that any shell takes it as one word. */
void ssh_quote(struct buf *b, const char *text);

#endif
