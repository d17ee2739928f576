/*
 * What the kernel log says went wrong: its lines about faults, lockups, stalls and panics,
 * read into values.
 *
 * The log is one witness, not the judge: user space can write to it, lines can be missing
 * or tell of another event, and so whoever uses an event holds it against memory. Texts are
 * raw bytes of the dump, and hostile. Sources of the sentences: arch/x86/mm/fault.c,
 * arch/x86/kernel/{traps,nmi}.c, lib/bug.c, kernel/{panic,watchdog,hung_task,exit}.c,
 * kernel/rcu/tree_stall.h, mm/oom_kill.c, lib/list_debug.c, drivers/tty/sysrq.c.
 */
#ifndef ANALYSE_LOG_EVENT_H
#define ANALYSE_LOG_EVENT_H

#include "kernel/printk.h"

enum log_event_kind {
	LOG_NULL_POINTER,     /* addr */
	LOG_PAGE_FAULT,	      /* addr */
	LOG_PROTECTION_FAULT, /* addr, if the kernel could tell */
	LOG_INVALID_OPCODE,
	LOG_DIVIDE_ERROR,
	LOG_DOUBLE_FAULT,
	LOG_STACK_GUARD, /* addr */
	LOG_STACK_END,
	LOG_BUG,  /* file, line */
	LOG_WARN, /* cpu, pid, file, line */
	LOG_LIST_CORRUPTION,
	LOG_USE_AFTER_FREE,
	LOG_SOFT_LOCKUP, /* cpu, seconds, comm, pid */
	LOG_HARD_LOCKUP, /* cpu */
	LOG_HUNG_TASK,	 /* comm, pid, seconds */
	LOG_RCU_STALL,
	LOG_OOM_KILL, /* pid, comm */
	LOG_OUT_OF_MEMORY,
	LOG_MACHINE_CHECK,
	LOG_SYSRQ_CRASH,
	LOG_NMI, /* cpu */
	LOG_INIT_KILLED,
	LOG_NO_ROOT,
	LOG_PANIC, /* any panic; a more telling event may follow from its words */
	LOG_NUM_KINDS
};

#define LOG_EVENT_TEXT_SIZE 256
#define LOG_EVENT_NAME_SIZE 64

struct log_event {
	enum log_event_kind kind;
	u64 ts_ns;
	bool is_panic; /* the line is one of panic(), whatever its kind */
	bool has_addr, has_cpu, has_pid, has_seconds;
	u64 addr;
	u64 cpu, pid, seconds;
	u64 line;
	char comm[LOG_EVENT_NAME_SIZE]; /* "" if not said */
	char file[LOG_EVENT_NAME_SIZE]; /* "" if not said; its end, if it is longer */
	char text[LOG_EVENT_TEXT_SIZE]; /* the line */
};

/* The first events and the newest ones; what is between is counted. Zero-initialise. Layout
 * public. */
#define LOG_EVENTS_FIRST 4
#define LOG_EVENTS_LAST	 28

struct log_events {
	struct log_event first[LOG_EVENTS_FIRST];
	struct log_event last[LOG_EVENTS_LAST]; /* a ring: the newest are at `num` - 1 … */
	u64 num;				/* seen */
	u64 counts[LOG_NUM_KINDS];
	u64 num_records;
	u64 newest_ts_ns; /* of any record */
};

/* Feed the records in order. */
void log_events_add(struct log_events *e, const struct printk_record *r);

/* The newest event of @kind that is kept, NULL if there is none. */
const struct log_event *log_events_newest(const struct log_events *e,
					  enum log_event_kind kind);
/* The newest line of panic() that is kept, NULL if there is none. */
const struct log_event *log_events_panic(const struct log_events *e);
/* The event @back before the newest one (0: the newest itself), NULL if it is not kept. */
const struct log_event *log_events_back(const struct log_events *e, size_t back);

#endif
