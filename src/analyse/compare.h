/*
 * What two reports have in common, as text: are these the same crash?
 */
#ifndef ANALYSE_COMPARE_H
#define ANALYSE_COMPARE_H

#include "base/buf.h"

#include <jansson.h>

/* Append a line of each thing that is worth comparing; both are reports' trees. Returns
 * whether their signatures are equal. */
bool reports_compare(struct buf *b, json_t *first, json_t *second);

#endif
