/*
 * A program made of verbs: `inquest VERB …`, `inquestd VERB …`. Finds the verb, parses its
 * options, runs it, and ends with its exit status.
 */
#ifndef CMD_PROGRAM_H
#define CMD_PROGRAM_H

#include "cmd/cmd.h"

struct program {
	const char *name;
	const char *summary;		/* one line below "Usage:" */
	const struct cmd *const *verbs; /* in the order of --help */
	size_t num_verbs;
	const struct cmd *otherwise; /* run if no verb is given; NULL: that is an error */
};

/* Run the verb that argv[1] names; --help and --version too. */
must_check struct err *program_run(const struct program *p, int argc, char **argv,
				   enum exit_status *status);

/* Parse the words from argv[@first] on and run @cmd, called as `program verb`, or by its
 * own name if @program is "". */
must_check struct err *program_run_cmd(const struct cmd *cmd, const char *program, int argc,
				       char **argv, int first, enum exit_status *status);

/* Print "NAME VERSION". */
must_check struct err *program_print_version(const char *name);

/* Say @err, which is freed, on standard error, and tell the status to exit with. */
int program_end(const char *name, struct err *err, enum exit_status status);

#endif
