/*
 * What the console of a rehearsal has told so far, and what that means.
 *
 * story_take_line() picks the facts out of console lines: the banners and deaths of the two
 * kernels, and the lines of inquest-capture (format/console_line.h, docs/console.md).
 * story_judge() makes the outcome and its sentence of them. Both are pure: no clock, no
 * files. Layout is public; nothing is allocated. A guest's texts are escaped when taken.
 */
#ifndef REHEARSE_STORY_H
#define REHEARSE_STORY_H

#include "base/buf.h"

#define STORY_TEXT_MAX 512

enum story_phase {
	STORY_FIRMWARE,	    /* nothing yet */
	STORY_BOOT,	    /* the kernel to be crashed has printed its banner */
	STORY_LOAD,	    /* its /init runs */
	STORY_READY,	    /* the capture kernel is loaded: a trigger may come */
	STORY_CAPTURE_BOOT, /* the capture kernel has printed its banner */
	STORY_CAPTURE,	    /* its /init runs */
	STORY_END,	    /* its /init has said how it ended */
};

enum story_outcome {
	STORY_OUTCOME_NONE,
	STORY_OUTCOME_COMPLETE,
	STORY_OUTCOME_INCOMPLETE,
	STORY_OUTCOME_FAILED
};

struct story {
	enum story_phase phase;
	u64 phase_ms[STORY_END + 1]; /* when each phase began, since the guest's start */

	/* The kernel to be crashed. */
	u64 crashed_ms; /* when it said that it panics, 0 before */
	bool load_failed;
	u64 reserved_bytes;
	char reason[STORY_TEXT_MAX]; /* of load-failed, or of the last end that was no good
				      */
	char boot_id[40], machine_id[40];

	/* The capture kernel. */
	bool saw_oom, saw_panic;
	u64 oom_us, panic_us, last_us; /* since the kernel in question started */
	u64 panic_ms;		       /* since the guest's start */
	char panic[STORY_TEXT_MAX];
	u64 mem_total, mem_at_init, mem_low; /* bytes, 0 if not told */
	u64 done, total;		     /* of the dump's progress, in its own unit */
	u64 vmcore_bytes;		     /* 0 until it was saved */
	enum story_outcome outcome;
	char directory[STORY_TEXT_MAX]; /* of the dump, on the target's file system */
	u64 capture_ms;
	char capture_phase[64]; /* the last phase of the capture that was told */
};

/* Take one console line without its end, which came @at_ms after the guest's start. */
void story_take_line(struct story *s, const char *line, size_t len, u64 at_ms);

/* How the guest came to its end. */
enum story_end {
	STORY_POWERED_OFF,
	STORY_RESET,
	STORY_SILENT, /* no sign of life for silence_ms, killed */
	STORY_LATE,   /* alive but without an end after all that time, killed */
	STORY_QEMU_ENDED
};

enum verdict_kind {
	VERDICT_COMPLETE,     /* the guest says that it saved a whole dump */
	VERDICT_INCOMPLETE,   /* it says that it saved a part */
	VERDICT_NOT_ARMED,    /* the capture kernel could not be loaded */
	VERDICT_CAPTURE_DIED, /* or it died, or saved nothing */
	VERDICT_FAILED	      /* the rehearsal itself did not get so far */
};

struct verdict_question {
	enum story_end end;
	const char *crashkernel; /* as on the command line, "88M" */
	u64 silence_ms;
	bool from_outside;	 /* the trigger is not ours, and may never have come */
	const char *qemu_reason; /* for STORY_QEMU_ENDED */
};

/* Judge, and append the sentence to @b. */
enum verdict_kind story_judge(const struct story *s, const struct verdict_question *q,
			      struct buf *b);

#endif
