/*
 * A report as one self-contained web page, for eyes.
 *
 * Made from the report's tree and from nothing else. No script, nothing from outside: a
 * content security policy forbids both, and allows only the one style sheet that it names
 * by its hash. Whatever a picture shows is told in words beside it, and nothing by colour
 * alone.
 */
#ifndef ANALYSE_RENDER_HTML_H
#define ANALYSE_RENDER_HTML_H

#include "base/buf.h"

#include <jansson.h>

/* Append the page. @b fails without memory, as any buf does. ERR_OS if the style sheet
 * cannot be hashed. */
must_check struct err *report_render_html(struct buf *b, json_t *report);

#endif
