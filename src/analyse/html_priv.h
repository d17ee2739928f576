/* The sections of the page, each in its own file. Private to analyse/render_html.c and
 * html_*.c. */
#ifndef ANALYSE_HTML_PRIV_H
#define ANALYSE_HTML_PRIV_H

#include "analyse/html.h"

/* The style sheet, without the element around it. */
extern const char html_style[];

/* Who waits for whom, drawn and told. Nothing if nobody waits. */
void html_blocked(struct buf *b, json_t *report);
/* What each CPU was doing. */
void html_cpus(struct buf *b, json_t *report);
/* Where the memory went. */
void html_memory(struct buf *b, json_t *report);
/* Requests that disks had not finished, the oldest first. Nothing if there were none. */
void html_block_io(struct buf *b, json_t *report);
/* Backtraces, that of the panicking CPU unfolded. */
void html_stacks(struct buf *b, json_t *report);

#endif
