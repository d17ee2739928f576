/*
 * How the directory of a dump and its files are called, in the dialect of the host.
 *
 *	kdump, inquest   HOST-2026-11-21-12:24:08/vmcore
 *	kdump-tools      202611211224/dump.202611211224, remote HOST-202611211224/…
 *
 * Dates are local time (TZ). Sources: kdump.sh of kdump-utils, kdump-config(8).
 */
#ifndef CAPTURE_NAMES_H
#define CAPTURE_NAMES_H

#include "base/buf.h"

#include <time.h>

/* How often a name that is taken is tried with "-2" to "-9" behind it. */
#define NAMES_TRIES 9
#define NAMES_SIZE  32

enum dump_form { DUMP_KDUMP, DUMP_FLATTENED, DUMP_PLAIN };

/* Layout is public. */
struct names {
	char log[NAMES_SIZE], log_incomplete[NAMES_SIZE];
	char dump[NAMES_SIZE], dump_incomplete[NAMES_SIZE];
};

/* The files of a dump begun at @when. */
void names_make(const char *naming, time_t when, enum dump_form form, struct names *ret);

/* Append the directory's name, the @try-th from 1 on. @host may be "". ERR_BAD_DATA if the
 * clock shows no date. */
must_check struct err *names_add_directory(const char *naming, const char *host,
					   time_t when, unsigned try, struct buf *b);

/* Is @name one that names_add_directory() makes? @host is "" for any. */
bool names_is_directory(const char *naming, const char *host, const char *name);

#endif
