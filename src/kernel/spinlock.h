/*
 * The spinlock that a CPU waits for.
 *
 * A spinlock is a word, and does not say who has it; who waits for one has it in a
 * register. Source: include/asm-generic/qspinlock_types.h (the parts of the word),
 * kernel/locking/qspinlock.c.
 */
#ifndef KERNEL_SPINLOCK_H
#define KERNEL_SPINLOCK_H

#include "kernel/cpu.h"
#include "kernel/kernel.h"

/* Is a function named @symbol one that spins for a lock? */
bool spinlock_spins(const char *symbol);

/* The lock that a CPU with @regs, in such a function, waits for: what its argument points
 * to, if the word there can be a lock that is taken. */
bool spinlock_waited_for(struct kernel *k, const struct cpu_table *cpus,
			 const struct arch_regs *regs, vaddr_t *ret);

#endif
