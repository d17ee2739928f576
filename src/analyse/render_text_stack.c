#include "analyse/render_text_priv.h"

#include "analyse/frames.h"
#include "base/str.h"

#include <ctype.h>

/* Registers in the order, the width and the lines in which crash prints them. */
static const struct reg_place {
	const char *name;
	int digits;
	int line;
} reg_order[] = {
	{"rip", 16, 0}, {"rsp", 16, 0}, {"rflags", 8, 0},    {"rax", 16, 1},
	{"rbx", 16, 1}, {"rcx", 16, 1}, {"rdx", 16, 2},	     {"rsi", 16, 2},
	{"rdi", 16, 2}, {"rbp", 16, 3}, {"r8", 16, 3},	     {"r9", 16, 3},
	{"r10", 16, 4}, {"r11", 16, 4}, {"r12", 16, 4},	     {"r13", 16, 5},
	{"r14", 16, 5}, {"r15", 16, 5}, {"orig_rax", 16, 6}, {"cs", 4, 6},
	{"ss", 4, 6},
};

static void render_register(struct buf *b, json_t *regs, const char *name, int digits)
{
	char upper[16];
	size_t i = 0;

	for (; name[i] && i + 1 < sizeof(upper); i++)
		upper[i] = (char)toupper((unsigned char)name[i]);
	upper[i] = '\0';
	buf_printf(b, "%*s: %0*llx", digits == 16 && i < 3 ? 3 : 0, upper, digits,
		   (unsigned long long)tree_get_hex(regs, name));
}

static void render_registers(struct buf *b, json_t *regs)
{
	int line = -1;

	for (size_t i = 0; i < ARRAY_SIZE(reg_order); i++) {
		const struct reg_place *r = &reg_order[i];

		if (!tree_has(regs, r->name))
			continue;
		if (line >= 0 && r->line != line)
			buf_add_char(b, '\n');
		buf_add_str(b, r->line == line ? "  " : "    ");
		render_register(b, regs, r->name, r->digits);
		line = r->line;
	}
	if (line >= 0)
		buf_add_char(b, '\n');
}

/* The line of a frame, and those that its inlined functions were called from. */
static void render_source(struct buf *b, json_t *frame)
{
	const char *source = tree_get_text(frame, "source");
	json_t *call;
	size_t i;

	json_array_foreach(json_object_get(frame, "inlined"), i, call)
	{
		if (source)
			buf_printf(b, "    %s (%s, inlined)\n", source,
				   tree_show(call, "function"));
		source = tree_get_text(call, "source");
	}
	if (source)
		buf_printf(b, "    %s\n", source);
}

void render_text_frame(struct buf *b, size_t number, json_t *frame)
{
	const char *function = tree_get_text(frame, "function"),
		   *module = tree_get_text(frame, "module");
	const char *kind = tree_get_text(frame, "kind");
	u64 pc = tree_get_hex(frame, "pc"), offset = tree_get_int(frame, "offset");

	if (kind && str_eq(kind, "exception")) {
		if (function)
			buf_printf(b, "    [exception RIP: %s+0x%llx]\n", function,
				   (unsigned long long)offset);
		else
			buf_printf(b, "    [exception RIP: 0x%llx]\n",
				   (unsigned long long)pc);
		render_registers(b, json_object_get(frame, "registers"));
		buf_add_str(b, "--- <exception> ---\n");
	}
	frame_format(b, number, tree_get_hex(frame, "sp"), pc, function, offset,
		     module ? module : "");
	render_source(b, frame);
}

/* A backtrace under the heading that crash gives it. */
static void render_backtrace(struct buf *b, json_t *cpu)
{
	json_t *task = json_object_get(cpu, "task");
	json_t *backtrace = json_object_get(cpu, "backtrace"), *frame;
	size_t i;

	if (task)
		buf_printf(b, "PID: %-8llu TASK: 0x%016llx  CPU: %-4llu COMMAND: \"%s\"\n",
			   (unsigned long long)tree_get_int(task, "pid"),
			   (unsigned long long)tree_get_hex(task, "address"),
			   (unsigned long long)tree_get_int(cpu, "cpu"),
			   tree_show(task, "comm"));
	else
		buf_printf(b, "CPU: %llu, its task is not known\n",
			   (unsigned long long)tree_get_int(cpu, "cpu"));
	if (!backtrace) {
		buf_add_str(b, "    no registers of this CPU, so there is no backtrace\n");
		return;
	}
	json_array_foreach(json_object_get(backtrace, "frames"), i, frame)
		render_text_frame(b, i, frame);
	buf_printf(b, "    ends %s\n", tree_show(backtrace, "end"));
}

void render_text_backtraces(struct buf *b, json_t *report)
{
	json_t *panic = json_object_get(report, "panic"), *cpu;
	const char *cause = tree_get_text(panic, "cause");
	size_t i;
	bool is_first = true;

	if (cause)
		buf_printf(b, "\nThe log before the panic: %s\n", cause);
	if (tree_has(panic, "cpu")) {
		buf_add_str(b, json_is_true(json_object_get(panic, "panicked"))
				       ? "\nBacktrace of the task that panicked:\n"
				       : "\nBacktrace:\n");
		render_backtrace(b, panic);
	}
	json_array_foreach(json_object_get(report, "cpus"), i, cpu)
	{
		if ((!json_is_true(json_object_get(cpu, "online")) &&
		     !tree_has(cpu, "backtrace")) ||
		    (tree_has(panic, "cpu") &&
		     tree_get_int(cpu, "cpu") == tree_get_int(panic, "cpu")))
			continue;
		buf_add_str(b, is_first ? "\nOther CPUs:\n" : "\n");
		is_first = false;
		render_backtrace(b, cpu);
	}
}
