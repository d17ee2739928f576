#include "analyse/frames.h"

#include "base/str.h"

#include <string.h>

void frame_format(struct buf *b, size_t number, vaddr_t sp, vaddr_t pc, const char *symbol,
		  u64 offset, const char *module)
{
	char count[16];

	snprintf(count, sizeof(count), "#%zu", number);
	buf_printf(b, "%3s [0x%016llx] ", count, (unsigned long long)sp);
	if (symbol)
		buf_printf(b, "%s+0x%llx at ", symbol, (unsigned long long)offset);
	buf_printf(b, "0x%016llx", (unsigned long long)pc);
	if (*module)
		buf_printf(b, " [%s]", module);
	buf_add_char(b, '\n');
}

void stack_end_format(struct buf *b, const struct stack *s)
{
	if (s->end == STACK_END_CLEAN)
		buf_add_str(b, s->end_is_user ? "cleanly, at user mode"
					      : "cleanly, at the outermost frame");
	else
		str_escape(b, s->why, strnlen(s->why, sizeof(s->why)), false);
}

void stack_format(struct buf *b, const struct stack *s)
{
	for (size_t i = 0; i < s->num_frames; i++) {
		const struct frame *f = &s->frames[i];
		struct buf name = BUF_INIT, module = BUF_INIT;

		if (f->kind == FRAME_REGS)
			buf_add_str(b, "--- <exception> ---\n");
		str_escape(&name, f->symbol.name, strlen(f->symbol.name), false);
		str_escape(&module, f->symbol.module, strlen(f->symbol.module), false);
		frame_format(b, i, f->sp, f->pc, f->has_symbol ? buf_text(&name) : NULL,
			     f->symbol.offset, f->has_symbol ? buf_text(&module) : "");
		buf_deinit(&name);
		buf_deinit(&module);
	}
	buf_add_str(b, "    ends ");
	stack_end_format(b, s);
	buf_add_char(b, '\n');
}
