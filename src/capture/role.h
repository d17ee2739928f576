/*
 * The two roles of inquest-capture, and what both start from.
 *
 * Layout is public; `manifest` and `record` are borrowed from main().
 */
#ifndef CAPTURE_ROLE_H
#define CAPTURE_ROLE_H

#include "capture/phase.h"
#include "capture/record.h"
#include "capture/sink.h"
#include "capture/system.h"
#include "format/manifest.h"

struct role {
	struct sink sink;
	struct manifest *manifest;
	struct record *record;
	const char *cmdline; /* of the running kernel */
	enum system_end end;
	bool end_is_given; /* on the command line, which wins */
};

/* The crashed role of a rehearsal: load the capture kernel, report, wait for the trigger.
 * Returns only if there is nothing to wait for any more. */
void role_crashed(struct role *r);

/* The capture role: diagnose, save, report. Returns when it is time to go down. */
void role_capture(struct role *r);

/* Run one phase of a capture and put it on record; @own_ms is its own limit, 0 if only
 * those for the whole capture hold. One with its own limit need not show progress before.
 * True if it did its work. */
bool role_run_phase(struct role *r, const char *name, phase_work *work, void *ctx,
		    u64 own_ms);

/* `inquest: end role=… outcome=…` and further keys that the caller may have begun to add.
 */
void role_begin_end(struct role *r, struct buf *line, const char *role, const char *outcome,
		    const char *reason);

/* Load the modules of the manifest in their order. What fails and is not optional is said
 * as a warning: it may turn out not to matter. */
void role_load_modules(struct role *r);

#endif
