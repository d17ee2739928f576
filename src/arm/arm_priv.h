/* What arm.c and its records share. */
#ifndef ARM_ARM_PRIV_H
#define ARM_ARM_PRIV_H

#include "arm/arm.h"

must_check struct err *arm_record_write(const char *root, const struct arm_record *r);
/* It may be gone already. */
must_check struct err *arm_record_remove(const char *root);

#endif
