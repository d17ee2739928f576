/*
 * Time in the crashed kernel: when it died, how long it had been up, how loaded it was.
 *
 * Sources: VMCOREINFO CRASHTIME, kernel/time/timekeeping.c (tk_core),
 * include/linux/jiffies.h, kernel/sched/loadavg.c. Plain values; what cannot be had is
 * has_… == false.
 */
#ifndef KERNEL_CLOCK_H
#define KERNEL_CLOCK_H

#include "kernel/kernel.h"

struct kernel_clock {
	bool has_date;
	u64 date_s; /* since 1970, UTC */
	bool has_uptime;
	u64 uptime_s;
	bool has_load;
	u32 load[3]; /* over 1, 5 and 15 minutes, in hundredths */
	unsigned hz; /* ticks per second, 0 if not known */
};

/* Never fails: see the has_… members. */
void kernel_clock_read(struct kernel *k, struct kernel_clock *ret);

/* CLOCK_MONOTONIC when it was last updated, which is up to a tick old. False if it cannot
 * be had. */
bool kernel_clock_monotonic(struct kernel *k, u64 *ret_ns);

/* Ticks per second from the length of a tick and, where that is 0, from @ticks that passed
 * in
 * @seconds. 0 if neither tells. */
unsigned kernel_clock_hz(u64 tick_ns, u64 ticks, u64 seconds);

#endif
