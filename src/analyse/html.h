/*
 * Pieces of a web page: text that came from a dump, and lookups in the report's tree.
 *
 * Every text goes in through html_text(), which leaves no markup in it.
 */
#ifndef ANALYSE_HTML_H
#define ANALYSE_HTML_H

#include "base/buf.h"

#include <jansson.h>

/* Append @text with & < > " ' replaced; NULL is nothing. */
void html_text(struct buf *b, const char *text);

/* Text at @key of @j, "" if there is none. Borrowed. */
const char *html_get(json_t *j, const char *key);
u64 html_get_int(json_t *j, const char *key);
bool html_has(json_t *j, const char *key);

/* Append the text at @key. */
void html_member(struct buf *b, json_t *j, const char *key);

/* A row of a table: a heading and a text. */
void html_row(struct buf *b, const char *heading, const char *text);

#endif
