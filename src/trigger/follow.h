/*
 * What becomes of a capture, as a state machine without clocks, threads or files:
 * (state, event, time) -> (state, what to do).
 *
 * The engine feeds it what it sees and does what `todo` says. Signs of life put deadlines
 * off; a sign of a capture kernel, and a restart of ours, which may have missed one, forbid
 * any action that would end it. It only ever moves forward, so a guest that floods its
 * console changes nothing more than its own capture, and that a few times. Layout is
 * public; nothing is owned.
 */
#ifndef TRIGGER_FOLLOW_H
#define TRIGGER_FOLLOW_H

#include "backend/backend.h"
#include "trigger/store.h"

/* What can be seen of a machine, and how long silence may last. */
struct follow_rules {
	bool has_console, has_events; /* either can show a panic */
	bool has_dump_dir;	      /* its dumps arrive where we can see them */
	bool falls_back; /* there is a fallback: a dump from outside, an action */
	u64 quiet_ms;	 /* without any sign of life: it has failed */
	u64 no_sign_ms;	 /* without a sign of a panic after the NMI */
	u64 latch_ms;	 /* without anything, where nothing can be seen */
};

enum follow_event_kind {
	FOLLOW_TIME,	    /* only time has gone by */
	FOLLOW_SENT,	    /* the backend says that the NMI was injected */
	FOLLOW_MAYBE_SENT,  /* it may have been */
	FOLLOW_BACKEND,	    /* .backend */
	FOLLOW_LINE,	    /* .text: a line of the console */
	FOLLOW_LIFE,	    /* bytes moved: disks, network, console */
	FOLLOW_DUMP_SEEN,   /* .text: its directory has arrived, not whole yet */
	FOLLOW_DUMP_WHOLE,  /* .text: the directory; it is of this machine, and whole */
	FOLLOW_DUMP_BROKEN, /* .text: why it will never be whole */
	FOLLOW_FELL_BACK,   /* the fallback's dump is in the file .text */
	FOLLOW_NO_FALLBACK, /* .text: why there is no dump from outside */
};

struct follow_event {
	enum follow_event_kind kind;
	enum backend_event backend;
	const char *text;
	size_t len; /* of a line's text; others end with a 0 */
};

enum follow_todo {
	FOLLOW_WAIT,
	FOLLOW_FALL_BACK, /* then say FELL_BACK or NO_FALLBACK; it may be withdrawn before
			   */
	FOLLOW_OVER,
};

#define FOLLOW_TEXT_MAX 400u

struct follow {
	struct follow_rules rules;
	enum capture_state state;
	enum follow_todo todo;
	bool may_act; /* the configured action would end no capture */
	bool is_news; /* the last event changed the state or has something to tell */
	char text[FOLLOW_TEXT_MAX]; /* then: the sentence */

	/* For itself. */
	bool crashloaded, saw_panic, saw_capture, saw_saved, saw_moves, is_certain;
	bool is_gone; /* no more events */
	bool capture_failed, was_resumed;
	u64 sent_ms, life_ms, changed_ms, no_kdump_ms;
	enum capture_state otherwise; /* the end where the fallback has no dump */
	char why[FOLLOW_TEXT_MAX / 2], saved_in[FOLLOW_TEXT_MAX / 4];
};

/* Begin in @state: CAPTURE_REQUESTED for a new capture, any other for one that goes on
 * after a restart. Times are of one clock that does not jump. */
void follow_init(struct follow *f, const struct follow_rules *rules,
		 enum capture_state state, u64 now_ms);

void follow_feed(struct follow *f, const struct follow_event *e, u64 now_ms);

/* The time by which FOLLOW_TIME has to be fed; UINT64_MAX: none. */
u64 follow_deadline(const struct follow *f);

#endif
