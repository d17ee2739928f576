/*
 * What can be seen of a machine while a capture of it goes on: its serial console, the
 * events and counters of its backend, the directory in which its dump arrives. A lookout
 * looks at them in rounds and feeds what it sees to the state machine (follow.h), for the
 * server and for `inquest investigate` alike.
 *
 * It says what comes of it through its calls: news, remarks, lines. What is to be done
 * about it (`follow.todo`: a fallback, an end) is its owner's part. Each source may be
 * missing, and one that fails is said and left: the others go on. The backend is borrowed
 * and must last as long as rounds are made; all else is the lookout's. Layout is public, a
 * zeroed one is empty. For one thread.
 */
#ifndef TRIGGER_LOOKOUT_H
#define TRIGGER_LOOKOUT_H

#include "trigger/console_tail.h"
#include "trigger/dump_watch.h"
#include "trigger/follow.h"

struct lookout_calls {
	/* The state machine has something to tell: its `state` and `text`. */
	void (*news)(void *ctx);
	/* A source failed and is looked at no more: "console", "counters", "events", and
	 * why. */
	void (*remark)(void *ctx, const char *source, const char *why);
	/* A line of the console, before it is fed. May be NULL. */
	console_tail_fn *line;
};

struct lookout {
	const struct lookout_calls *calls;
	void *ctx;
	struct backend *backend; /* NULL: none */
	struct follow follow;
	char *dump; /* the directory or file of the dump; NULL: none yet */
	struct console_tail *console; /* NULL: none, or it failed */
	bool has_moved;
	u64 moved; /* bytes written since the first look at the backend's counters */

	/* For itself. */
	struct dump_watch *dumps; /* NULL: none */
	bool has_events, has_progress;
	u64 looked_ms, asked_ms, counter;
};

/* @backend may be NULL. */
void lookout_init(struct lookout *l, const struct lookout_calls *calls, void *ctx,
		  struct backend *backend);
void lookout_deinit(struct lookout *l);

/* Open a source, best before the interrupt: then nothing is missed. As
 * console_tail_open() and dump_watch_new() have it. */
must_check struct err *lookout_open_console(struct lookout *l, const char *where,
					    s64 offset);
must_check struct err *lookout_open_dumps(struct lookout *l, const char *dir,
					  const char *machine_id, const char *dmi_uuid,
					  s64 since_utc_ms);

/* How far the console was read, for console_tail_open(); -1: not known. */
s64 lookout_console_offset(const struct lookout *l);

/* Begin in @state. Deadlines and `falls_back` of @rules are the caller's; what can be seen
 * is filled in here. */
void lookout_begin(struct lookout *l, const struct follow_rules *rules,
		   enum capture_state state);

/* Feed what the owner knows, as that the interrupt was sent. Calls `news`. */
void lookout_feed(struct lookout *l, const struct follow_event *event);

/* One round: look at all of it, wait for an event of the backend for 200 ms at most, look
 * at the clock. Ends as soon as there is something to be done. */
void lookout_round(struct lookout *l);

/* Take in what came while nobody looked, before something is done that a sign would
 * withdraw. Takes 200 ms at most, however much comes. */
void lookout_drain(struct lookout *l);

/* The dump is at @path, which becomes the lookout's. Feeds nothing. */
void lookout_set_dump(struct lookout *l, char *path);

#endif
