/*
 * From what is known of a dump to a verdict: what set its end off, and who is to ask about
 * that. Faults are fault.h's, machines that hung hang.h's, memory that ran out leak.h's.
 */
#ifndef ANALYSE_JUDGE_H
#define ANALYSE_JUDGE_H

#include "analyse/verdict.h"

void judge_find(const struct inquest *q, struct verdict *ret);

#endif
