/*
 * A synthetic machine for sessions: two CPUs, tasks of every kind, a log, page tables, all
 * told by VMCOREINFO alone.
 *
 * The kernel image lies at physical address 0 on. CPU 0 ran task 1, which panicked; CPU 1
 * ran its idle task. Members that a test wants to change are at the offsets below.
 */
#ifndef TESTS_DUMPS_GEN_SESSION_H
#define TESTS_DUMPS_GEN_SESSION_H

#include "gen.h"

#define GEN_SESSION_IMAGE 0xffffffff80000000ULL
#define GEN_SESSION_PAGES 48

/* Tasks, by number: where their task_struct lies is GEN_SESSION_TASK(n). */
enum {
	GEN_TASK_SWAPPER0, /* pid 0, CPU 0 */
	GEN_TASK_SWAPPER1, /* pid 0, CPU 1, what it was running */
	GEN_TASK_INIT,	   /* pid 1, a process, what CPU 0 was running */
	GEN_TASK_KTHREADD, /* pid 2, a kernel thread, sleeping */
	GEN_TASK_WORKER,   /* pid 10, a process of init, blocked (D) */
	GEN_TASK_THREAD,   /* pid 11, its thread, idle kernel-style state (I) */
	GEN_TASK_HOSTILE,  /* pid 12, its comm holds an escape sequence */
	GEN_NUM_TASKS,
};

#define GEN_SESSION_TASK(n)   (0x1000 + (n)*0x100)
#define GEN_SESSION_SIGNAL(n) (0x2000 + (n)*0x10) /* its signal_struct */

/* Offsets in a task_struct; all members but comm have 8 bytes. */
enum {
	GEN_TASK_PID = 0,
	GEN_TASK_COMM = 8, /* 16 bytes */
	GEN_TASK_STATE = 24,
	GEN_TASK_TASKS = 32,
	GEN_TASK_THREAD_NODE = 48,
	GEN_TASK_SIGNAL = 64,
	GEN_TASK_ON_CPU = 72,
	GEN_TASK_CPU = 80,
	GEN_TASK_STACK = 88,
	GEN_TASK_MM = 96,
	GEN_TASK_TGID = 104,
	GEN_TASK_PARENT = 112,
	GEN_TASK_LAST_ARRIVAL = 120,
};

/* The one mm_struct, of pids 1, 10 and 11: total_vm, pgd, rss_stat.count, arg_start,
 * arg_end, env_start, env_end. */
#define GEN_SESSION_MM	      0x2800
#define GEN_SESSION_USER      0x400000ULL /* a mapped page of user space */
#define GEN_SESSION_USER_PAGE 0x20000	  /* where it is */
#define GEN_SESSION_TEXT      0x21000	  /* linux_banner and a page of code behind it */

void gen_session_init(struct gen *g);

#endif
