/*
 * Writes that fail on purpose, in a test program that depends on failing_sink_dep.
 *
 * The linker turns every call of write, pwrite, fsync, ftruncate and the like in our code
 * into one of the wrappers here; calls inside shared libraries are not touched. They act on
 * every descriptor but the standard ones. Any number of threads; set and ask from one.
 */
#ifndef TESTS_UNIT_FAILING_SINK_H
#define TESTS_UNIT_FAILING_SINK_H

#include <stdbool.h>

#include "base/types.h"

enum sink_fault_kind {
	SINK_HEALTHY,
	SINK_FULL,     /* no byte from offset `at` on can be written: a full disk */
	SINK_BAD_SPOT, /* the byte at offset `at` cannot be written */
	SINK_GONE,     /* after `at` bytes, in any place, nothing works any more */
	SINK_HICCUP, /* the `at`-th call (1: the first) fails, and works when tried again */
	SINK_LOST,   /* what is written to offset `at` is lost, as the next fsync tells */
	SINK_SHORT,  /* no fault: at most `at` bytes are written at a time */
	SINK_INTERRUPTED /* no fault: every other call is interrupted at first */
};

struct sink_fault {
	enum sink_fault_kind kind;
	u64 at;
	int os_errno;
	bool is_device; /* fstat says block device, which cannot be cut or extended */
};

/* From now on. The streams' offset, for write(), begins at 0 again. */
void failing_sink_set(struct sink_fault fault);

/* What happened since failing_sink_set(). */
struct sink_seen {
	u64 calls;  /* that write or change something */
	u64 end;    /* the highest offset written to */
	u64 failed; /* calls that were made to fail */
};
struct sink_seen failing_sink_seen(void);

#endif
