/*
 * The kinds of deaths a report tells apart, and what brought the machine to panic.
 *
 * The two are not the same: an NMI that somebody sent, a watchdog or sysrq is the
 * messenger, and what the machine was stuck on is the class. Names are stable: scripts,
 * signatures and
 * `--exit-class` depend on them. docs/classes.md describes each.
 */
#ifndef ANALYSE_CRASH_CLASS_H
#define ANALYSE_CRASH_CLASS_H

#include "base/types.h"

enum crash_class {
	CRASH_NONE, /* a machine that was running when it was dumped */
	CRASH_UNKNOWN,
	CRASH_NULL_POINTER,
	CRASH_BAD_POINTER,
	CRASH_POISONED_POINTER,
	CRASH_USE_AFTER_FREE,
	CRASH_LIST_CORRUPTION,
	CRASH_BUG,
	CRASH_WARNING,
	CRASH_EXCEPTION, /* a fault of another kind: divide error, invalid opcode … */
	CRASH_STACK_OVERFLOW,
	CRASH_DOUBLE_FAULT,
	CRASH_MACHINE_CHECK,
	CRASH_DEADLOCK,
	CRASH_ORPHANED_LOCK,
	CRASH_LOCK_HELD, /* others wait for one who sleeps or loops with a lock */
	CRASH_FROZEN_FILESYSTEM,
	CRASH_STUCK_IO,
	CRASH_HUNG_TASK, /* somebody waits too long, for what is not known */
	CRASH_SOFT_LOCKUP,
	CRASH_HARD_LOCKUP,
	CRASH_RCU_STALL,
	CRASH_OUT_OF_MEMORY,
	CRASH_MEMORY_LEAK,
	CRASH_INIT_KILLED,
	CRASH_NO_ROOT,
	CRASH_NMI,	  /* and nothing that was stuck */
	CRASH_DELIBERATE, /* and nothing that was stuck */
	CRASH_PANIC,	  /* kernel code called panic() for a reason of its own */
	CRASH_NUM_CLASSES
};

/* "null-pointer", … */
const char *crash_class_name(enum crash_class c);
/* The exit status that stands for it, 20 … 63: never another class's. */
int crash_class_number(enum crash_class c);
/* The class called @name. False if there is none. */
bool crash_class_find(const char *name, enum crash_class *ret);
/* "NULL pointer dereference", … */
const char *crash_class_phrase(enum crash_class c);

enum crash_trigger {
	TRIGGER_NONE, /* nobody panicked */
	TRIGGER_PAGE_FAULT,
	TRIGGER_PROTECTION_FAULT,
	TRIGGER_INVALID_OPCODE, /* BUG() and WARN() are such */
	TRIGGER_OTHER_EXCEPTION,
	TRIGGER_DOUBLE_FAULT,
	TRIGGER_STACK_GUARD,
	TRIGGER_STACK_END,
	TRIGGER_MACHINE_CHECK,
	TRIGGER_NMI,
	TRIGGER_SYSRQ,
	TRIGGER_SOFT_LOCKUP,
	TRIGGER_HARD_LOCKUP,
	TRIGGER_HUNG_TASK,
	TRIGGER_RCU_STALL,
	TRIGGER_OUT_OF_MEMORY,
	TRIGGER_INIT_KILLED,
	TRIGGER_NO_ROOT,
	TRIGGER_PANIC, /* anything else that called panic() */
	TRIGGER_NUM
};

/* "page fault", "NMI", "sysrq", … */
const char *crash_trigger_name(enum crash_trigger t);

/* Does it only tell that something else is wrong? */
bool crash_trigger_is_messenger(enum crash_trigger t);
/* What a messenger's message is by itself, if nothing that is stuck can be found. */
enum crash_class crash_trigger_message(enum crash_trigger t);

#endif
