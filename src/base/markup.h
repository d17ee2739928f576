/* Text into HTML. */
#ifndef BASE_MARKUP_H
#define BASE_MARKUP_H

#include "base/buf.h"

/* Append @text so that it is text in an element and in a quoted attribute. NULL adds
 * nothing. Control characters and what is no UTF-8 stay: str_escape() first, where they may
 * come. */
void markup_text(struct buf *b, const char *text);

#endif
