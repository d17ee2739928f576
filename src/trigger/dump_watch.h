/*
 * The directory in which the dump directories of a machine arrive.
 *
 * A dump is of our capture if it is of this machine (machine-id, DMI UUID, as far as they
 * are configured), came after the interrupt, and its boot-id is none of a dump that was
 * there before: a boot crashes once. What is in there may have been written by the machine
 * itself, over NFS: no link is followed, nothing but regular files is read. For one thread.
 */
#ifndef TRIGGER_DUMP_WATCH_H
#define TRIGGER_DUMP_WATCH_H

#include "base/err.h"

struct dump_watch;

/* @since_utc_ms: 0 where the interrupt is still to come: all that is there is old. Else
 * what was written before that is. Strings are copied; the ids may be NULL. */
must_check struct err *dump_watch_new(const char *dir, const char *machine_id,
				      const char *dmi_uuid, s64 since_utc_ms,
				      struct dump_watch **ret);
void dump_watch_free(struct dump_watch *w);
CLEANUP_FREEP(dump_watch)

enum dump_watch_verdict {
	DUMP_WATCH_NONE,
	DUMP_WATCH_SEEN, /* it arrives: not all files are there with their length */
	DUMP_WATCH_WHOLE,
	DUMP_WATCH_BROKEN, /* the capture says itself that it is not complete */
};

/* Look once. *@ret_path is the directory and *@ret_reason why it is broken; the caller
 * frees both, which are NULL where there is nothing to say. */
must_check struct err *dump_watch_look(struct dump_watch *w,
				       enum dump_watch_verdict *verdict, char **ret_path,
				       char **ret_reason);

#endif
