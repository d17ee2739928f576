/* task: the task_struct of a task. */
#include "shell/command.h"

#include "analyse/type_text.h"
#include "base/str.h"

#include <string.h>

struct how {
	struct type_text_options text;
	char *members; /* "pid,comm"; NULL: all of it */
};

static struct err *print_members(struct shell *s, const struct object *o,
				 const struct how *how)
{
	cleanup(freep) char *copy = strdup(how->members);
	char *rest = copy;

	if (!copy)
		return err_nomem();
	for (char *member; (member = strsep(&rest, ","));) {
		struct err *err =
			type_text_object_member(shell_out(s), o, member, &how->text);

		if (err && err_code(err) == ERR_NOMEM)
			return err;
		if (err) {
			err_ignore(err);
			shell_tell(s, "task",
				   err_new(ERR_ABSENT, "%s: not a task_struct member",
					   member));
		}
	}
	return NULL;
}

static struct err *print_task(struct shell *s, const struct how *how, const struct task *t)
{
	struct type_ref type;
	struct types *types;
	struct object o;
	struct err *err = shell_types(s, &types);

	if (!err && !types_find(types, "task_struct", BTF_BIT(BTF_KIND_STRUCT), &type))
		err = err_new(ERR_ABSENT, "the dump does not tell of struct task_struct");
	if (err)
		return err;
	o = object_at(types, type, t->addr);
	shell_task_header(s, t);
	if (how->members) {
		err = print_members(s, &o, how);
		buf_add_char(shell_out(s), '\n');
		return err;
	}
	type_text_object(shell_out(s), &o, &how->text);
	/* Where it is part of the task, crash shows it by itself all the same. */
	if (types_find(types, "thread_info", BTF_BIT(BTF_KIND_STRUCT), &type)) {
		o = object_at(types, type, task_thread_info(s->k, t));
		buf_add_char(shell_out(s), '\n');
		type_text_object(shell_out(s), &o, &how->text);
	}
	return NULL;
}

static struct err *read_options(struct shell *s, struct shell_words *w, struct how *how)
{
	char option;
	struct err *err;

	how->text.hex = s->radix == 16;
	while (!(err = shell_option(w, "R:xd", &option)) && option) {
		if (option == 'R')
			how->members = (char *)w->value;
		else
			how->text.hex = option == 'x';
	}
	return err;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct how how = {.members = NULL};
	const struct task_row *row;
	struct err *err = read_options(s, w, &how);

	if (!err)
		err = shell_context(s, &row);
	if (!err && !w->num_operands)
		err = print_task(s, &how, &row->task);
	for (size_t i = 0; !err && i < w->num_operands && !shell_is_over(s); i++) {
		row = shell_find_task(s, w->words[i]);
		err = row ? print_task(s, &how, &row->task)
			  : err_new(ERR_ABSENT, "invalid task or pid value: %s",
				    w->words[i]);
	}
	return err;
}

static struct err *run_on_tasks(struct shell *s, struct shell_words *w,
				const struct task_row *const *rows, size_t count)
{
	struct how how = {.members = NULL};
	struct err *err = read_options(s, w, &how);

	if (!err)
		err = shell_check_operands(w, 0, 0);
	for (size_t i = 0; !err && i < count && !shell_is_over(s); i++)
		err = print_task(s, &how, &rows[i]->task);
	return err;
}

const struct shell_command shell_cmd_task = {
	.name = "task",
	.synopsis = "[pid | task ...] [-R member[,member]] [-x|-d]",
	.summary = "task_struct and thread_info contents",
	.help = "Show the task_struct and thread_info of the tasks, or of the current one.\n\n"
		"    -R member[,member]  only these members of the task_struct.\n"
		"    -x, -d              numbers in hexadecimal, decimal.",
	.run = run,
	.run_on_tasks = run_on_tasks,
};
