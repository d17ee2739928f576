/* The sections of the page, each in its own file. Private to analyse/render_html.c and
 * html_*.c. */
#ifndef ANALYSE_HTML_PRIV_H
#define ANALYSE_HTML_PRIV_H

#include "analyse/html.h"

/* The style sheet, without the element around it. */
extern const char html_style[];

/* Who waits for whom, told and drawn. Nothing if nobody waits. */
void html_blocked(struct buf *b, json_t *report);
/* Is that what the verdict is about? */
bool html_is_about_locks(json_t *report);
/* The deadlocks, told and drawn as rings. */
void html_rings(struct buf *b, json_t *blocked);
/* The drawing of the others. @cause: address of the lock that is the cause of all, "" if
 * none is. */
void html_graph(struct buf *b, json_t *blocked, const char *cause);
/* What each CPU was doing. */
void html_cpus(struct buf *b, json_t *report);
/* Where the memory went. */
void html_memory(struct buf *b, json_t *report);
/* Requests that disks had not finished, the oldest first. Nothing if there were none. */
void html_block_io(struct buf *b, json_t *report);
/* Backtraces, those of the cause unfolded. */
void html_stacks(struct buf *b, json_t *report);
/* The end of the log, what the verdict was made from marked. */
void html_log(struct buf *b, json_t *report);

/* ---- what they share ---- */

/* The element of @list with text @value at @key; NULL if there is none, or no @value. */
json_t *html_find(json_t *list, const char *key, const char *value);
/* The frames of what has a "backtrace". */
json_t *html_frames(json_t *owner);
/* Is @cpu the one that panicked? */
bool html_is_panicked(json_t *report, json_t *cpu);
/* "cat (pid 12)" for the "task" of @cpu. */
void html_add_task(struct buf *b, json_t *cpu);
/* The same for @task itself, without escaping: for html_clip(). */
void html_plain_task(struct buf *b, json_t *task);
/* "foo_read [foo]", where a blocked task waits; its state if that is not known. */
void html_plain_function(struct buf *b, json_t *task);

/* The lock that @task waits for, NULL if that is not known. */
json_t *html_lock_of(json_t *blocked, json_t *task);
/* "held", "frozen" …; "" if it is not known. */
const char *html_lock_state(json_t *lock);
/* Is it what a filesystem is frozen with? */
bool html_is_freeze(json_t *lock);
/* Its name and address. */
void html_tell_lock(struct buf *b, json_t *lock);

/* ---- drawing ---- */

#define HTML_BOX_HEIGHT 46

struct html_box {
	const char *class;
	int x, y, width;
	const char *tag;	   /* a word on its upper edge, "" */
	const char *title, *small; /* its two lines, not escaped yet */
};

void html_svg_open(struct buf *b, int width, int height, const char *label);
void html_svg_close(struct buf *b);
void html_box(struct buf *b, const struct html_box *box);
/* The same, with what there is to say of a lock as its lines. */
void html_lock_box(struct buf *b, json_t *lock, const struct html_box *box);
/* A word at an arrow; @anchor is "start", "middle", "end". */
void html_label(struct buf *b, int x, int y, const char *anchor, const char *text);
/* How long @task has waited, if that is known. */
void html_wait_label(struct buf *b, json_t *task, int x, int y, const char *anchor);

#endif
