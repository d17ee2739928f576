/* What a job of the collector came to, as text: what `inquest collect` and the program
 * called as makedumpfile both print. */
#ifndef CMD_OUTCOME_H
#define CMD_OUTCOME_H

#include "cmd/job.h"

/* "a", "a, b and c", or "standard output". */
void outcome_add_targets(struct buf *b, const struct makedumpfile_words *w);

/* The statistics and the tables of makedumpfile, with its words. */
void outcome_add_statistics(struct buf *b, const struct job *j);
void outcome_add_mem_usage(struct buf *b, const struct job *j);
void outcome_add_version(struct buf *b);

void outcome_add_verified(struct buf *b, const struct job *j);

/* Say on standard error which options are ignored, and why. */
void outcome_tell_ignored(const struct opts_result *given, const char *program);

#endif
