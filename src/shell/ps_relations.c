/* ps -p, -c, -g and -a: whose child a task is, and how it was called. */
#include "shell/ps_priv.h"

#include "kernel/field.h"
#include "kernel/page_walk.h"

#include <string.h>

#define MAX_ARGS  4096
#define MAX_LINKS 4096 /* parents of parents */

/* ---- -p, -c, -g ---- */

void ps_print_parents(struct shell *s, const struct task_row *row)
{
	const struct task_row *chain[MAX_LINKS];
	size_t count = 0;

	while (row && count < ARRAY_SIZE(chain)) {
		chain[count++] = row;
		if (row->parent == row->task.addr)
			break;
		row = task_table_find(&s->tasks, row->parent);
	}
	for (size_t i = 0; i < count; i++) {
		buf_printf(shell_out(s), "%*s", (int)i, "");
		shell_task_header(s, &chain[count - 1 - i]->task);
	}
	buf_add_char(shell_out(s), '\n');
}

void ps_print_children(struct shell *s, const struct task_row *row)
{
	size_t count = 0;

	shell_task_header(s, &row->task);
	for (size_t i = 0; i < s->tasks.count; i++) {
		const struct task_row *child = &s->tasks.rows[i];

		if (child->parent != row->task.addr || child == row)
			continue;
		buf_add_str(shell_out(s), "  ");
		shell_task_header(s, &child->task);
		count++;
	}
	buf_add_str(shell_out(s), count ? "\n" : "  (no children)\n\n");
}

void ps_print_group(struct shell *s, const struct task_row *row)
{
	size_t count = 0;

	shell_task_header(s, &row->task);
	for (size_t i = 0; row->task.tgid && i < s->tasks.count; i++) {
		const struct task_row *other = &s->tasks.rows[i];

		if (other->task.tgid != row->task.tgid || other == row)
			continue;
		buf_add_str(shell_out(s), "  ");
		shell_task_header(s, &other->task);
		count++;
	}
	buf_add_str(shell_out(s), count ? "\n" : "  (no threads)\n\n");
}

/* ---- -a ---- */

/* The 0-terminated strings of user memory from mm.@from to mm.@to on a line. */
static struct err *print_strings(struct shell *s, const struct task *t, const char *label,
				 const char *from, const char *to, bool one_per_line)
{
	struct buf *b = shell_out(s);
	u64 start = 0, end = 0;
	char text[MAX_ARGS + 1];
	size_t len;
	struct err *err = field_read_by_name(s->k, t->mm, "mm_struct", from, &start);

	if (!err)
		err = field_read_by_name(s->k, t->mm, "mm_struct", to, &end);
	if (err)
		return err;
	len = end > start ? min_u64(end - start, MAX_ARGS) : 0;
	err = task_user_read(s->k, t, start, text, len);
	if (err)
		return err_wrap(err, "cannot access user stack address: %llx",
				(unsigned long long)start);
	text[len] = '\0';
	buf_add_str(b, label);
	for (size_t i = 0; i < len; i += strlen(text + i) + 1) {
		if (i)
			buf_add_str(b, one_per_line ? "\n     " : " ");
		shell_text(s, text + i);
	}
	buf_add_char(b, '\n');
	return NULL;
}

struct err *ps_print_arguments(struct shell *s, const struct task_row *row)
{
	const struct task *t = &row->task;
	struct err *err;

	shell_task_header(s, t);
	if (!t->mm) {
		buf_add_str(shell_out(s), "ps: no user stack\n\n");
		return NULL;
	}
	err = print_strings(s, t, "ARG: ", "arg_start", "arg_end", false);
	if (!err)
		err = print_strings(s, t, "ENV: ", "env_start", "env_end", true);
	if (err && err_code(err) != ERR_NOMEM) {
		shell_tell(s, "ps", err);
		err = NULL;
	}
	buf_add_char(shell_out(s), '\n');
	return err;
}
