/*
 * Taking a dump off a raw device, after the reboot: into a dump directory as a capture
 * makes one on a file system, with the log, the report and capture.json that a raw device
 * has no room for.
 *
 * Runs on the host. The device's first sector is cleared once everything is on disk, so
 * that a dump is taken off once.
 */
#ifndef CAPTURE_RAW_RECOVERY_H
#define CAPTURE_RAW_RECOVERY_H

#include "capture/sink.h"
#include "dump/dump.h"

/* Layout is public. */
struct raw_recovery_options {
	const char *device; /* its path */
	const char *parent; /* where the directory is made, "/var/crash" */
	const char *naming; /* as in a manifest, "kdump" */
	const char *host;   /* first part of the directory's name, "" for none */
	bool leaves_out_log;
	/* What the dump may be, once rearranged: those the program can read. */
	const struct dump_format *const *formats;
	struct sink sink; /* is told what is left out */
};

enum raw_found { RAW_NOTHING, RAW_WHOLE, RAW_INCOMPLETE };

struct raw_recovered {
	enum raw_found found;
	char directory[512]; /* "" if nothing was found */
	char reason[512];    /* why it is incomplete, "" if it is not */
};

/* ERR_REFUSED if there is a file system on the device, which is left alone; after other
 * errors (the directory's disk is full) the dump is still on the device, and no half of it
 * is left in the directory. */
must_check struct err *raw_recover(const struct raw_recovery_options *o,
				   struct raw_recovered *ret);

#endif
