/* What the sections of a report share while it is built. Private to analyse/report*.c. */
#ifndef ANALYSE_REPORT_PRIV_H
#define ANALYSE_REPORT_PRIV_H

#include "analyse/examination.h"
#include "analyse/largest_tasks.h"
#include "analyse/report.h"
#include "analyse/tree.h"

/* More frames than this are not put into one report, whatever the dump claims. */
#define REPORT_MAX_FRAMES 16384

struct report {
	struct tree tree;
	struct kernel *k;
	struct dump *d;
	struct notices *notices;
	const struct debuginfo *debuginfo; /* may be NULL */
	struct examination *e;
	struct task_count tasks;
	bool has_tasks;
	struct task_list user_tasks; /* of report_tasks() */
	size_t num_frames;	     /* put into the tree so far */
	bool has_facts;		     /* something could be said */
};

/* Sections: each makes its value, without failing. */
json_t *report_banner(struct report *r);
json_t *report_panic(struct report *r, json_t *cpus);
json_t *report_cpus(struct report *r);
/* Add to each of @cpus what its run queue holds. */
void report_run_queues(struct report *r, json_t *cpus);
json_t *report_tasks(struct report *r);
json_t *report_modules(struct report *r);
/* The newest @max_records records; also feeds the examination. */
json_t *report_log(struct report *r, size_t max_records);

json_t *report_verdict(struct report *r);
json_t *report_blocked(struct report *r);
json_t *report_block_io(struct report *r);
json_t *report_memory(struct report *r);

/* A stack as JSON; counts its frames. */
json_t *report_backtrace(struct report *r, const struct stack *s);

/* A task as JSON. */
json_t *report_task(struct report *r, const struct task *t);

#endif
