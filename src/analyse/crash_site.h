/*
 * The stack of the CPU that panicked, taken apart: the machinery of dying, what set it off,
 * the exception if there was one, and whose code it was.
 *
 * Only the stack is read here, not the log: what the log says is held against it by others.
 * Frame numbers are indexes into the stack it was made from, which must outlive it.
 */
#ifndef ANALYSE_CRASH_SITE_H
#define ANALYSE_CRASH_SITE_H

#include "analyse/crash_class.h"
#include "kernel/bug_table.h"
#include "kernel/stack.h"

#define CRASH_SITE_NONE SIZE_MAX

struct crash_site {
	const struct stack *stack;
	bool panics; /* a function that only dying CPUs run is on it */
	/* None is, and yet this CPU panicked: an oops leaves the registers of its
	 * exception, and not those of the kernel's dying (oops_end() calls crash_kexec()
	 * with them). */
	bool is_exception;
	enum crash_trigger trigger;
	size_t trigger_frame;	/* NONE for TRIGGER_NONE and TRIGGER_PANIC */
	size_t exception_frame; /* where the exception or NMI hit; NONE if it was a call */
	size_t first_own;	/* the first frame that is not machinery of dying */
	size_t culprit;		/* the first from there on that is to blame; NONE if all is
				   infrastructure */
	bool has_bug;		/* an entry of the bug table belongs to the exception */
	struct bug bug;
};

/* @is_panic: @s is of the CPU that panicked, which need not show. */
void crash_site_find(struct kernel *k, const struct stack *s, bool is_panic,
		     struct crash_site *ret);

/* The first frame from @first on that is not infrastructure, NONE if there is none. Code of
 * modules never is infrastructure. */
size_t stack_culprit(const struct stack *s, size_t first);

#endif
