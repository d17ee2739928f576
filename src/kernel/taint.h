/*
 * Taint: why the kernel does not vouch for itself any more, a bit for each reason.
 *
 * A module has the bits that it brought in struct module's `taints`. Source:
 * include/linux/panic.h, Documentation/admin-guide/tainted-kernels.rst.
 */
#ifndef KERNEL_TAINT_H
#define KERNEL_TAINT_H

#include "base/buf.h"

#define TAINT_BITS 64

/* The letters of @taint as the kernel prints them, blanks left out: "GOE" … Bits without a
 * letter become "?". */
void taint_format(struct buf *b, u64 taint);

/* The letter of bit @bit, '?' if it has none here. */
char taint_letter(unsigned bit);
/* What it means, as a clause: "an out-of-tree module was loaded". Never NULL. */
const char *taint_meaning(unsigned bit);

#endif
