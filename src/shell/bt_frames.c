/* bt: the frames of a stack. */
#include "shell/bt_priv.h"

#include "base/str.h"
#include "shell/source.h"

#include <string.h>

#define MAX_STACK ((u64)256 << 10)

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

void bt_print_registers(struct shell *s, const struct arch_regs *regs)
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
void bt_add_function(struct shell *s, const struct bt_how *how, const struct frame *f)
{
	if (!f->has_symbol) {
		buf_printf(shell_out(s), "(unknown)");
		return;
	}
	shell_text(s, f->symbol.name);
	if (how->offsets)
		add_offset(shell_out(s), how->radix, f->symbol.offset);
}

void bt_add_module(struct shell *s, const char *module)
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
		return f->sp - BT_WORD;
	if (f->kind == FRAME_FIRST)
		err_ignore(kernel_read_u64(s->k, f->sp - BT_WORD, &word));
	return f->kind == FRAME_FIRST && word == f->pc ? f->sp - BT_WORD : f->sp;
}

static void print_frame(struct shell *s, const struct bt_how *how, size_t number,
			const struct frame *f)
{
	struct buf *b = shell_out(s);
	char count[16];

	snprintf(count, sizeof(count), "#%zu", number);
	buf_printf(b, "%3s [%016llx] ", count, (unsigned long long)frame_place(s, f));
	bt_add_function(s, how, f);
	buf_printf(b, " at %016llx", (unsigned long long)f->pc);
	bt_add_module(s, f->has_symbol ? f->symbol.module : "");
	buf_add_char(b, '\n');
}

/* Where the code of a frame is. A return address is behind the call, and may be in another
 * line, another inlined function, or the next function of all. */
static vaddr_t code_address(const struct frame *f)
{
	return f->kind == FRAME_CALL ? f->pc - 1 : f->pc;
}

/* From the stack pointer of frame @i to the return address of the next. */
static struct err *print_frame_words(struct shell *s, const struct bt_how *how,
				     const struct stack *stack, size_t i)
{
	vaddr_t from = stack->frames[i].sp;
	vaddr_t to =
		i + 1 < stack->num_frames ? stack->frames[i + 1].sp : stack->user_regs_at;

	/* The next may be on another stack. */
	if (to <= from || to - from > BT_MAX_FRAME_BYTES)
		return NULL;
	return bt_print_words(s, how, from, to);
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

void bt_print_exception(struct shell *s, const struct bt_how *how, const struct frame *f)
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
	bt_print_registers(s, &f->regs);
}

void bt_print_end(struct shell *s, const struct stack *stack)
{
	if (stack->end == STACK_END_CLEAN) {
		if (stack->end_is_user)
			bt_print_registers(s, &stack->user_regs);
		return;
	}
	buf_add_str(shell_out(s), "bt: the backtrace ends here: ");
	str_escape(shell_out(s), stack->why, strnlen(stack->why, sizeof(stack->why)),
		   false);
	buf_add_char(shell_out(s), '\n');
}

struct err *bt_print_stack(struct shell *s, const struct bt_how *how,
			   const struct stack *stack)
{
	size_t number = 0;

	for (size_t i = 0; i < stack->num_frames && !shell_is_over(s); i++) {
		const struct frame *f = &stack->frames[i];
		const struct frame *before = i ? &stack->frames[i - 1] : NULL;
		bool changes = before && changes_stack(before, f);
		struct err *err;

		if (f->kind == FRAME_REGS)
			bt_print_exception(s, how, f);
		if (f->kind == FRAME_REGS && how->lines)
			shell_print_source(s, f->pc, how->inlined);
		if (changes)
			buf_printf(shell_out(s), "--- <%s> ---\n", stack_name(before));
		/* What was interrupted on this very stack is in the exception's lines. */
		if (f->kind == FRAME_REGS && !changes)
			continue;
		print_frame(s, how, number++, f);
		if (how->lines)
			shell_print_source(s, code_address(f), how->inlined);
		err = how->full || how->symbolic ? print_frame_words(s, how, stack, i)
						 : NULL;
		if (err)
			return err;
	}
	bt_print_end(s, stack);
	return NULL;
}

/* ---- -e ---- */

void bt_print_exception_frames(struct shell *s, const struct bt_how *how,
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
		bt_print_exception(s, how, f);
	}
	if (stack->end_is_user) {
		found = true;
		buf_printf(b, "\n  USER-MODE EXCEPTION FRAME AT: %016llx\n",
			   (unsigned long long)stack->user_regs_at);
		bt_print_registers(s, &stack->user_regs);
	}
	if (!found)
		buf_add_str(b, "(none found)\n");
}
