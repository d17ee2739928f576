/*
 * The table of process IDs: another way to the tasks than their list.
 *
 * Each thread has a struct pid of its own, which the namespace's IDR leads to. Source:
 * kernel/pid.c, include/linux/pid.h; an IDR since 95846ecf9dac ("pid: replace pid bitmap
 * implementation with IDR API"), v4.15.
 */
#ifndef KERNEL_PID_TABLE_H
#define KERNEL_PID_TABLE_H

#include "kernel/kernel.h"

/* Call @each with the task_struct of every thread in the initial namespace, by its number,
 * until it returns false. What cannot be read is left out, and the first reason returned
 * once all else was told. */
must_check struct err *pid_table_each(struct kernel *k,
				      bool (*each)(void *ctx, vaddr_t task), void *ctx);

#endif
