/*
 * What a capture kernel needs to reach a disk: the drivers that are bound to it and to all
 * that it hangs on, now, in this machine.
 *
 * Read from /sys below a root. What a capture kernel could not put together again by
 * loading drivers (device mapper, RAID, iSCSI) is refused in a sentence that names it. The
 * chain owns its strings.
 */
#ifndef ARM_BLOCK_CHAIN_H
#define ARM_BLOCK_CHAIN_H

#include "base/err.h"

#define BLOCK_CHAIN_MODULES_MAX 64

/* Layout is public. */
struct block_chain {
	char *device; /* "/dev/vda1" */
	/* Of the controller first; with a '?' in front what is built into the running
	 * kernel, and so for modules_resolve(). */
	char *modules[BLOCK_CHAIN_MODULES_MAX];
	size_t num_modules;
};

/* Follow the block device @major:@minor. ERR_UNSUPPORTED for what cannot be reached in a
 * capture kernel, ERR_ABSENT if there is no such device. */
must_check struct err *block_chain_read(const char *root, u32 major, u32 minor,
					struct block_chain *ret);
void block_chain_deinit(struct block_chain *c);

/* The modules of the drivers of the device at @path of /sys, and of what it hangs on, added
 * to @c. For devices other than disks. */
must_check struct err *block_chain_add_device(const char *root, const char *path,
					      struct block_chain *c);

/* What a device is called where names last: "UUID=…" if its file system has one, else
 * @device ("/dev/vda1") itself. The caller frees *@ret. */
must_check struct err *block_lasting_name(const char *root, const char *device, char **ret);

/* The device that "/dev/…", "UUID=…", "LABEL=…", "PARTUUID=…" or "PARTLABEL=…" means: its
 * number. ERR_ABSENT naming @spec if there is none. */
must_check struct err *block_find(const char *root, const char *spec, u32 *ret_major,
				  u32 *ret_minor);

#endif
