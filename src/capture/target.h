/*
 * Where a dump goes: a file system of the manifest, mounted at a place of ours.
 */
#ifndef CAPTURE_TARGET_H
#define CAPTURE_TARGET_H

#include "format/manifest.h"

/* Wait for the device and mount it on @mount_point. */
must_check struct err *target_mount(const struct manifest_target *target, u64 deadline_ms,
				    const char *mount_point);

/* Unmount, which brings everything to disk. If something still holds the file system, it is
 * made read-only instead, which does as well. */
must_check struct err *target_unmount(const char *mount_point);

#endif
