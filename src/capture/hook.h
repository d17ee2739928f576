/*
 * Programs of the image that run around the dump: kdump_pre, kdump_post, pre.d and the like
 * of kdump.conf(5). They are the user's own; none may keep the capture from its end.
 */
#ifndef CAPTURE_HOOK_H
#define CAPTURE_HOOK_H

#include "capture/role.h"

/* Run the hooks of @when ("pre", "post", "emergency") in their order, each for at most
 * hook_ms of the manifest, then it is killed with all it started. @argument, if not NULL,
 * is their $1. False if one that is not optional failed; the ones behind it run all the
 * same. */
bool hooks_run(struct role *r, const char *when, const char *argument);

#endif
