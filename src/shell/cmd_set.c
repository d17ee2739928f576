/* set: the current task, and how things are printed. */
#include "shell/command.h"

#include "base/str.h"

#include <string.h>

static struct err *set_context(struct shell *s, const struct task_row *row)
{
	s->context = row->task.addr;
	shell_print_context(s, &row->task);
	return NULL;
}

static struct err *set_panic_context(struct shell *s)
{
	const struct panic_place *place;
	struct err *err = shell_panic(s, &place);
	const struct task_row *row;

	if (err)
		return err;
	row = place->has_task ? task_table_find(&s->tasks, place->task.addr) : NULL;
	return row ? set_context(s, row) : err_new(ERR_ABSENT, "no panic task found");
}

static struct err *set_cpu_context(struct shell *s, const char *word)
{
	const struct task_table *tasks;
	const struct task_row *row;
	const struct cpu *cpu;
	u64 number;
	struct err *err = shell_tasks(s, &tasks);

	if (err)
		return err;
	cpu = str_parse_u64(word, &number) && number < CPU_MAX
		      ? cpu_find(&s->cpus, (unsigned)number)
		      : NULL;
	row = cpu ? task_table_find(tasks, cpu->curr) : NULL;
	return row ? set_context(s, row)
		   : err_new(ERR_ABSENT, "invalid cpu number, or its task is not known: %s",
			     word);
}

static struct err *set_radix(struct shell *s, const char *word)
{
	if (word && (str_eq(word, "16") || str_eq(word, "hex")))
		s->radix = 16;
	else if (word && (str_eq(word, "10") || str_eq(word, "dec")))
		s->radix = 10;
	else if (word)
		return err_new(ERR_USAGE, "radix: 10 or 16 is right, not %s", word);
	buf_printf(shell_out(s), "output radix: %s\n",
		   s->radix == 16 ? "16 (hex)" : "10 (decimal)");
	return NULL;
}

static struct err *set_scroll(struct shell *s, const char *word)
{
	if (word && (str_eq(word, "on") || str_eq(word, "off")))
		s->scrolls = str_eq(word, "on");
	else if (word)
		return err_new(ERR_USAGE, "scroll: on or off is right, not %s", word);
	buf_printf(shell_out(s), "scroll: %s\n", s->scrolls ? "on" : "off");
	return NULL;
}

static void print_all(struct shell *s)
{
	struct buf *b = shell_out(s);

	buf_printf(b, "        scroll: %s\n", s->scrolls ? "on" : "off");
	buf_printf(b, "         radix: %s\n", s->radix == 16 ? "16 (hex)" : "10 (decimal)");
	if (s->options.vmlinux) {
		buf_add_str(b, "      namelist: ");
		shell_text(s, s->options.vmlinux);
		buf_add_char(b, '\n');
	}
	buf_add_str(b, "      dumpfile: ");
	shell_text(s, dump_path(s->d));
	buf_add_char(b, '\n');
}

static struct err *set_by_words(struct shell *s, const struct shell_words *w)
{
	const char *name = w->words[0], *value = w->num_operands > 1 ? w->words[1] : NULL;
	const struct task_row *row;

	if (str_eq(name, "radix"))
		return set_radix(s, value);
	if (str_eq(name, "hex") || str_eq(name, "dec"))
		return set_radix(s, name);
	if (str_eq(name, "scroll"))
		return set_scroll(s, value);
	row = shell_find_task(s, name);
	if (!row || value)
		return err_new(ERR_ABSENT, "invalid task or pid value: %s",
			       value ? value : name);
	return set_context(s, row);
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	const struct task_row *row;
	const char *cpu = NULL;
	bool panic = false, all = false;
	char option;
	struct err *err;

	while (!(err = shell_option(w, "vpc:", &option)) && option) {
		all |= option == 'v';
		panic |= option == 'p';
		if (option == 'c')
			cpu = w->value;
	}
	if (!err)
		err = shell_check_operands(w, 0, all || panic || cpu ? 0 : 2);
	if (err)
		return err;
	if (all) {
		print_all(s);
		return NULL;
	}
	if (panic)
		return set_panic_context(s);
	if (cpu)
		return set_cpu_context(s, cpu);
	if (w->num_operands)
		return set_by_words(s, w);
	err = shell_context(s, &row);
	if (!err)
		shell_print_context(s, &row->task);
	return err;
}

/* In foreach it shows each task and changes nothing. */
static struct err *run_on_tasks(struct shell *s, struct shell_words *w,
				const struct task_row *const *rows, size_t count)
{
	struct err *err = shell_check_operands(w, 0, 0);

	for (size_t i = 0; !err && i < count && !shell_is_over(s); i++) {
		shell_task_header(s, &rows[i]->task);
		shell_print_context(s, &rows[i]->task);
		buf_add_char(shell_out(s), '\n');
	}
	return err;
}

const struct shell_command shell_cmd_set = {
	.name = "set",
	.synopsis = "[pid | task | -p | -c cpu | -v | radix [10|16] | scroll [on|off]]",
	.summary = "set the task that commands are about, or how they print",
	.help = "Without arguments, show the current task: the one that bt and others are about\n"
		"if they are not told. At first that is the task that panicked.\n\n"
		"    pid, task       make this task the current one.\n"
		"    -p              the task that panicked.\n"
		"    -c cpu          the task that was running on a CPU.\n"
		"    radix [10|16]   the radix of offsets and numbers; also `set hex`, `set dec`.\n"
		"    scroll [on|off] show output on a terminal through $CRASHPAGER or $PAGER.\n"
		"    -v              show all settings.",
	.run = run,
	.run_on_tasks = run_on_tasks,
};
