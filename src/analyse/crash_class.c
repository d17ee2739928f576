#include "analyse/crash_class.h"

static const struct class_row {
	const char *name, *phrase;
} classes[CRASH_NUM_CLASSES] = {
	[CRASH_NONE] = {"running", "nothing wrong"},
	[CRASH_UNKNOWN] = {"unknown", "unknown cause"},
	[CRASH_NULL_POINTER] = {"null-pointer", "NULL pointer dereference"},
	[CRASH_BAD_POINTER] = {"bad-pointer", "bad pointer"},
	[CRASH_POISONED_POINTER] = {"poisoned-pointer", "poisoned list pointer"},
	[CRASH_USE_AFTER_FREE] = {"use-after-free", "use after free"},
	[CRASH_LIST_CORRUPTION] = {"list-corruption", "list corruption"},
	[CRASH_BUG] = {"bug", "BUG"},
	[CRASH_WARNING] = {"warning", "WARN with panic_on_warn"},
	[CRASH_EXCEPTION] = {"exception", "exception"},
	[CRASH_STACK_OVERFLOW] = {"stack-overflow", "kernel stack overflow"},
	[CRASH_DOUBLE_FAULT] = {"double-fault", "double fault"},
	[CRASH_MACHINE_CHECK] = {"machine-check", "machine check"},
	[CRASH_DEADLOCK] = {"deadlock", "deadlock"},
	[CRASH_ORPHANED_LOCK] = {"orphaned-lock", "lock whose owner is gone"},
	[CRASH_LOCK_HELD] = {"lock-held", "lock that is not released"},
	[CRASH_FROZEN_FILESYSTEM] = {"frozen-filesystem", "frozen filesystem"},
	[CRASH_STUCK_IO] = {"stuck-io", "I/O that does not complete"},
	[CRASH_HUNG_TASK] = {"hung-task", "hung task"},
	[CRASH_SOFT_LOCKUP] = {"soft-lockup", "soft lockup"},
	[CRASH_HARD_LOCKUP] = {"hard-lockup", "hard lockup"},
	[CRASH_RCU_STALL] = {"rcu-stall", "RCU stall"},
	[CRASH_OUT_OF_MEMORY] = {"out-of-memory", "out of memory"},
	[CRASH_MEMORY_LEAK] = {"memory-leak", "memory leak"},
	[CRASH_INIT_KILLED] = {"init-killed", "init died"},
	[CRASH_NO_ROOT] = {"no-root", "no root filesystem or init"},
	[CRASH_NMI] = {"nmi", "NMI, and nothing found that was stuck"},
	[CRASH_DELIBERATE] = {"deliberate", "deliberate crash"},
	[CRASH_PANIC] = {"panic", "panic"},
};

const char *crash_class_name(enum crash_class c)
{
	return classes[c].name;
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

bool crash_trigger_is_messenger(enum crash_trigger t)
{
	return t == TRIGGER_NONE || t == TRIGGER_NMI || t == TRIGGER_SYSRQ ||
	       t == TRIGGER_SOFT_LOCKUP || t == TRIGGER_HARD_LOCKUP ||
	       t == TRIGGER_HUNG_TASK || t == TRIGGER_RCU_STALL;
}
