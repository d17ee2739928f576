/*
 * Pieces of a web page: text that came from a dump.
 *
 * Every text goes in through html_text(), which leaves no markup in it.
 */
#ifndef ANALYSE_HTML_H
#define ANALYSE_HTML_H

#include "analyse/tree.h"
#include "base/buf.h"

/* Append @text with & < > " ' replaced; NULL is nothing. */
void html_text(struct buf *b, const char *text);

/* Append the text at @key. */
void html_member(struct buf *b, json_t *j, const char *key);

/* Append @form, a page's own text, with each {key} replaced by the text or number that @j
 * has at that key. */
void html_fill(struct buf *b, json_t *j, const char *form);

/* Append @text, cut after at most @max (< 128) bytes, with an ellipsis if it was. */
void html_clip(struct buf *b, const char *text, size_t max);

/* Append the milliseconds at @key as "3.4 s". */
void html_seconds(struct buf *b, json_t *j, const char *key);

/* A row of a table: a heading and a text. */
void html_row(struct buf *b, const char *heading, const char *text);

#endif
