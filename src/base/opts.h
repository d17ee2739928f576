/*
 * Command line options: one static table per verb drives parsing, --help and the man page
 * test.
 *
 * Layout is public; tables are const and live as long as the program. Long options are
 * written
 * `--name`, `--name VALUE` or `--name=VALUE`; a one-letter alias `-x`, `-x VALUE` or
 * `-xVALUE`.
 * `--` ends the options. Operands may stand between options. A value that is OPTS_OPTIONAL
 * is taken only from `--name=VALUE`. A verb that stands in for a tool made with
 * getopt_long(3) also takes unambiguous beginnings of long names, as scripts use them.
 */
#ifndef BASE_OPTS_H
#define BASE_OPTS_H

#include "base/buf.h"

enum opts_arg { OPTS_FLAG, OPTS_VALUE, OPTS_OPTIONAL };

struct opt {
	const char *name; /* without the dashes */
	char letter;	  /* 0 if none */
	enum opts_arg arg;
	const char *value_name; /* shown in help, NULL for OPTS_FLAG */
	const char *help;	/* one sentence */
	bool is_never_short; /* the long name is not abbreviated, nor in the way of others
			      */
};

/* What one verb accepts. @options ends with a row whose name is NULL. */
struct opts_verb {
	const char *name;     /* "report" */
	const char *operands; /* "VMCORE", "" if none */
	const char *summary;  /* one line for the list of verbs */
	const struct opt *options;
	size_t min_operands, max_operands;
	bool takes_abbreviations; /* of long names, but those of rows that say otherwise */
};

/* One parsed option: @row points into the verb's table; @value is NULL where none was
 * given. */
struct opts_given {
	const struct opt *row;
	const char *value;
};

struct opts_result {
	struct opts_given *given; /* in command line order */
	size_t num_given;
	const char **operands;
	size_t num_operands;
	bool wants_help;
};

/* Parse argv[first…argc). Strings of the result point into argv. ERR_USAGE with a sentence
 * that names the word and what would be right. The caller calls opts_deinit() in any case.
 */
must_check struct err *opts_parse(const struct opts_verb *verb, int argc, char **argv,
				  int first, struct opts_result *ret);
void opts_deinit(struct opts_result *r);

/* The last value given for option @name, @otherwise if it was not given or had no value. */
const char *opts_value(const struct opts_result *r, const char *name,
		       const char *otherwise);
bool opts_has(const struct opts_result *r, const char *name);

/* Append the --help text of @verb, called as `program verb`, or by its own name if @program
 * is "". */
void opts_help(struct buf *b, const char *program, const struct opts_verb *verb);

#endif
