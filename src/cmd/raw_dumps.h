/*
 * Dumps that a capture left on raw partitions, taken off them before this machine is armed
 * again: the next crash would write over them.
 */
#ifndef CMD_RAW_DUMPS_H
#define CMD_RAW_DUMPS_H

#include "format/capture_config.h"

/* Look at each raw target of @config, and bring a dump that is there into a directory below
 * the configured path. Nothing of it fails: what was found, and what went wrong, goes to
 * @say as sentences. Below a root other than "" nothing is looked at: those partitions are
 * another machine's. The caller holds arm_lock(). */
void raw_dumps_take(const char *root, const struct capture_config *config,
		    void (*say)(void *ctx, const char *sentence), void *ctx);

#endif
