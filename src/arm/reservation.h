/*
 * What crashkernel= comes to on this machine, in words.
 */
#ifndef ARM_RESERVATION_H
#define ARM_RESERVATION_H

#include "arm/arm.h"

/* What crashkernel=@text asks for with @ram_bytes of RAM: bytes, 0 where it reserves
 * nothing; @why then says so in a sentence ("" if there is nothing to say). */
must_check struct err *reservation_evaluate(const char *text, u64 ram_bytes, u64 *ret,
					    struct buf *why);

/* Why no capture kernel is loaded and what to do, one sentence without a newline. */
must_check struct err *reservation_why_not_armed(const struct arm_status *s, struct buf *b);

#endif
