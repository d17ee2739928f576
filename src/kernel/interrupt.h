/*
 * Interrupts: each line's descriptor, who handles it, how often it came on each CPU.
 *
 * Descriptors are in a tree by number: an XArray, or since 5058b2ee7ed1 ("genirq: Use a
 * maple tree for interrupt descriptor management"), v6.5, a maple tree. Sources:
 * include/linux/irqdesc.h, include/linux/interrupt.h, kernel/irq/irqdesc.c. Plain values;
 * names are hostile text.
 */
#ifndef KERNEL_INTERRUPT_H
#define KERNEL_INTERRUPT_H

#include "kernel/kernel.h"

#define INTERRUPTS_MAX	       65536
#define INTERRUPT_MAX_ACTIONS  256
#define INTERRUPT_NAME_SIZE    64
#define INTERRUPT_MAX_SOFTIRQS 32
#define INTERRUPT_MAX_GATES    256

struct interrupt {
	unsigned number;
	vaddr_t addr;			/* struct irq_desc */
	vaddr_t action;			/* the first irqaction, 0 if nobody handles it */
	char chip[INTERRUPT_NAME_SIZE]; /* "IO-APIC" */
	char flow[INTERRUPT_NAME_SIZE]; /* "edge", "" if not known */
};

struct interrupt_action {
	vaddr_t addr; /* struct irqaction */
	vaddr_t next;
	char name[INTERRUPT_NAME_SIZE];
};

/* How many lines this kernel could have now: nr_irqs. */
must_check struct err *interrupt_total(struct kernel *k, u64 *ret);

/* Call @each for every descriptor, by number, until it returns false. */
must_check struct err *interrupt_each(struct kernel *k,
				      bool (*each)(void *ctx, const struct interrupt *i),
				      void *ctx);

/* Call @each for everybody who handles @i. */
must_check struct err *
interrupt_each_action(struct kernel *k, const struct interrupt *i,
		      void (*each)(void *ctx, const struct interrupt_action *a), void *ctx);

/* How often it came on @cpu. */
must_check struct err *interrupt_count(struct kernel *k, const struct interrupt *i,
				       unsigned cpu, u64 *ret);

/* Which CPUs it may go to: a bit each, CPU 0 lowest, of the @len bytes at @mask. */
must_check struct err *interrupt_affinity(struct kernel *k, const struct interrupt *i,
					  u8 *mask, size_t len);

/* What runs when softirq @n is raised; *@ret_addr is where its row is. ERR_ABSENT past the
 * last. */
must_check struct err *interrupt_softirq(struct kernel *k, unsigned n, vaddr_t *ret_addr,
					 vaddr_t *ret_action);

/* Where gate @n of the interrupt descriptor table leads. ERR_ABSENT where the CPU has no
 * such table. */
must_check struct err *interrupt_gate(struct kernel *k, unsigned n, vaddr_t *ret);

#endif
