/* foreach: a command on many tasks. */
#include "shell/command.h"

#include "base/str.h"

#include <string.h>

/* What the words in front of the command choose. Words of one kind add up, the kinds narrow
 * each other. */
struct filter {
	const char *words[SHELL_MAX_WORDS];
	size_t count;
	bool kernel, user, leaders, active;
};

/* A word that is none of a task's properties: is it a pid, an address or a name? */
static bool names_tasks(struct shell *s, const char *word)
{
	if (shell_is_state(word) || shell_find_task(s, word))
		return true;
	for (size_t i = 0; i < s->tasks.count; i++)
		if (str_eq(s->tasks.rows[i].task.comm, word))
			return true;
	return false;
}

/* Like: the task's own name in \\, as crash has it for names that look like something else.
 */
static const char *plain_name(const char *word)
{
	return *word == '\\' ? word + 1 : word;
}

static bool take_keyword(struct filter *f, const char *word)
{
	if (str_eq(word, "kernel"))
		f->kernel = true;
	else if (str_eq(word, "user"))
		f->user = true;
	else if (str_eq(word, "gleader"))
		f->leaders = true;
	else if (str_eq(word, "active"))
		f->active = true;
	else
		return false;
	return true;
}

static bool is_chosen_by(struct shell *s, const struct filter *f, bool states,
			 const struct task_row *row)
{
	bool any = false;

	for (size_t i = 0; i < f->count; i++) {
		const char *word = f->words[i];

		if (shell_is_state(word) != states)
			continue;
		any = true;
		if (states ? str_eq(shell_task_state(&row->task), word)
			   : str_eq(row->task.comm, plain_name(word)) ||
				     shell_find_task(s, word) == row)
			return true;
	}
	return !any;
}

static bool is_chosen(struct shell *s, const struct filter *f, const struct task_row *row)
{
	const struct task *t = &row->task;

	return !(f->kernel && t->mm) && !(f->user && !t->mm) &&
	       !(f->leaders && (!t->mm || t->tgid != t->pid)) &&
	       !(f->active && !shell_is_active(s, t)) && is_chosen_by(s, f, true, row) &&
	       is_chosen_by(s, f, false, row);
}

/* Go over the words of the filter. *@ret is the command behind them, NULL if there is none.
 */
static struct err *read_filter(struct shell *s, struct shell_words *w, struct filter *f,
			       const struct shell_command **ret)
{
	*ret = NULL;
	for (; w->next < w->count; w->next++) {
		const char *word = w->words[w->next];
		const struct shell_alias *a = shell_alias_find(s, word);
		const struct shell_command *c = shell_command_find(a ? a->command : word);

		if (c && c->run_on_tasks) {
			*ret = c;
			w->next++;
			return NULL;
		}
		if (take_keyword(f, word))
			continue;
		if (!names_tasks(s, plain_name(word)))
			return err_new(ERR_ABSENT, "unknown argument: \"%s\"", word);
		f->words[f->count++] = word;
	}
	return err_new(ERR_ABSENT,
		       "no keywords specified: bt, files, net, ps, set, task, vm or vtop");
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	cleanup(freep) const struct task_row **rows = NULL;
	const struct shell_command *c;
	const struct task_table *tasks;
	struct filter f = {.count = 0};
	struct shell_words rest;
	size_t count = 0;
	struct err *err = shell_tasks(s, &tasks);

	w->next = 0;
	if (!err)
		err = read_filter(s, w, &f, &c);
	if (err)
		return err;
	rows = calloc(tasks->count + 1, sizeof(*rows));
	if (!rows)
		return err_nomem();
	for (size_t i = 0; i < tasks->count; i++)
		if (is_chosen(s, &f, &tasks->rows[i]))
			rows[count++] = &tasks->rows[i];
	rest = (struct shell_words){.words = w->words + w->next,
				    .count = w->count - w->next};
	rest.num_operands = rest.count;
	return err_wrap(c->run_on_tasks(s, &rest, rows, count), "%s", c->name);
}

const struct shell_command shell_cmd_foreach = {
	.name = "foreach",
	.synopsis = "[pid | task | name | state | kernel | user | gleader | active] ...\n"
		    "command [option] ...",
	.summary = "display command data for multiple tasks",
	.help = "Run a command on each task, or on those that are chosen:\n\n"
		"    pid, task, name  these tasks; \\name if the name looks like something else.\n"
		"    state            those in a state: RU, IN, UN, ID, ST, TR, ZO, DE, PA.\n"
		"    kernel, user     kernel threads, or processes of user space.\n"
		"    gleader          the first thread of each process.\n"
		"    active           what was running on a CPU.\n\n"
		"The command is bt, files, net, ps, set, task, vm or vtop; its options follow it.",
	.run = run,
};
