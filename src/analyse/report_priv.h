/* What the sections of a report share while it is built. Private to analyse/report*.c. */
#ifndef ANALYSE_REPORT_PRIV_H
#define ANALYSE_REPORT_PRIV_H

#include "analyse/panic.h"
#include "analyse/report.h"
#include "analyse/tree.h"

/* More frames than this are not put into one report, whatever the dump claims. */
#define REPORT_MAX_FRAMES 16384

struct report {
	struct tree tree;
	struct kernel *k;
	struct dump *d;
	struct notices *notices;
	struct cpu_table cpus;
	struct panic_log log;
	struct panic_place place;
	struct task_count tasks;
	bool has_tasks;
	struct stack *stack; /* room to work in */
	size_t num_frames;   /* put into the tree so far */
	bool has_facts;	     /* something could be said */
};

/* Sections: each makes its value, without failing. */
json_t *report_banner(struct report *r);
json_t *report_panic(struct report *r, json_t *cpus);
json_t *report_cpus(struct report *r);
json_t *report_tasks(struct report *r);
json_t *report_modules(struct report *r);
/* The newest @max_records records; also feeds r->log. */
json_t *report_log(struct report *r, size_t max_records);

/* A task as JSON. */
json_t *report_task(struct report *r, const struct task *t);

#endif
