/*
 * What a capture has done so far, and capture.json, which tells it to whoever finds the
 * dump.
 *
 * The phases of a capture are processes; a record lies in memory they share, so what one
 * had done is known even if it was killed. It has no pointers. One phase writes at a time,
 * but for `progress`, which the supervisor reads meanwhile. docs/formats.md describes
 * capture.json.
 */
#ifndef CAPTURE_RECORD_H
#define CAPTURE_RECORD_H

#include "base/buf.h"
#include "kexec/identity.h"

#include <time.h>

#define RECORD_VERSION	  1
#define RECORD_TEXT_SIZE  512
#define RECORD_PHASES_MAX 48
#define RECORD_FILES_MAX  16

enum record_outcome { RECORD_FAILED, RECORD_INCOMPLETE, RECORD_COMPLETE };

struct record_phase {
	char name[48];
	u64 ms;
	bool failed;
};

struct record_file {
	char name[32];
	u64 bytes;
	bool is_complete;
	bool is_dump; /* and not a log, a report … */
};

/* Layout is public. */
struct record {
	_Atomic u64 progress;		     /* anything at all that moved on */
	_Atomic u64 mem_available_low_bytes; /* 0: never looked */
	u64 mem_total_bytes;
	time_t started;
	u64 started_ms; /* clock_now_ms() then */
	struct identity identity;
	char target[RECORD_TEXT_SIZE]; /* kind and device of the one at work, "" if none */
	char directory[RECORD_TEXT_SIZE]; /* of the dump, on the target; "" if none */
	char reason[RECORD_TEXT_SIZE];	  /* the first failure, "" if none */
	u64 dump_level;
	char compression[16];
	bool is_copy_futile; /* what kept the dump from being saved keeps a plain copy too
			      */
	enum record_outcome outcome;
	size_t num_phases, num_files;
	struct record_phase phases[RECORD_PHASES_MAX];
	struct record_file files[RECORD_FILES_MAX];
};

/* A record all phases share, zeroed. ERR_OS if it cannot be mapped. */
must_check struct err *record_new(struct record **ret);
void record_free(struct record *r);
CLEANUP_FREEP(record)

/* Count one step of progress, and look at MemAvailable of @meminfo ("/proc/meminfo"). */
void record_step(struct record *r, const char *meminfo);

/* Remember the first reason that something failed. */
void record_fail(struct record *r, const char *reason);

void record_add_phase(struct record *r, const char *name, u64 ms, bool failed);
void record_add_file(struct record *r, const char *name, u64 bytes, bool is_complete);
/* The same for the dump itself, all of it. */
void record_add_dump(struct record *r, const char *name, u64 bytes);

/* Another target is tried: what was saved so far lies elsewhere. */
void record_begin_target(struct record *r, const char *kind, const char *device);

/* Set the outcome from the files: complete with a whole dump, incomplete with anything
 * else that was saved. */
void record_settle(struct record *r);

/* "complete", "incomplete", "failed". */
const char *record_outcome_name(enum record_outcome outcome);

/* Append @r as JSON. */
must_check struct err *record_format(const struct record *r, time_t now, struct buf *b);

/* The value of a line such as "MemAvailable:    1234 kB" of @path, in bytes. False if it
 * cannot be had. */
bool meminfo_bytes(const char *path, const char *key, u64 *ret);

#endif
