/* What arm.c and its records share. */
#ifndef ARM_ARM_PRIV_H
#define ARM_ARM_PRIV_H

#include "arm/arm.h"
#include "arm/image_store.h"
#include "arm/plan.h"

must_check struct err *arm_record_write(const char *root, const struct arm_record *r);
/* It may be gone already. */
must_check struct err *arm_record_remove(const char *root);

/* What is to be loaded. */
struct armament {
	struct plan *plan;
	struct stored_image image;
	char *outdated; /* as in arm_record */
	char *target;	/* where the image takes a dump, for people */
};
void armament_deinit(struct armament *a);

/* Plan, and have the image: without no_load the last good one if need be. */
must_check struct err *arm_prepare(const char *root, const struct capture_config *config,
				   const struct arm_options *options, struct armament *ret);

#endif
