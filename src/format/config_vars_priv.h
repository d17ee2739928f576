/*
 * Configuration files that are shell variables: a table of them, and what each sets.
 */
#ifndef FORMAT_CONFIG_VARS_PRIV_H
#define FORMAT_CONFIG_VARS_PRIV_H

#include "format/config_priv.h"
#include "format/shell_assign.h"

struct config_var;

/* A variable that was given: where, and among which others. */
struct config_var_at {
	struct capture_config *c;
	const struct config_var *row;
	struct config_place place;
	const struct shell_vars *vars;
};

struct config_var {
	const char *name;
	struct err *(*set)(const struct config_var_at *v, const char *value);
	size_t offset;	 /* of the member of struct capture_config, where there is one */
	const char *why; /* it is ignored */
};

/* Read @text, and let the rows whose variable was given do their work, in their order. With
 * @skips_empty, "" is as good as not given. */
must_check struct err *config_vars_apply(const char *text, const char *file,
					 const struct config_var *rows, size_t num_rows,
					 bool skips_empty, struct capture_config *c);

/* For rows. */
const char **config_var_string(const struct config_var_at *v);
must_check struct err *config_var_set_string(const struct config_var_at *v,
					     const char *value);
must_check struct err *config_var_set_file(const struct config_var_at *v,
					   const char *value);
must_check struct err *config_var_set_number(const struct config_var_at *v,
					     const char *value);
must_check struct err *config_var_set_words(const struct config_var_at *v,
					    const char *value);
must_check struct err *config_var_set_append(const struct config_var_at *v,
					     const char *value);
must_check struct err *config_var_set_remove(const struct config_var_at *v,
					     const char *value);
/* A warning that says why the variable has no effect. */
must_check struct err *config_var_ignore(const struct config_var_at *v, const char *value);

#define CONFIG_MEMBER(name) offsetof(struct capture_config, name)

#endif
