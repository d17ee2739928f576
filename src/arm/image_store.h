/*
 * Capture images on disk, each with a record of what it was built from.
 *
 *	ARM_STATE_DIR/initrd-RELEASE		the image
 *	ARM_STATE_DIR/initrd-RELEASE.json	its record (docs/formats.md)
 *	ARM_STATE_DIR/initrd-RELEASE.old	the good one before it, with its record
 *
 * An image appears under its name only when it was written whole and read back. A record
 * that an older version wrote, or none, means "build it anew" and is no error.
 */
#ifndef ARM_IMAGE_STORE_H
#define ARM_IMAGE_STORE_H

#include "arm/initramfs.h"
#include "arm/plan.h"

/* Layout is public. Strings belong to the struct. */
struct stored_image {
	char *path; /* of the machine, without the root */
	u64 image_bytes, unpacked_bytes;
	bool is_new;  /* was built just now */
	char *reason; /* why it was: "/etc/kdump.conf changed", "" if it was not */
};
void stored_image_deinit(struct stored_image *image);

/* Have an image for @plan, with the program @init as its /init: that which is there if none
 * of its inputs changed and @rebuild does not say otherwise, else a new one. */
must_check struct err *image_store_get(const char *root, const struct plan *plan,
				       const char *init, enum config_rebuild rebuild,
				       struct stored_image *ret);

/* The last image for @release that is as it was when it was built, whatever it was built
 * from: for when no new one can be had. If it is the one before, it is put back in its
 * place. Its reason is why it was built. ERR_ABSENT if there is none. */
must_check struct err *image_store_last_good(const char *root, const char *release,
					     struct stored_image *ret);

/* Remove all images and records. */
must_check struct err *image_store_purge(const char *root);

#endif
