/* Percent-encoding of bytes (RFC 3986), as in URIs and urlencoded forms. Pure. */
#ifndef FORMAT_PERCENT_H
#define FORMAT_PERCENT_H

#include "base/buf.h"

/* Append @len bytes of @s to @b, all but A-Z a-z 0-9 - . _ ~ and what stands in @keep as
 * %XX with upper-case digits. */
void percent_encode(struct buf *b, const char *s, size_t len, const char *keep);

enum percent_plus { PERCENT_PLUS_IS_PLUS, PERCENT_PLUS_IS_SPACE };

/* Append @len bytes of @s to @b with each %XX (digits in either case) made a byte. False if
 * a % has no two hexadecimal digits behind it; @b has then a part of it. */
bool percent_decode(struct buf *b, const char *s, size_t len, enum percent_plus plus);

/* The value of a hexadecimal digit, -1 if @c is none. */
int hex_digit_value(char c);

#endif
