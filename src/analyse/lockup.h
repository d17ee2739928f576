/*
 * Verdicts of CPUs that went round in circles: those that a watchdog of the kernel
 * complained of, and those that nobody could complain of any more.
 */
#ifndef ANALYSE_LOCKUP_H
#define ANALYSE_LOCKUP_H

#include "analyse/verdict.h"

/* Of a watchdog's complaint (soft lockup, hard lockup, RCU stall). False if v->trigger is
 * none. */
bool lockup_find(const struct inquest *q, struct verdict *v);

/* A CPU that an NMI found with interrupts off. False if there is none. */
bool lockup_find_dead_cpu(const struct inquest *q, struct verdict *v);

#endif
