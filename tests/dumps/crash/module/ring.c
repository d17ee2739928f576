// SPDX-License-Identifier: GPL-2.0-or-later
/* The ring of commands: spinning with interrupts off, and a stack pointer that is none. */
#include <linux/objtool.h>
#include <linux/spinlock.h>

#include "tessera.h"

static DEFINE_SPINLOCK(tsr_ring_lock);
static unsigned int tsr_ring_busy = 1;

/* The device never says that it is idle. */
static noinline int tsr_ring_drain(void)
{
	unsigned long flags;

	tsr_note("lock", &tsr_ring_lock);
	spin_lock_irqsave(&tsr_ring_lock, flags);
	while (READ_ONCE(tsr_ring_busy))
		;
	spin_unlock_irqrestore(&tsr_ring_lock, flags);
	return 0;
}

static noinline int tsr_ring_submit(void)
{
	unsigned long flags;

	spin_lock_irqsave(&tsr_ring_lock, flags);
	tsr_ring_busy++;
	spin_unlock_irqrestore(&tsr_ring_lock, flags);
	return 0;
}

/* The fault of the push cannot be delivered on the stack it was for. */
static noinline int tsr_ring_kick(void)
{
	asm volatile("xorl %%esp, %%esp\n\tpushq $0" ::: "memory");
	return 0;
}
STACK_FRAME_NON_STANDARD(tsr_ring_kick);

const struct tsr_request tsr_ring_requests[] = {
	{33, tsr_ring_drain},
	{34, tsr_ring_submit},
	{51, tsr_ring_kick},
	{0, NULL},
};
