/*
 * Verdicts of machines that died of what they did: faults, BUG(), WARN(), exceptions.
 *
 * The log tells the address of a fault; the registers must bear it out, since a dump can
 * have the log of one fault and the stack of another.
 */
#ifndef ANALYSE_FAULT_H
#define ANALYSE_FAULT_H

#include "analyse/verdict.h"

void fault_find(const struct inquest *q, struct verdict *v);

#endif
