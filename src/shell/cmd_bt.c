/* bt: backtraces. */
#include "shell/command.h"

#include "base/bytes.h"
#include "base/str.h"
#include "kernel/field.h"

#include <string.h>

#define WORD		8
#define MAX_FRAME_BYTES ((u64)64 << 10)
#define DEFAULT_STACK	((u64)16 << 10)
#define MAX_STACK	((u64)256 << 10)

struct how {
	bool active;	 /* of each CPU */
	bool panic;	 /* of the panic task */
	bool exceptions; /* -e */
	bool full;	 /* -f */
	bool lines;	 /* -l */
	bool offsets;	 /* -s */
	bool text;	 /* -t: from the stack pointer; -T: all of the stack */
	bool all_text;
	bool group;
	unsigned radix;
	const char *cpus;
};

/* Registers in the order, the width and the lines of crash. */
static const struct {
	unsigned reg;
	const char *name;
	int digits;
	bool ends_line;
} registers[] = {
	{X86_64_RIP, "RIP", 16, false},
	{X86_64_RSP, "RSP", 16, false},
	{X86_64_RFLAGS, "RFLAGS", 8, true},
	{X86_64_RAX, "RAX", 16, false},
	{X86_64_RBX, "RBX", 16, false},
	{X86_64_RCX, "RCX", 16, true},
	{X86_64_RDX, "RDX", 16, false},
	{X86_64_RSI, "RSI", 16, false},
	{X86_64_RDI, "RDI", 16, true},
	{X86_64_RBP, "RBP", 16, false},
	{X86_64_R8, " R8", 16, false},
	{X86_64_R9, " R9", 16, true},
	{X86_64_R10, "R10", 16, false},
	{X86_64_R11, "R11", 16, false},
	{X86_64_R12, "R12", 16, true},
	{X86_64_R13, "R13", 16, false},
	{X86_64_R14, "R14", 16, false},
	{X86_64_R15, "R15", 16, true},
	{X86_64_ORIG_RAX, "ORIG_RAX", 16, false},
	{X86_64_CS, "CS", 4, false},
	{X86_64_SS, "SS", 4, true},
};

static void print_registers(struct shell *s, const struct arch_regs *regs)
{
	struct buf *b = shell_out(s);
	bool is_start = true;
	u64 value;

	for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
		if (!regs_get(regs, registers[i].reg, &value))
			continue;
		buf_printf(b, "%s%s: %0*llx", is_start ? "    " : "  ", registers[i].name,
			   registers[i].digits, (unsigned long long)value);
		is_start = registers[i].ends_line;
		if (is_start)
			buf_add_char(b, '\n');
	}
	if (!is_start)
		buf_add_char(b, '\n');
}

static void add_offset(struct buf *b, unsigned radix, u64 offset)
{
	buf_printf(b, radix == 16 ? "+0x%llx" : "+%llu", (unsigned long long)offset);
}

/* The name of a frame's function, escaped. */
static void add_function(struct shell *s, const struct how *how, const struct frame *f)
{
	if (!f->has_symbol) {
		buf_printf(shell_out(s), "(unknown)");
		return;
	}
	shell_text(s, f->symbol.name);
	if (how->offsets)
		add_offset(shell_out(s), how->radix, f->symbol.offset);
}

static void add_module(struct shell *s, const char *module)
{
	if (!*module)
		return;
	buf_add_str(shell_out(s), " [");
	shell_text(s, module);
	buf_add_char(shell_out(s), ']');
}

/* Where crash says a frame is: at its return address, or at the stack pointer if it was
 * interrupted or running. */
static vaddr_t frame_place(struct shell *s, const struct frame *f)
{
	u64 word = 0;

	if (f->kind == FRAME_CALL)
		return f->sp - WORD;
	if (f->kind == FRAME_FIRST)
		err_ignore(kernel_read_u64(s->k, f->sp - WORD, &word));
	return f->kind == FRAME_FIRST && word == f->pc ? f->sp - WORD : f->sp;
}

static void print_frame(struct shell *s, const struct how *how, size_t number,
			const struct frame *f)
{
	struct buf *b = shell_out(s);
	char count[16];

	snprintf(count, sizeof(count), "#%zu", number);
	buf_printf(b, "%3s [%016llx] ", count, (unsigned long long)frame_place(s, f));
	add_function(s, how, f);
	buf_printf(b, " at %016llx", (unsigned long long)f->pc);
	add_module(s, f->has_symbol ? f->symbol.module : "");
	buf_add_char(b, '\n');
}

/* ---- the words of a frame ---- */

static struct err *print_words(struct shell *s, vaddr_t from, vaddr_t to)
{
	struct buf *b = shell_out(s);

	for (vaddr_t at = from; at < to && at - from < MAX_FRAME_BYTES; at += WORD) {
		u64 word;
		struct err *err = kernel_read_u64(s->k, at, &word);

		if (err)
			return err;
		if ((at - from) % (2 * WORD) == 0)
			buf_printf(b, "    %016llx: ", (unsigned long long)at);
		buf_printf(b, "%016llx ", (unsigned long long)word);
		if ((at - from) % (2 * WORD) || at + WORD >= to)
			buf_add_char(b, '\n');
	}
	return NULL;
}

/* From the stack pointer of frame @i to the return address of the next. */
static struct err *print_frame_words(struct shell *s, const struct stack *stack, size_t i)
{
	vaddr_t from = stack->frames[i].sp;
	vaddr_t to =
		i + 1 < stack->num_frames ? stack->frames[i + 1].sp : stack->user_regs_at;

	/* The next may be on another stack. */
	if (to <= from || to - from > MAX_FRAME_BYTES)
		return NULL;
	return print_words(s, from, to);
}

/* ---- frames ---- */

/* What crash calls the stack that the frame behind @f, which was interrupted, was not on.
 */
static const char *stack_name(const struct frame *f)
{
	static const struct {
		const char *part, *name;
	} stacks[] = {
		{"nmi", "NMI exception stack"},
		{"double_fault", "DOUBLEFAULT exception stack"},
		{"machine_check", "MCE exception stack"},
		{"exc_debug", "DEBUG exception stack"},
	};

	for (size_t i = 0; f->has_symbol && i < ARRAY_SIZE(stacks); i++)
		if (strstr(f->symbol.name, stacks[i].part))
			return stacks[i].name;
	return "IRQ stack";
}

/* Is the stack of @a another than that of the frame behind it, @b? */
static bool changes_stack(const struct frame *a, const struct frame *b)
{
	return b->sp < a->sp || b->sp - a->sp > MAX_STACK;
}

static void print_exception(struct shell *s, const struct how *how, const struct frame *f)
{
	struct buf *b = shell_out(s);

	buf_add_str(b, "    [exception RIP: ");
	if (f->has_symbol) {
		shell_text(s, f->symbol.name);
		add_offset(b, how->radix, f->symbol.offset);
	} else {
		buf_printf(b, "%016llx", (unsigned long long)f->pc);
	}
	buf_add_str(b, "]\n");
	print_registers(s, &f->regs);
}

static void print_end(struct shell *s, const struct stack *stack)
{
	if (stack->end == STACK_END_CLEAN) {
		if (stack->end_is_user)
			print_registers(s, &stack->user_regs);
		return;
	}
	buf_add_str(shell_out(s), "bt: the backtrace ends here: ");
	str_escape(shell_out(s), stack->why, strnlen(stack->why, sizeof(stack->why)),
		   false);
	buf_add_char(shell_out(s), '\n');
}

static struct err *print_stack(struct shell *s, const struct how *how,
			       const struct stack *stack)
{
	size_t number = 0;

	for (size_t i = 0; i < stack->num_frames && !shell_is_over(s); i++) {
		const struct frame *f = &stack->frames[i];
		const struct frame *before = i ? &stack->frames[i - 1] : NULL;
		bool changes = before && changes_stack(before, f);
		struct err *err;

		if (f->kind == FRAME_REGS)
			print_exception(s, how, f);
		if (changes)
			buf_printf(shell_out(s), "--- <%s> ---\n", stack_name(before));
		/* What was interrupted on this very stack is in the exception's lines. */
		if (f->kind == FRAME_REGS && !changes)
			continue;
		print_frame(s, how, number++, f);
		err = how->full ? print_frame_words(s, stack, i) : NULL;
		if (err)
			return err;
	}
	print_end(s, stack);
	return NULL;
}

/* ---- -e ---- */

static void print_exception_frames(struct shell *s, const struct how *how,
				   const struct stack *stack)
{
	struct buf *b = shell_out(s);
	bool found = false;

	for (size_t i = 0; i < stack->num_frames; i++) {
		const struct frame *f = &stack->frames[i];

		if (f->kind != FRAME_REGS)
			continue;
		found = true;
		buf_printf(b, "\n  KERNEL-MODE EXCEPTION FRAME AT: %016llx\n",
			   (unsigned long long)f->regs_at);
		print_exception(s, how, f);
	}
	if (stack->end_is_user) {
		found = true;
		buf_printf(b, "\n  USER-MODE EXCEPTION FRAME AT: %016llx\n",
			   (unsigned long long)stack->user_regs_at);
		print_registers(s, &stack->user_regs);
	}
	if (!found)
		buf_add_str(b, "(none found)\n");
}

/* ---- -t and -T ---- */

static u64 stack_size(struct shell *s)
{
	u64 size;

	if (type_size_find(s->k, "thread_union", &size) && size >= 4096 &&
	    size <= MAX_STACK)
		return size;
	return DEFAULT_STACK;
}

/* Words of the task's stack from @from on that are addresses of code. */
static struct err *print_text_words(struct shell *s, const struct how *how,
				    const struct task *t, vaddr_t from)
{
	struct buf *b = shell_out(s);
	vaddr_t end = t->stack + stack_size(s);

	if (from < t->stack || from >= end)
		return err_new(ERR_ABSENT, "the stack of this task is not known");
	for (vaddr_t at = align_down(from, WORD); at < end && !shell_is_over(s);
	     at += WORD) {
		struct frame f = {.kind = FRAME_CALL, .pc = 0};
		struct err *err = kernel_read_u64(s->k, at, &f.pc);

		if (err)
			return err;
		if (!kernel_is_text(s->k, f.pc))
			continue;
		f.has_symbol = kernel_symbol_at(s->k, f.pc, &f.symbol);
		/* Data may look like a function's beginning; nothing returns there. */
		if (!f.has_symbol || !f.symbol.offset)
			continue;
		buf_printf(b, "  [%016llx] ", (unsigned long long)at);
		add_function(s, how, &f);
		buf_printf(b, " at %016llx", (unsigned long long)f.pc);
		add_module(s, f.symbol.module);
		buf_add_char(b, '\n');
	}
	return NULL;
}

/* The words, and how the task came into the kernel. */
static struct err *print_text_to_end(struct shell *s, const struct how *how,
				     const struct task *t, vaddr_t from)
{
	struct err *err = print_text_words(s, how, t, from);

	if (!err && s->stack->end == STACK_END_CLEAN)
		print_end(s, s->stack);
	return err;
}

static struct err *print_text(struct shell *s, const struct how *how, const struct task *t,
			      const struct stack *stack)
{
	const struct frame *f = &stack->frames[0];

	if (how->all_text)
		return print_text_to_end(s, how, t, t->stack);
	if (!stack->num_frames)
		return err_new(ERR_ABSENT, "where the stack begins is not known");
	buf_add_str(shell_out(s), "              START: ");
	add_function(s, how, f);
	buf_printf(shell_out(s), " at %016llx\n", (unsigned long long)f->pc);
	return print_text_to_end(s, how, t, f->sp - WORD);
}

/* ---- a task ---- */

static void unwind(struct shell *s, const struct task *t)
{
	const struct cpu *cpu = cpu_find_task(&s->cpus, t->addr);

	if (!cpu)
		stack_unwind_task(s->k, t->addr, s->stack);
	else if (!panic_unwind(s->k, cpu, s->stack)) {
		*s->stack = (struct stack){.end = STACK_END_BROKEN};
		snprintf(s->stack->why, sizeof(s->stack->why),
			 "CPU %u left no registers in this dump", cpu->number);
	}
}

static struct err *print_task(struct shell *s, const struct how *how, const struct task *t)
{
	struct err *err = NULL;

	shell_task_header(s, t);
	unwind(s, t);
	if (how->exceptions)
		print_exception_frames(s, how, s->stack);
	else if (how->text || how->all_text)
		err = print_text(s, how, t, s->stack);
	else
		err = print_stack(s, how, s->stack);
	if (err && err_code(err) != ERR_NOMEM) {
		shell_tell(s, "bt", err);
		err = NULL;
	}
	shell_flush(s);
	return err;
}

static struct err *print_active(struct shell *s, const struct how *how)
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

static struct err *print_group(struct shell *s, const struct how *how, u32 tgid)
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

static struct err *print_one(struct shell *s, const struct how *how,
			     const struct task_row *row)
{
	return how->group && row->task.tgid ? print_group(s, how, row->task.tgid)
					    : print_task(s, how, &row->task);
}

static struct err *read_options(struct shell *s, struct shell_words *w, struct how *how)
{
	char option;
	struct err *err;

	while (!(err = shell_option(w, "apeflstTgxdc:", &option)) && option) {
		how->active |= option == 'a' || option == 'c';
		how->panic |= option == 'p';
		how->exceptions |= option == 'e';
		how->full |= option == 'f';
		how->lines |= option == 'l';
		how->offsets |= option == 's';
		how->text |= option == 't';
		how->all_text |= option == 'T';
		how->group |= option == 'g';
		if (option == 'x' || option == 'd')
			how->radix = option == 'x' ? 16 : 10;
		if (option == 'c')
			how->cpus = w->value;
	}
	if (!err && how->lines)
		buf_add_str(shell_out(s), "bt: -l: lines need debug information, which a "
					  "dump does not have; without them:\n");
	return err;
}

static struct err *run(struct shell *s, struct shell_words *w)
{
	struct how how = {.radix = s->radix};
	const struct task_row *row = NULL;
	struct err *err = read_options(s, w, &how);

	if (!err)
		err = shell_context(s, &row);
	if (err)
		return err;
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
	struct how how = {.radix = s->radix};
	struct err *err = read_options(s, w, &how);

	if (!err)
		err = shell_check_operands(w, 0, 0);
	for (size_t i = 0; !err && i < count && !shell_is_over(s); i++) {
		err = print_task(s, &how, &rows[i]->task);
		buf_add_char(shell_out(s), '\n');
	}
	return err;
}

const struct shell_command shell_cmd_bt = {
	.name = "bt",
	.synopsis = "[-a | -c cpus | -p] [-g] [-e | -t | -T] [-f] [-l] [-s [-x|-d]]\n"
		    "[pid | task] ...",
	.summary = "backtrace",
	.help = "Show the kernel stack of tasks, those given or the current one, unwound with\n"
		"the kernel's own ORC tables: a frame that is printed was called. A frame is\n"
		"shown with the place of its return address; what an exception interrupted\n"
		"has its registers instead.\n\n"
		"    -a       of the active task of each CPU.\n"
		"    -c cpus  of these CPUs: \"3\", \"1,8,9\", \"1-23\".\n"
		"    -p       of the task that panicked.\n"
		"    -g       of all threads of the process.\n"
		"    -e       only the registers that exceptions saved.\n"
		"    -t       instead, every word of the stack that is an address of code, from\n"
		"             the stack pointer on; leftovers of older calls are among them.\n"
		"    -T       the same from the stack's far end on.\n"
		"    -f       with the words of each frame.\n"
		"    -l       files and lines: they need debug information, and are not shown.\n"
		"    -s       with the offset into each function; -x and -d choose its radix.",
	.run = run,
	.run_on_tasks = run_on_tasks,
};
