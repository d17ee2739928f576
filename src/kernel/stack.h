/*
 * Backtraces of the crashed kernel, unwound with its own ORC tables.
 *
 * Source: arch/x86/include/asm/orc_types.h, arch/x86/kernel/unwind_orc.c (facts),
 * Documentation/arch/x86/orc-unwinder.rst. Only frames that the tables give are returned,
 * with one exception: some functions have no rows (__crash_kexec, in which the panicking
 * CPU always ends, is STACK_FRAME_NON_STANDARD). The caller of such a frame is the nearest
 * return address above it that lies behind a direct call of that very function; it is
 * marked.
 */
#ifndef KERNEL_STACK_H
#define KERNEL_STACK_H

#include "kernel/kernel.h"

#define STACK_MAX_FRAMES 128

enum frame_kind {
	FRAME_CALL, /* pc is a return address */
	FRAME_REGS, /* pc is where an exception or interrupt hit: `regs` are those registers
		     */
	FRAME_FIRST, /* pc is where the CPU or task was */
};

struct frame {
	enum frame_kind kind;
	bool is_searched; /* not found by the tables, but by the call of the frame before */
	vaddr_t pc;
	vaddr_t sp;
	vaddr_t regs_at; /* FRAME_REGS: where the registers were saved, 0 if not known */
	struct arch_regs regs; /* what is known in that frame */
	bool has_symbol;
	struct symbol_at symbol;
};

enum stack_end {
	STACK_END_CLEAN,  /* reached user mode or the task's outermost frame */
	STACK_END_LIMIT,  /* STACK_MAX_FRAMES reached, or frames do not move up the stack */
	STACK_END_BROKEN, /* no table entry, unreadable memory, … : `why` says */
};

/* Layout public; big (120 kB): allocate it. */
struct stack {
	size_t num_frames;
	enum stack_end end;
	bool end_is_user;	    /* STACK_END_CLEAN by reaching user mode registers */
	struct arch_regs user_regs; /* those, and where they were saved, 0 if not known */
	vaddr_t user_regs_at;
	char why[256]; /* a sentence unless STACK_END_CLEAN */
	struct frame frames[STACK_MAX_FRAMES];
};

/* Unwind from @regs (an on-CPU task: from its NT_PRSTATUS note). Never fails: see `end`. */
void stack_unwind_regs(struct kernel *k, const struct arch_regs *regs, struct stack *ret);

/* Unwind a task that is not running, from thread.sp of the task_struct at @task. */
void stack_unwind_task(struct kernel *k, vaddr_t task, struct stack *ret);

#endif
