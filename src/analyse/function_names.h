/*
 * What a kernel function's name alone tells: whether it is machinery that never is to
 * blame, and which way of dying it belongs to.
 *
 * Compilers append .constprop.0, .isra.0, .part.0, .cold; names here are without.
 * docs/classes.md lists what is skipped. Names from a dump are hostile, and only compared.
 */
#ifndef ANALYSE_FUNCTION_NAMES_H
#define ANALYSE_FUNCTION_NAMES_H

#include "analyse/crash_class.h"

#include <stddef.h>

/* Is @symbol function @name, whatever the compiler appended? */
bool function_is(const char *symbol, const char *name);

/* Bytes of @symbol without what the compiler appended. */
size_t function_plain_len(const char *symbol);

/* Do only CPUs that panic run it: panic(), die(), crash_kexec() …? */
bool function_panics(const char *symbol);

/* What it means that @symbol is on the stack of the CPU that panicked; TRIGGER_NONE if
 * nothing. */
enum crash_trigger function_trigger(const char *symbol);

/* Is it where the kernel is entered, or a task begins: the outermost frames, which are the
 * same for everybody? */
bool function_is_entry(const char *symbol);

/* Is it a system call that holds no lock while it sleeps? Whoever is in it is not the owner
 * of one, whatever the lock says. */
bool function_sleeps_without_locks(const char *symbol);

/* Is it a part of the kernel that does what it is asked (locks, lists, memory copies,
 * allocators, scheduling, faults, entry), so that its caller is to blame? */
bool function_is_infrastructure(const char *symbol);

#endif
