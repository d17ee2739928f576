/*
 * Tasks, their stacks, the kernel log.
 *
 * The structs here are filled in by the library and handed out by pointer: newer libraries
 * may have further members at their end. They are good in the call only.
 */
#ifndef INQUEST_TASKS_H
#define INQUEST_TASKS_H

#include "dump.h"

#ifdef __cplusplus
extern "C" {
#endif

struct inquest_task {
	uint64_t address; /* of its task_struct */
	uint32_t pid, tgid;
	char state;    /* as ps shows it: 'R', 'S', 'D' … '?' */
	char comm[17]; /* bytes of the dump */
	bool is_kernel_thread;
	bool has_cpu;
	unsigned cpu;	      /* where it runs or ran last, if has_cpu */
	bool is_running;      /* on that CPU, when the machine stopped */
	uint64_t last_run_ns; /* when it last got a CPU, by the machine's clock; 0: unknown
			       */
};

/* Call @each for every task, threads and idle tasks included, until it returns false. Lists
 * that are broken are told by inquest_notice(). */
INQUEST_MUST_CHECK struct inquest_error *
inquest_task_each(struct inquest *q, bool (*each)(void *ctx, const struct inquest_task *t),
		  void *ctx);

enum inquest_frame_kind {
	INQUEST_FRAME_FIRST = 1,     /* pc is where the task or its CPU was */
	INQUEST_FRAME_CALL = 2,	     /* pc is a return address */
	INQUEST_FRAME_EXCEPTION = 3, /* pc is where an interrupt or exception hit */
};

struct inquest_frame {
	enum inquest_frame_kind kind;
	uint64_t pc, sp;
	const char *function; /* NULL if it is not known */
	const char *module;   /* "" for the kernel itself */
	uint64_t offset;      /* of pc in the function */
};

/* Call @each for the frames of the task at @task, the innermost first, until it returns
 * false. Of a task that was running they begin with the registers of its CPU. @why: NULL,
 * or room for @why_size bytes that say why a stack ends early, "" if it does not. */
INQUEST_MUST_CHECK struct inquest_error *
inquest_stack_each(struct inquest *q, uint64_t task,
		   bool (*each)(void *ctx, const struct inquest_frame *f), void *ctx,
		   char *why, size_t why_size);

struct inquest_log_record {
	uint64_t sequence;
	uint64_t time_ns;  /* since boot */
	int level;	   /* 0 emergency … 7 debug, -1 unknown */
	bool is_from_user; /* written by a program, not by the kernel */
	const char *text;  /* bytes of the dump, without '\0' behind them */
	size_t len;
};

/* Call @each for every record of the kernel log, the oldest first, until it returns false.
 */
INQUEST_MUST_CHECK struct inquest_error *
inquest_log_each(struct inquest *q,
		 bool (*each)(void *ctx, const struct inquest_log_record *r), void *ctx);

#ifdef __cplusplus
}
#endif
#endif
