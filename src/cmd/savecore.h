/*
 * Saving /proc/vmcore once a whole system is up in the capture kernel: the last resort,
 * where an image that is not ours, or that failed, went on into the root file system.
 *
 * The dump goes below the configured directory of this system, over NFS if that is the
 * target. Files have their names only when they are whole.
 */
#ifndef CMD_SAVECORE_H
#define CMD_SAVECORE_H

#include "cmd/service.h"

/* Is there a crashed kernel's memory to save? */
bool savecore_is_due(const char *root);

/* Save its log and its dump, telling of it in the words of kdump-config. ERR_INCOMPLETE if
 * the dump is not whole; then nothing has the name of one that is. */
must_check struct err *savecore(const struct service *s);

#endif
