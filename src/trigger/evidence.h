/*
 * What a machine was doing right before it was interrupted: the registers of its CPUs, the
 * last lines of its console. A guest that panics and saves nothing leaves this at least.
 *
 * Taken before the interrupt within EVIDENCE_MS, from a hypervisor that has answered just
 * now; kept after it, so that no disk stands in its way. Layout is public; the struct owns
 * its text. For one thread.
 */
#ifndef TRIGGER_EVIDENCE_H
#define TRIGGER_EVIDENCE_H

#include "backend/backend.h"
#include "trigger/console_tail.h"

#define EVIDENCE_MS 300u

struct evidence {
	struct buf registers; /* as backend_read_registers() gives them; "" if it did not */
};

void evidence_take(struct evidence *e, struct backend *b);
void evidence_deinit(struct evidence *e);

/* Write what there is, and what @console (may be NULL) said before it was opened, to
 * @state_dir/evidence/@capture_id.txt (docs/formats.md), synced, 0600. Append to @ret a
 * sentence of what the CPUs were doing and where the file is; nothing if there is nothing
 * to keep. */
must_check struct err *evidence_keep(const struct evidence *e,
				     const struct console_tail *console,
				     const char *state_dir, const char *capture_id,
				     struct buf *ret);

/* "CPU 0 was at ffffffff8108c1d5 in the kernel; CPU 1 at 00007f0012345678 in user space":
 * the first few, of a CPU whose registers are known here (x86, 64-bit Arm). */
void evidence_describe(const struct evidence *e, struct buf *ret);

#endif
