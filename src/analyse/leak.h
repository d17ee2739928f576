/*
 * Verdicts of machines that ran out of memory. Who ran out is seldom who took it: a leak
 * stands out in the kernel's counters.
 */
#ifndef ANALYSE_LEAK_H
#define ANALYSE_LEAK_H

#include "analyse/verdict.h"

/* What memory went to; makes it a CRASH_MEMORY_LEAK if a leak stands out. */
void leak_find(const struct inquest *q, struct verdict *v);
/* Whom the panicking stack named: a module that was allocating then is a hint, no more. */
void leak_suspect(const struct inquest *q, struct verdict *v);

#endif
