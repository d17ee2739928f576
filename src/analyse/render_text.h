/*
 * The report as text, made from its JSON tree and nothing else.
 *
 * Begins with the verdict and the banner as crash prints it. The texts of the tree are
 * escaped already. A tree with parts missing, or of another version, renders what is there.
 */
#ifndef ANALYSE_RENDER_TEXT_H
#define ANALYSE_RENDER_TEXT_H

#include "base/buf.h"

#include <jansson.h>

/* The date is printed in the time zone of TZ, with its name. */
void report_render_text(struct buf *b, json_t *report);

#endif
