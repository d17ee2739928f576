/*
 * What is done when no target took the dump: the emergency hooks, then failure_action of
 * the manifest.
 */
#ifndef CAPTURE_FAILURE_H
#define CAPTURE_FAILURE_H

#include "capture/role.h"

/* Returns when it is time to go down, in the way role.end then says. A shell that was asked
 * for has been left by then; dump_to_rootfs is the caller's. */
void failure_act(struct role *r);

#endif
