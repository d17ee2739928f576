/*
 * The QEMU Machine Protocol's messages: one JSON object per line (docs/interop/qmp-spec of
 * QEMU).
 *
 * Bytes only: machine/qmp_client.h does the talking. A message owns its JSON tree; what its
 * string members point to lives as long as the message. What comes from the socket is not
 * trusted: lines are bounded, duplicate keys and anything but the four known shapes are
 * ERR_BAD_DATA.
 */
#ifndef FORMAT_QMP_H
#define FORMAT_QMP_H

#include "base/buf.h"

#include <jansson.h>

/* query-blockstats of one disk takes 4 KiB; QEMU itself refuses 64 MiB. */
#define QMP_LINE_MAX (256u << 10)

enum qmp_kind {
	QMP_GREETING, /* version says which QEMU */
	QMP_RETURN,   /* data is what the command gave, id which command */
	QMP_ERROR,    /* name is the class, text the sentence, id which command */
	QMP_EVENT,    /* name is the event, data its arguments or NULL */
};

struct qmp_message {
	enum qmp_kind kind;
	json_t *root;
	const char *name, *text; /* NULL where the kind has none */
	const json_t *data;	 /* NULL where the message has none */
	u64 id;			 /* 0 if the message carries none of ours */
	u32 major, minor;	 /* of a greeting */
};

/* Parse @len bytes of one line. */
must_check struct err *qmp_message_parse(const char *line, size_t len,
					 struct qmp_message *ret);
void qmp_message_deinit(struct qmp_message *m);

/* Append the line of a command, with its end of line. @arguments may be NULL and stays the
 * caller's. @id must not be 0. */
void qmp_command_format(struct buf *b, const char *execute, const json_t *arguments,
			u64 id);

#endif
