/*
 * What the tools of each dialect say on the console while they save a dump, for those who
 * look for it there: kdump-config of kdump-tools, kdump.sh of kdump-utils. Nothing in the
 * dialect of inquest, whose own lines are said in any case.
 */
#ifndef CAPTURE_DIALECT_H
#define CAPTURE_DIALECT_H

#include "capture/target.h"

/* A server did not let us in; it is asked @left more times. */
void dialect_try_again(const struct target *t, u64 left);
void dialect_begin_log(const struct target *t);
void dialect_begin_dump(const struct target *t);
/* The collector failed, and all of memory is copied. */
void dialect_begin_copy(const struct target *t);
void dialect_saved_log(const struct target *t);
/* @reason is NULL if the dump is there. */
void dialect_saved_dump(const struct target *t, const char *reason);

#endif
