/*
 * The processes that have the most memory.
 *
 * Tasks are collected while others walk them; then those with the largest resident memory
 * are found, by what their mm_structs count, and counted to the page, with what CPUs and
 * threads had not added to it yet. Owns its rows; layout public.
 */
#ifndef ANALYSE_LARGEST_TASKS_H
#define ANALYSE_LARGEST_TASKS_H

#include "kernel/task_memory.h"

#define LARGEST_TASKS	  5
#define LARGEST_TASKS_MAX 65536 /* tasks that are looked at */

struct task_list {
	struct task_row *rows; /* tasks with memory of their own, threads too */
	size_t count, room;
};

/* Remember @t, if it has memory. Without memory of ours, it is left out. */
void task_list_add(struct task_list *l, const struct task *t);
void task_list_deinit(struct task_list *l);

struct large_task {
	const struct task *task; /* in the list: one of those that share the memory, its
				    first thread if there */
	struct task_memory memory;
};

/* The largest first. Returns how many. */
size_t largest_tasks_find(struct kernel *k, const struct cpu_table *cpus,
			  const struct task_list *l, struct large_task ret[LARGEST_TASKS]);

#endif
