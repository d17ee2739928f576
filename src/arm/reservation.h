/*
 * Why no capture kernel is loaded, in words.
 */
#ifndef ARM_RESERVATION_H
#define ARM_RESERVATION_H

#include "arm/arm.h"

/* One sentence without a newline: what is missing and what to do. */
must_check struct err *reservation_why_not_armed(const struct arm_status *s, struct buf *b);

/* Append what crashkernel= asks for: "256M", "256M, and 128M below 4 GiB"; nothing if it
 * reserves nothing. */
must_check struct err *reservation_describe(const struct arm_status *s, struct buf *b);

#endif
