#include "format/config_vars_priv.h"

#include <string.h>

/* The variable if it counts: given, and by @skips_empty not "". */
struct err *config_vars_apply(const char *text, const char *file,
			      const struct config_var *rows, size_t num_rows,
			      bool skips_empty, struct capture_config *c)
{
	cleanup(shell_vars_deinit) struct shell_vars vars = {0};
	struct err *err = shell_vars_read(&vars, text, file);

	for (size_t i = 0; !err && i < num_rows; i++) {
		const struct shell_var *var = shell_vars_find(&vars, rows[i].name);
		struct config_var_at at = {.c = c, .row = &rows[i], .vars = &vars};

		if (!var || (skips_empty && !*var->value))
			continue;
		at.place = (struct config_place){.file = file, .line = var->line};
		err = config_place_error(&at.place, rows[i].set(&at, var->value));
	}
	return err;
}

const char **config_var_string(const struct config_var_at *v)
{
	return (const char **)(void *)((char *)v->c + v->row->offset);
}

struct err *config_var_set_string(const struct config_var_at *v, const char *value)
{
	return config_set(v->c, config_var_string(v), value, strlen(value));
}

struct err *config_var_set_file(const struct config_var_at *v, const char *value)
{
	return config_set_file(v->c, &v->place, v->row->name, value, config_var_string(v));
}

struct err *config_var_set_number(const struct config_var_at *v, const char *value)
{
	return config_number(&v->place, v->row->name, value, 1u << 20,
			     (u64 *)(void *)((char *)v->c + v->row->offset));
}

struct err *config_var_set_words(const struct config_var_at *v, const char *value)
{
	return config_add_words(
		v->c, (struct config_words *)(void *)((char *)v->c + v->row->offset), value,
		strlen(value));
}

struct err *config_var_set_append(const struct config_var_at *v, const char *value)
{
	v->c->cmdline.has_append = true;
	return config_set(v->c, &v->c->cmdline.append, value, strlen(value));
}

/* The list given is instead of the dialect's own. */
struct err *config_var_set_remove(const struct config_var_at *v, const char *value)
{
	v->c->cmdline.has_remove = true;
	v->c->cmdline.remove = (struct config_words){0};
	return config_add_words(v->c, &v->c->cmdline.remove, value, strlen(value));
}

struct err *config_var_ignore(const struct config_var_at *v, const char *value)
{
	return *value ? config_warn(v->c, &v->place, "%s is left out: %s", v->row->name,
				    v->row->why)
		      : NULL;
}
