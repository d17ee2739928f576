/*
 * Which kernel is started on a crash: the image, its release, its modules.
 *
 * Mostly the one that runs. What is configured (KDUMP_KERNELVER, KDUMP_BOOTDIR, KDUMP_IMG,
 * KDUMP_KERNEL) goes first. Strings belong to the struct.
 */
#ifndef ARM_CAPTURE_KERNEL_H
#define ARM_CAPTURE_KERNEL_H

#include "format/capture_config.h"

/* Layout is public. Paths are of the machine, without the root. */
struct capture_kernel {
	char *image;	   /* "/boot/vmlinuz-6.1.0-56-amd64", links followed */
	char *release;	   /* "6.1.0-56-amd64" */
	char *modules_dir; /* "/lib/modules/6.1.0-56-amd64" */
};

/* Find it below @root. ERR_ABSENT with all places that were looked at. */
must_check struct err *capture_kernel_find(const char *root,
					   const struct capture_config *config,
					   struct capture_kernel *ret);
void capture_kernel_deinit(struct capture_kernel *k);

#endif
