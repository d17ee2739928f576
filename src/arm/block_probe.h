/*
 * What is on a disk, as libblkid reads it: for disks that are not mounted, and where udev
 * has left no links.
 */
#ifndef ARM_BLOCK_PROBE_H
#define ARM_BLOCK_PROBE_H

#include "base/err.h"

/* Layout is public; "" where there is nothing, or nothing that may be read. */
struct block_probe {
	bool is_readable;
	char type[32]; /* "ext4", "LVM2_member" */
	char uuid[64];
};

/* Read @device ("/dev/vda1") of the machine below @root. */
must_check struct err *block_probe_read(const char *root, const char *device,
					struct block_probe *ret);

#endif
