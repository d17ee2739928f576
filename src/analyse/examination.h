/*
 * One dump's examination: the log read, the place of death found, the blocked tasks
 * gathered, the verdict made. What the capture kernel prints and what the report on the
 * host says come from the same one.
 *
 * About 300 kB, and more with many blocked tasks; owns all of it. One thread. Everything
 * in it stands alone: what cannot be had is told in the dump's notices.
 */
#ifndef ANALYSE_EXAMINATION_H
#define ANALYSE_EXAMINATION_H

#include "analyse/verdict.h"

struct examination {
	struct kernel *k; /* borrowed */
	struct cpu_table cpus;
	bool has_cpus;
	struct log_events log;
	struct panic_log panic_log; /* the same log's sentences, for the banner */
	struct panic_place place;
	struct stack *stack; /* of the CPU that panicked; no frames if it left none */
	struct stack *room;
	struct crash_site site;
	struct blocked blocked;
	struct block_requests io;
	struct memory_use memory;
	struct verdict verdict;
};

/* Zero-initialised and ready for examination_add_log(). ERR_NOMEM. */
must_check struct err *examination_new(struct kernel *k, struct examination **ret);
void examination_free(struct examination *e);
CLEANUP_FREEP(examination)

/* Feed the records of the log in order, before examination_make(). */
void examination_add_log(struct examination *e, const struct printk_record *r);

void examination_make(struct examination *e);

/* The verdict's line, without its end. */
void examination_format(struct buf *b, const struct examination *e);

#endif
