/*
 * Finding the block device that is meant, without udev: by path, or by what libblkid reads
 * of each device that is there.
 *
 * Known are paths of /dev, UUID=, LABEL=, PARTUUID=, PARTLABEL=, with or without quotes,
 * and the links udev makes for these below /dev/disk.
 */
#ifndef CAPTURE_DEVICE_H
#define CAPTURE_DEVICE_H

#include "base/err.h"

#define DEVICE_TYPE_SIZE 32

/* Layout is public. */
struct device {
	char path[64];		     /* "/dev/vda1" */
	char type[DEVICE_TYPE_SIZE]; /* of its file system, "" if none is recognised */
};

/* Wait until there is a device that @spec names. ERR_ABSENT after @deadline_ms, ERR_USAGE
 * for what cannot be looked for. */
must_check struct err *device_find(const char *spec, u64 deadline_ms, struct device *ret);

/* What file system (or swap, RAID member …) is on @path: *@ret_type, "" if none is
 * recognised. */
must_check struct err *device_probe(const char *path, char ret_type[DEVICE_TYPE_SIZE]);

#endif
