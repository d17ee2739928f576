/*
 * A verb of the command line: `inquest VERB …`, one file per verb beside this header.
 *
 * main.c holds the table of verbs and the table of traditional names (personalities) under
 * which the same binary may be called. To add a verb: write src/cmd/VERB.c with a
 * `const struct cmd cmd_VERB`, declare it below, and list it in main.c and meson.build.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/opts.h"
#include "cmd/exit.h"

#include <jansson.h>

struct cmd {
	struct opts_verb opts;

	/* Do the work. An error ends the verb: main() prints its sentence and exits with
	 * the status of its code, or with *@status if the verb set that to something else
	 * than EXIT_DONE. Without an error the verb exits with *@status. */
	struct err *(*run)(const struct opts_result *given, enum exit_status *status);
};

/* The end of an option table. */
#define OPTS_END                                                                           \
	{                                                                                  \
		.name = NULL                                                               \
	}

/* Write all of @b to standard output. An ERR_OS is also what a full disk yields. */
must_check struct err *cmd_print(const struct buf *b);

/* Write @tree as JSON and a newline to standard output; @flags as for json_dumps(). */
must_check struct err *cmd_print_json(const json_t *tree, size_t flags);

extern const struct cmd cmd_arm;
extern const struct cmd cmd_collect;
extern const struct cmd cmd_diff;
extern const struct cmd cmd_disarm;
extern const struct cmd cmd_dmesg;
extern const struct cmd cmd_recover;
extern const struct cmd cmd_estimate;
extern const struct cmd cmd_investigate;
extern const struct cmd cmd_nmi;
extern const struct cmd cmd_rebuild;
extern const struct cmd cmd_reload;
extern const struct cmd cmd_propagate;
extern const struct cmd cmd_report;
extern const struct cmd cmd_reset_crashkernel;
extern const struct cmd cmd_rehearse;
extern const struct cmd cmd_shell;
extern const struct cmd cmd_show;
extern const struct cmd cmd_showmem;
extern const struct cmd cmd_status;
extern const struct cmd cmd_test;
extern const struct cmd cmd_version;

/* Personalities. */
extern const struct cmd cmd_crash;
extern const struct cmd cmd_vmcore_dmesg;

#endif
