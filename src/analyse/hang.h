/*
 * Verdicts of machines that somebody or something stopped because they hung: an NMI, sysrq,
 * a watchdog. These are messengers; what the machine was stuck on is sought in memory.
 */
#ifndef ANALYSE_HANG_H
#define ANALYSE_HANG_H

#include "analyse/verdict.h"

void hang_find(const struct inquest *q, struct verdict *v);

#endif
