#include "analyse/crash_class.h"

#include <string.h>

static const struct class_row {
	const char *name, *phrase;
	int number; /* docs/classes.md: never changed, never used again */
} classes[CRASH_NUM_CLASSES] = {
	[CRASH_NONE] = {"running", "nothing wrong", 20},
	[CRASH_UNKNOWN] = {"unknown", "unknown cause", 21},
	[CRASH_NULL_POINTER] = {"null-pointer", "NULL pointer dereference", 22},
	[CRASH_BAD_POINTER] = {"bad-pointer", "bad pointer", 23},
	[CRASH_POISONED_POINTER] = {"poisoned-pointer", "poisoned list pointer", 24},
	[CRASH_USE_AFTER_FREE] = {"use-after-free", "use after free", 25},
	[CRASH_LIST_CORRUPTION] = {"list-corruption", "list corruption", 26},
	[CRASH_BUG] = {"bug", "BUG", 27},
	[CRASH_WARNING] = {"warning", "WARN with panic_on_warn", 28},
	[CRASH_EXCEPTION] = {"exception", "exception", 29},
	[CRASH_STACK_OVERFLOW] = {"stack-overflow", "kernel stack overflow", 30},
	[CRASH_DOUBLE_FAULT] = {"double-fault", "double fault", 31},
	[CRASH_MACHINE_CHECK] = {"machine-check", "machine check", 32},
	[CRASH_DEADLOCK] = {"deadlock", "deadlock", 33},
	[CRASH_ORPHANED_LOCK] = {"orphaned-lock", "lock whose owner is gone", 34},
	[CRASH_LOCK_HELD] = {"lock-held", "lock that is not released", 35},
	[CRASH_FROZEN_FILESYSTEM] = {"frozen-filesystem", "frozen filesystem", 36},
	[CRASH_STUCK_IO] = {"stuck-io", "I/O that does not complete", 37},
	[CRASH_HUNG_TASK] = {"hung-task", "hung task", 38},
	[CRASH_SOFT_LOCKUP] = {"soft-lockup", "soft lockup", 39},
	[CRASH_HARD_LOCKUP] = {"hard-lockup", "hard lockup", 40},
	[CRASH_RCU_STALL] = {"rcu-stall", "RCU stall", 41},
	[CRASH_OUT_OF_MEMORY] = {"out-of-memory", "out of memory", 42},
	[CRASH_MEMORY_LEAK] = {"memory-leak", "memory leak", 43},
	[CRASH_INIT_KILLED] = {"init-killed", "init died", 44},
	[CRASH_NO_ROOT] = {"no-root", "no root filesystem or init", 45},
	[CRASH_NMI] = {"nmi", "NMI, and nothing found that was stuck", 46},
	[CRASH_DELIBERATE] = {"deliberate", "deliberate crash", 47},
	[CRASH_PANIC] = {"panic", "panic", 48},
};

const char *crash_class_name(enum crash_class c)
{
	return classes[c].name;
}

int crash_class_number(enum crash_class c)
{
	return classes[c].number;
}

bool crash_class_find(const char *name, enum crash_class *ret)
{
	for (unsigned i = 0; i < CRASH_NUM_CLASSES; i++) {
		if (strcmp(classes[i].name, name) != 0)
			continue;
		*ret = i;
		return true;
	}
	return false;
}

const char *crash_class_phrase(enum crash_class c)
{
	return classes[c].phrase;
}

const char *crash_trigger_name(enum crash_trigger t)
{
	static const char *const names[TRIGGER_NUM] = {
		[TRIGGER_NONE] = "none",
		[TRIGGER_PAGE_FAULT] = "page fault",
		[TRIGGER_PROTECTION_FAULT] = "general protection fault",
		[TRIGGER_INVALID_OPCODE] = "invalid opcode",
		[TRIGGER_OTHER_EXCEPTION] = "exception",
		[TRIGGER_DOUBLE_FAULT] = "double fault",
		[TRIGGER_STACK_GUARD] = "stack guard page",
		[TRIGGER_STACK_END] = "stack end",
		[TRIGGER_MACHINE_CHECK] = "machine check",
		[TRIGGER_NMI] = "NMI",
		[TRIGGER_SYSRQ] = "sysrq",
		[TRIGGER_SOFT_LOCKUP] = "soft lockup watchdog",
		[TRIGGER_HARD_LOCKUP] = "hard lockup watchdog",
		[TRIGGER_HUNG_TASK] = "hung task watchdog",
		[TRIGGER_RCU_STALL] = "RCU stall detector",
		[TRIGGER_OUT_OF_MEMORY] = "out of memory",
		[TRIGGER_INIT_KILLED] = "death of init",
		[TRIGGER_NO_ROOT] = "no root filesystem or init",
		[TRIGGER_PANIC] = "panic()",
	};

	return names[t];
}

enum crash_class crash_trigger_message(enum crash_trigger t)
{
	static const enum crash_class messages[TRIGGER_NUM] = {
		[TRIGGER_NMI] = CRASH_NMI,
		[TRIGGER_SYSRQ] = CRASH_DELIBERATE,
		[TRIGGER_SOFT_LOCKUP] = CRASH_SOFT_LOCKUP,
		[TRIGGER_HARD_LOCKUP] = CRASH_HARD_LOCKUP,
		[TRIGGER_HUNG_TASK] = CRASH_HUNG_TASK,
		[TRIGGER_RCU_STALL] = CRASH_RCU_STALL,
	};

	return messages[t];
}

bool crash_trigger_is_messenger(enum crash_trigger t)
{
	return t == TRIGGER_NONE || crash_trigger_message(t) != CRASH_NONE;
}
