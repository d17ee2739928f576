/*
 * Timers of a CPU that have not expired: those of the timer wheels, which count jiffies,
 * and those of high resolution, which count nanoseconds of several clocks.
 *
 * Sources: kernel/time/timer.c, include/linux/hrtimer_defs.h. Plain values; each queue is
 * told in the order of expiry.
 */
#ifndef KERNEL_TIMER_QUEUE_H
#define KERNEL_TIMER_QUEUE_H

#include "kernel/object.h"

#define TIMER_QUEUE_MAX 65536 /* timers of one queue; more are cut, and that is told */

/* The owner frees `timers`. Layout public. */
struct timer_queue {
	struct queued_timer {
		vaddr_t addr; /* struct timer_list or hrtimer */
		vaddr_t function;
		u64 expires;	  /* jiffies, or ns */
		u64 soft_expires; /* of an hrtimer: not before */
		size_t place;	  /* in which it was found, among equals */
	} * timers;
	size_t count;
	size_t capacity;
};

void timer_queue_deinit(struct timer_queue *q);

/* How many timer wheels each CPU has: one, or one for each kind of timer. ERR_ABSENT. */
must_check struct err *timer_wheel_count(struct types *t, size_t *ret);
/* Where wheel @index of @cpu is: struct timer_base. */
must_check struct err *timer_wheel_find(struct kernel *k, unsigned cpu, size_t index,
					vaddr_t *ret);
/* The timers of the wheel at @base. On an error *@ret has what could be read all the same.
 */
must_check struct err *timer_wheel_read(struct kernel *k, vaddr_t base,
					struct timer_queue *ret);

struct hrtimer_clock {
	vaddr_t addr;	  /* struct hrtimer_clock_base */
	vaddr_t get_time; /* the function that reads it, 0 if not known */
	u64 offset_ns;	  /* from the monotonic clock */
};

/* Where struct hrtimer_cpu_base of @cpu is, and how many clocks it has. */
must_check struct err *hrtimer_base_find(struct kernel *k, unsigned cpu, vaddr_t *ret,
					 size_t *ret_clocks);
must_check struct err *hrtimer_clock_read(struct kernel *k, vaddr_t base, size_t index,
					  struct hrtimer_clock *ret);
/* As timer_wheel_read(). */
must_check struct err *hrtimer_queue_read(struct kernel *k,
					  const struct hrtimer_clock *clock,
					  struct timer_queue *ret);

/* jiffies, and the nanoseconds that they had counted since boot: 0 if not known. */
void timer_now(struct kernel *k, u64 *ret_jiffies, u64 *ret_ns);

#endif
