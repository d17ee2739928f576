/*
 * The stacks that a CPU has of its own: for interrupts, and those that exceptions switch
 * to.
 *
 * Sources: arch/x86/include/asm/{processor,cpu_entry_area}.h. Plain values.
 */
#ifndef KERNEL_CPU_STACK_H
#define KERNEL_CPU_STACK_H

#include "kernel/kernel.h"

enum cpu_stack_kind {
	CPU_STACK_IRQ,
	CPU_STACK_DOUBLE_FAULT,
	CPU_STACK_NMI,
	CPU_STACK_DEBUG,
	CPU_STACK_MCE,
	CPU_STACK_NUM_KINDS,
};

struct cpu_stack {
	vaddr_t start;
	u64 size; /* bytes, at most CPU_STACK_MAX_SIZE */
};

#define CPU_STACK_MAX_SIZE ((u64)64 << 10)

/* "IRQ", "DOUBLEFAULT", … */
const char *cpu_stack_name(enum cpu_stack_kind kind);

/* ERR_ABSENT if the kernel does not tell where it is. */
must_check struct err *cpu_stack_find(struct kernel *k, unsigned cpu,
				      enum cpu_stack_kind kind, struct cpu_stack *ret);

#endif
