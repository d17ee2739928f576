/* Runs of bits in a small bitmap of whole 64-bit words. Bit 0 is the lowest of the first
 * byte.
 */
#ifndef COLLECT_BITS_PRIV_H
#define COLLECT_BITS_PRIV_H

#include "base/types.h"

void bits_set(u8 *bits, u64 first, u64 end);
/* Returns how many were set. */
u64 bits_clear(u8 *bits, u64 first, u64 end);
/* Set bits among the first @num. */
u64 bits_count(const u8 *bits, u64 num);
/* The first bit of [@bit, @end) that is @value, @end if none. */
u64 bits_find(const u8 *bits, u64 bit, u64 end, bool value);

#endif
