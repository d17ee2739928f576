/*
 * The sections of a report as text that have a file of their own; render_text.c puts all of
 * them in order. Each appends its lines to @b, and nothing where the report has none of it.
 *
 *   render_text_stack.c   registers and backtraces, as crash prints them
 *   render_text_stuck.c   who waits for what: tasks, run queues, block requests
 *   render_text_memory.c  where memory went
 */
#ifndef ANALYSE_RENDER_TEXT_PRIV_H
#define ANALYSE_RENDER_TEXT_PRIV_H

#include "analyse/tree.h"
#include "base/buf.h"

/* A line of a backtrace, with the registers of an exception and the source of it. */
void render_text_frame(struct buf *b, size_t number, json_t *frame);

void render_text_backtraces(struct buf *b, json_t *report);
void render_text_blocked(struct buf *b, json_t *report);
void render_text_run_queues(struct buf *b, json_t *report);
void render_text_block_io(struct buf *b, json_t *report);
void render_text_memory(struct buf *b, json_t *report);

#endif
