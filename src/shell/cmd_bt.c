/* bt: backtraces. */
#include "shell/bt_priv.h"

#include "base/str.h"
#include "kernel/field.h"
#include "kernel/stack_check.h"
#include "shell/source.h"

#include <string.h>

/* ---- a task ---- */

/* From where -S and -I say: a stack pointer and an address of code; one alone is completed
 * by the task, or by the first address of code on the stack. */
static struct err *unwind_from(struct shell *s, const struct bt_how *how,
			       const struct task *t)
{
	vaddr_t end = t->stack + stack_size(s->k);
	struct arch_regs regs = {0};
	u64 sp = how->sp, pc = how->pc;
	struct err *err = NULL;

	if (!how->has_sp)
		err = field_read_by_name(s->k, t->addr, "task_struct", "thread.sp", &sp);
	if (err)
		return err;
	if (sp < t->stack || sp >= end || sp % BT_WORD)
		return err_new(ERR_ABSENT, "invalid stack address for this task: %llx",
			       (unsigned long long)sp);
	if (how->has_pc && !kernel_is_text(s->k, pc))
		return err_new(ERR_ABSENT, "invalid text address: %llx",
			       (unsigned long long)pc);
	for (; !how->has_pc && sp < end && !kernel_is_text(s->k, pc); sp += BT_WORD) {
		err = kernel_read_u64(s->k, sp, &pc);
		if (err)
			return err;
	}
	regs_set(&regs, dump_arch(s->d)->reg_sp, sp);
	regs_set(&regs, dump_arch(s->d)->reg_pc, pc);
	stack_unwind_regs(s->k, &regs, s->stack);
	return NULL;
}

static struct err *unwind(struct shell *s, const struct bt_how *how, const struct task *t)
{
	const struct cpu *cpu = cpu_find_task(&s->cpus, t->addr);

	if (how->has_sp || how->has_pc)
		return unwind_from(s, how, t);
	if (!cpu)
		stack_unwind_task(s->k, t->addr, s->stack);
	else if (!panic_unwind(s->k, cpu, s->stack)) {
		*s->stack = (struct stack){.end = STACK_END_BROKEN};
		snprintf(s->stack->why, sizeof(s->stack->why),
			 "CPU %u left no registers in this dump", cpu->number);
	}
	return NULL;
}

/* Is it an idle task that did nothing when its CPU was stopped? At most that stop
 * interrupted it. */
static bool is_idle(struct shell *s, const struct task *t)
{
	size_t interruptions = 0;

	if (t->pid || (s->panic.has_task && s->panic.task.addr == t->addr))
		return false;
	for (size_t i = 0; i < s->stack->num_frames; i++)
		interruptions += s->stack->frames[i].kind == FRAME_REGS;
	return interruptions <= 1;
}

static struct err *print_unwound(struct shell *s, const struct bt_how *how,
				 const struct task *t)
{
	if (how->skips_idle && is_idle(s, t))
		return NULL;
	if (how->exceptions) {
		bt_print_exception_frames(s, how, s->stack);
		return NULL;
	}
	return how->text || how->all_text ? bt_print_text(s, how, t, s->stack)
					  : bt_print_stack(s, how, s->stack);
}

static struct err *print_task(struct shell *s, const struct bt_how *how,
			      const struct task *t)
{
	struct err *err = how->raw ? NULL : unwind(s, how, t);

	if (err && err_code(err) == ERR_ABSENT)
		return err;
	if (!err && how->reference && !bt_has_reference(s, how->reference, t, s->stack))
		return NULL;
	shell_task_header(s, t);
	if (!err)
		err = how->raw ? bt_print_raw(s, t) : print_unwound(s, how, t);
	if (err && err_code(err) != ERR_NOMEM) {
		shell_tell(s, "bt", err);
		err = NULL;
	}
	shell_flush(s);
	return err;
}

static struct err *print_active(struct shell *s, const struct bt_how *how)
{
	size_t count = 0;

	for (size_t i = 0; i < s->cpus.count && !shell_is_over(s); i++) {
		const struct cpu *cpu = &s->cpus.cpus[i];
		const struct task_row *row = task_table_find(&s->tasks, cpu->curr);
		struct err *err;

		if (!cpu->is_present ||
		    (how->cpus && !shell_has_cpu(how->cpus, cpu->number)))
			continue;
		if (count++)
			buf_add_char(shell_out(s), '\n');
		if (!row) {
			buf_printf(shell_out(s), "CPU %u: its task is not known\n",
				   cpu->number);
			continue;
		}
		err = print_task(s, how, &row->task);
		if (err)
			return err;
	}
	return count || !how->cpus
		       ? NULL
		       : err_new(ERR_ABSENT, "invalid cpu specification: %s", how->cpus);
}

static struct err *print_group(struct shell *s, const struct bt_how *how, u32 tgid)
{
	size_t count = 0;

	for (size_t i = 0; i < s->tasks.count && !shell_is_over(s); i++) {
		const struct task *t = &s->tasks.rows[i].task;
		struct err *err;

		if (t->tgid != tgid)
			continue;
		if (count++)
			buf_add_char(shell_out(s), '\n');
		err = print_task(s, how, t);
		if (err)
			return err;
	}
	return NULL;
}

static struct err *print_one(struct shell *s, const struct bt_how *how,
			     const struct task_row *row)
{
	return how->group && row->task.tgid ? print_group(s, how, row->task.tgid)
					    : print_task(s, how, &row->task);
}

static void take_flag(struct bt_how *how, char option)
{
	how->active |= option == 'a' || option == 'c';
	how->panic |= option == 'p';
	how->exceptions |= option == 'e';
	how->all_stacks |= option == 'E';
	how->full |= option == 'f';
	how->symbolic += option == 'F';
	how->lines |= option == 'l' || option == 'i';
	how->inlined |= option == 'i';
	how->offsets |= option == 's';
	how->text |= option == 't';
	how->all_text |= option == 'T';
	how->raw |= option == 'r';
	how->check |= option == 'v';
	how->group |= option == 'g';
	how->is_old |= option == 'o';
	how->is_always_old |= option == 'O';
	if (option == 'x' || option == 'd')
		how->radix = option == 'x' ? 16 : 10;
}

static struct err *take_value(struct shell *s, struct bt_how *how, char option,
			      const char *value)
{
	switch (option) {
	case 'c':
		how->cpus = value;
		return NULL;
	case 'R':
		how->reference = value;
		return NULL;
	case 'S':
		how->has_sp = true;
		return shell_address(s, value, &how->sp);
	case 'I':
		how->has_pc = true;
		return shell_address(s, value, &how->pc);
	case 'n':
		how->skips_idle = str_eq(value, "idle");
		return how->skips_idle
			       ? NULL
			       : err_new(ERR_USAGE, "-n takes \"idle\", not \"%s\"", value);
	default:
		return NULL;
	}
}

static struct err *read_options(struct shell *s, struct shell_words *w, struct bt_how *how)
{
	char option;
	struct err *err;

	while (!(err = shell_option(w, "apeEfFlistTgrvoOxdc:n:R:S:I:", &option)) &&
	       option) {
		take_flag(how, option);
		err = take_value(s, how, option, w->value);
		if (err)
			return err;
	}
	if (!err && how->lines)
		shell_check_source(s, "bt: -l");
	if (!err && (how->is_old || how->is_always_old))
		buf_add_str(shell_out(s),
			    "bt: -o, -O: crash's old method guesses; these frames are "
			    "from the kernel's unwind tables, -t shows all else\n");
	return err;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct bt_how how = {.radix = s->radix};
	const struct task_row *row = NULL;
	struct err *err = read_options(s, w, &how);

	if (!err)
		err = shell_context(s, &row);
	if (err)
		return err;
	if (how.is_always_old)
		return NULL;
	if (how.all_stacks || how.check) {
		if (how.all_stacks)
			bt_search_stacks(s, &how);
		if (how.check)
			bt_check_stacks(s);
		return NULL;
	}
	if (how.active)
		return print_active(s, &how);
	if (how.panic) {
		row = task_table_find(&s->tasks, s->panic.task.addr);
		if (!s->panic.has_task || !row)
			return err_new(ERR_ABSENT, "no panic task found");
	}
	if (!w->num_operands)
		return print_one(s, &how, row);
	for (size_t i = 0; i < w->num_operands && !shell_is_over(s); i++) {
		row = shell_find_task(s, w->words[i]);
		if (!row)
			return err_new(ERR_ABSENT, "invalid task or pid value: %s",
				       w->words[i]);
		if (i)
			buf_add_char(shell_out(s), '\n');
		err = print_one(s, &how, row);
		if (err)
			return err;
	}
	return NULL;
}

static struct err *run_on_tasks(struct shell *s, struct shell_words *w,
				const struct task_row *const *rows, size_t count)
{
	struct bt_how how = {.radix = s->radix};
	struct err *err = read_options(s, w, &how);

	if (!err)
		err = shell_check_operands(w, 0, 0);
	if (!err && (how.active || how.all_stacks || how.check))
		err = shell_usage();
	for (size_t i = 0; !err && i < count && !shell_is_over(s); i++) {
		size_t before = shell_out(s)->len;

		err = print_task(s, &how, &rows[i]->task);
		if (shell_out(s)->len != before || !how.reference)
			buf_add_char(shell_out(s), '\n');
	}
	return err;
}

const struct shell_command shell_cmd_bt = {
	.name = "bt",
	.synopsis =
		"[-a | -c cpus | -p] [-g] [-r | -t | -T | -e | -f | -F[F] | -v | -E] [-l | -i]\n"
		"[-s [-x|-d]] [-n idle] [-R ref] [-I ip] [-S sp] [pid | task] ...",
	.summary = "backtrace",
	.help = "Show the kernel stack of tasks, those given or the current one, unwound with\n"
		"the kernel's own ORC tables: a frame that is printed was called. A frame is\n"
		"shown with the place of its return address; what an exception interrupted\n"
		"has its registers instead.\n\n"
		"    -a       of the active task of each CPU.\n"
		"    -c cpus  of these CPUs: \"3\", \"1,8,9\", \"1-23\".\n"
		"    -n idle  without the frames of CPUs that were idle.\n"
		"    -p       of the task that panicked.\n"
		"    -g       of all threads of the process.\n"
		"    -r       instead, all words of the stack.\n"
		"    -e       only the registers that exceptions saved.\n"
		"    -E       what looks like such registers on the stacks of all CPUs, or of\n"
		"             those of -c, for interrupts and exceptions.\n"
		"    -t       instead, every word of the stack that is an address of code, from\n"
		"             the stack pointer on; leftovers of older calls are among them.\n"
		"    -T       the same from the stack's far end on.\n"
		"    -f       with the words of each frame.\n"
		"    -F       the same, with symbols, and the slab cache of what points to an\n"
		"             object of one; -FF shows where it points, too.\n"
		"    -v       instead, look for overflown stacks: the end marker, the CPU's\n"
		"             number, and a stack pointer that left the stack.\n"
		"    -R ref   only stacks that refer to this symbol or address.\n"
		"    -I ip    begin at this address of code,\n"
		"    -S sp    and with this stack pointer; it is enough to give one of the two.\n"
		"    -l       with files and lines, if a vmlinux was named: of the call, not of\n"
		"             what follows it. Modules are without.\n"
		"    -i       the same with the functions that were inlined there.\n"
		"    -s       with the offset into each function; -x and -d choose its radix.\n"
		"    -o, -O   crash's older method, which guesses: there is none here.",
	.run = run,
	.run_on_tasks = run_on_tasks,
};
