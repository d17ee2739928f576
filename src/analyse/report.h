/*
 * The report: everything this program can say about a dump, as one versioned JSON tree.
 *
 * docs/formats.md describes the tree; every view (JSON, text) is made from it and from
 * nothing else. Each section stands alone: what cannot be had is left out and told under
 * "health". All texts from the dump are escaped in it already.
 */
#ifndef ANALYSE_REPORT_H
#define ANALYSE_REPORT_H

#include "kernel/kernel.h"
#include "symbol/debuginfo.h"

#include <jansson.h>

#define REPORT_SCHEMA	       "inquest.report"
#define REPORT_VERSION	       1
#define REPORT_LOG_RECORDS     30 /* default of report_options.log_records */
#define REPORT_MAX_LOG_RECORDS 100000

struct report_options {
	size_t log_records;		   /* how many of the newest to include */
	const struct debuginfo *debuginfo; /* for lines of source in stacks; NULL: none */
};

/* Build the tree; the caller gives it back with json_decref(). ERR_ABSENT if nothing at all
 * can be said, naming the file and the first reason. */
must_check struct err *report_build(struct kernel *k, const struct report_options *options,
				    json_t **ret);

#endif
