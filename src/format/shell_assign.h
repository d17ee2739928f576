/*
 * Shell variables from files that tools source with `.`, as those of /etc/default and
 * /etc/sysconfig.
 *
 * No shell is run. What is understood is the part of the language that such files need
 * (POSIX.1-2017 XCU 2.2, 2.3, 2.6.2, 2.9.1):
 *
 *	NAME=value, NAME+=value (bash), several on a line, `;`, `export`, # comments,
 *	'single' and "double" quotes, \ escapes, lines continued by \, $NAME and ${NAME}
 *
 * All else is refused, naming file, line and word: command substitution, arithmetic,
 * ${NAME:-…}, commands, redirections, control structures. A reader that is lenient goes on
 * where a file holds such things: the variable is then marked unknown.
 *
 * Files may be read one after the other into the same struct, as if sourced in that order.
 * Layout is public; strings belong to the struct, which one thread uses at a time.
 */
#ifndef FORMAT_SHELL_ASSIGN_H
#define FORMAT_SHELL_ASSIGN_H

#include "base/err.h"

#define SHELL_VARS_MAX	512
#define SHELL_VALUE_MAX 65536

struct shell_var {
	char *name;
	char *value;
	u64 line;	 /* of the file it was assigned in last, 0: given by the caller */
	bool is_unknown; /* lenient only: `value` is not what a shell would come to */
	/* Where the last assignment stands in its text: from the first byte of its value,
	 * quotes included, to behind its last one. */
	size_t value_start, value_end;
};

struct shell_vars {
	struct shell_var *vars; /* in the order of their first assignment */
	size_t count;
	bool is_lenient;
	u64 skipped_line; /* lenient only: the first line that was not understood, 0: none
			   */
};

void shell_vars_deinit(struct shell_vars *v);

/* Give a variable a value, as if from the environment. */
must_check struct err *shell_vars_set(struct shell_vars *v, const char *name,
				      const char *value);

/* The variable, NULL if it was never assigned. */
const struct shell_var *shell_vars_find(const struct shell_vars *v, const char *name);

/* Its value; @otherwise if it was never assigned, or is empty: as ${NAME:-otherwise}. */
const char *shell_vars_get(const struct shell_vars *v, const char *name,
			   const char *otherwise);

/* Read a file's @text into @v. ERR_USAGE with a sentence that starts with "@file line N".
 * A variable that was never assigned expands to nothing where it is added to itself, or
 * where @v is lenient; elsewhere that is an error. After an error @v holds what came
 * before. */
must_check struct err *shell_vars_read(struct shell_vars *v, const char *text,
				       const char *file);

#endif
