/*
 * Why and where the machine died: the sentence in the kernel log, the CPU and the task.
 *
 * No JSON and no large allocation in here, so that the capture kernel can afford it. Texts
 * are raw bytes of the dump, and hostile.
 */
#ifndef ANALYSE_PANIC_H
#define ANALYSE_PANIC_H

#include "base/buf.h"
#include "kernel/cpu.h"
#include "kernel/printk.h"
#include "kernel/stack.h"
#include "kernel/task.h"

#define PANIC_TEXT_SIZE 256

/* Fed with the records of the log in order. Zero-initialise. Layout public. */
struct panic_log {
	char message[PANIC_TEXT_SIZE]; /* "Kernel panic - not syncing: …", "" if none */
	char cause[PANIC_TEXT_SIZE]; /* the last "BUG: …", "Oops: …" … before it, "" if none
				      */
	u64 cause_ts_ns;
	u64 num_records; /* seen */
};

void panic_log_add(struct panic_log *p, const struct printk_record *r);

/* What to call it: the message, else the cause, else "". */
const char *panic_log_text(const struct panic_log *p);

/* Where it happened. */
struct panic_place {
	bool has_cpu;
	unsigned cpu;
	bool is_panic;	 /* false: no CPU panicked, and this is merely the first that runs a
			    task */
	const char *how; /* how the CPU was found, a phrase */
	bool has_task;
	struct task task;
};

/* Find the CPU by panic_cpu, else by a panic function on the stack of one; then the task it
 * was running. What cannot be had is told in @n. @stack is room to work in. */
void panic_place_find(struct kernel *k, const struct cpu_table *cpus, struct notices *n,
		      struct stack *stack, struct panic_place *ret);

/* Unwind what @cpu was running, from its registers. False if it left none. */
bool panic_unwind(struct kernel *k, const struct cpu *cpu, struct stack *ret);

#endif
