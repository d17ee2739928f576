/*
 * One run of the collector's command line, which `inquest collect` and the program called
 * as makedumpfile share: open the source, make of it what the words ask for, and keep what
 * became of it for whoever prints the outcome.
 *
 * Remarks go to standard error, "PROGRAM: sentence". The words and the meter are borrowed;
 * job_deinit() releases the rest, whatever job_run() returned. One thread.
 */
#ifndef CMD_JOB_H
#define CMD_JOB_H

#include "cmd/meter.h"
#include "collect/verify.h"
#include "format/makedumpfile_words.h"

struct job {
	const char *program;
	const struct makedumpfile_words *words;
	struct meter *meter;

	/* Results. */
	struct dump *dump; /* the source; NULL if it is none, or could not be opened */
	struct collect_stats stats;
	unsigned level; /* what the dump leaves out, with what its source left out */
	struct verify_result verified;
	bool is_incomplete; /* what was made lacks something; not an error by itself */
};

/* What -c, -l, -p, -z and --compress name. */
const struct collect_codec *job_codec(const struct makedumpfile_words *w);

/* Do it. Signals that ask to end are caught, and end it with ERR_INCOMPLETE where something
 * was being written. ERR_REFUSED if a file is in the way. */
must_check struct err *job_run(struct job *j);
void job_deinit(struct job *j);

#endif
