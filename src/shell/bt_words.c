/* bt: the words of a stack. */
#include "shell/bt_priv.h"

#include "base/str.h"
#include "kernel/slab_object.h"
#include "kernel/stack_check.h"

#include <string.h>

#define SYMBOL_WIDTH 16

/* A word as -F shows it: the symbol or the slab cache that it points to, else a number. */
static void add_symbolic(struct shell *s, const struct bt_how *how, u64 word)
{
	cleanup(freep) struct slab_object *o = malloc(sizeof(*o));
	cleanup(buf_deinit) struct buf text = BUF_INIT;

	if (shell_symbol_text(s, word, s->radix, &text)) {
		;
	} else if (o && slab_object_at(s->k, &s->cpus, word, o)) {
		buf_add_char(&text, '[');
		if (how->symbolic > 1)
			buf_printf(&text, "%llx:", (unsigned long long)word);
		str_escape(&text, o->cache.name, strlen(o->cache.name), false);
		buf_add_char(&text, ']');
	} else {
		buf_printf(&text, "%016llx", (unsigned long long)word);
	}
	buf_printf(shell_out(s), "%-*s ", SYMBOL_WIDTH, buf_text(&text));
}

struct err *bt_print_words(struct shell *s, const struct bt_how *how, vaddr_t from,
			   vaddr_t to)
{
	struct buf *b = shell_out(s);

	for (vaddr_t at = from; at < to && at - from < BT_MAX_FRAME_BYTES; at += BT_WORD) {
		u64 word;
		struct err *err = kernel_read_u64(s->k, at, &word);

		if (err)
			return err;
		if ((at - from) % (2 * BT_WORD) == 0)
			buf_printf(b, "    %016llx: ", (unsigned long long)at);
		if (how->symbolic)
			add_symbolic(s, how, word);
		else
			buf_printf(b, "%016llx ", (unsigned long long)word);
		if ((at - from) % (2 * BT_WORD) || at + BT_WORD >= to)
			buf_add_char(b, '\n');
	}
	return NULL;
}

/* ---- -t and -T ---- */

/* Words of the task's stack from @from on that are addresses of code. */
static struct err *print_text_words(struct shell *s, const struct bt_how *how,
				    const struct task *t, vaddr_t from)
{
	struct buf *b = shell_out(s);
	vaddr_t end = t->stack + stack_size(s->k);

	if (from < t->stack || from >= end)
		return err_new(ERR_ABSENT, "the stack of this task is not known");
	for (vaddr_t at = align_down(from, BT_WORD); at < end && !shell_is_over(s);
	     at += BT_WORD) {
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
		bt_add_function(s, how, &f);
		buf_printf(b, " at %016llx", (unsigned long long)f.pc);
		bt_add_module(s, f.symbol.module);
		buf_add_char(b, '\n');
	}
	return NULL;
}

/* The words, and how the task came into the kernel. */
static struct err *print_text_to_end(struct shell *s, const struct bt_how *how,
				     const struct task *t, vaddr_t from)
{
	struct err *err = print_text_words(s, how, t, from);

	if (!err && s->stack->end == STACK_END_CLEAN)
		bt_print_end(s, s->stack);
	return err;
}

struct err *bt_print_text(struct shell *s, const struct bt_how *how, const struct task *t,
			  const struct stack *stack)
{
	const struct frame *f = &stack->frames[0];

	if (how->all_text)
		return print_text_to_end(s, how, t, t->stack);
	if (!stack->num_frames)
		return err_new(ERR_ABSENT, "where the stack begins is not known");
	buf_add_str(shell_out(s), "              START: ");
	bt_add_function(s, how, f);
	buf_printf(shell_out(s), " at %016llx\n", (unsigned long long)f->pc);
	return print_text_to_end(s, how, t, f->sp - BT_WORD);
}

/* ---- -r ---- */

struct err *bt_print_raw(struct shell *s, const struct task *t)
{
	struct buf *b = shell_out(s);
	vaddr_t end = t->stack + stack_size(s->k);

	if (!t->stack)
		return err_new(ERR_ABSENT, "the stack of this task is not known");
	for (vaddr_t at = t->stack; at < end && !shell_is_over(s); at += BT_WORD) {
		u64 word;
		struct err *err = kernel_read_u64(s->k, at, &word);

		if (err)
			return err;
		if ((at - t->stack) % (2 * BT_WORD) == 0)
			buf_printf(b, "%llx:  ", (unsigned long long)at);
		if (!shell_symbol_text(s, word, s->radix, b))
			buf_printf(b, "%016llx", (unsigned long long)word);
		buf_add_str(b, (at - t->stack) % (2 * BT_WORD) ? " \n" : " ");
		shell_flush(s);
	}
	return NULL;
}

/* ---- -R ---- */

static bool has_word(struct shell *s, const struct task *t, vaddr_t from, u64 value)
{
	vaddr_t end = t->stack + stack_size(s->k);

	for (vaddr_t at = from; at >= t->stack && at < end; at += BT_WORD) {
		u64 word;
		struct err *err = kernel_read_u64(s->k, at, &word);

		if (err) {
			err_free(err);
			return false;
		}
		if (word == value)
			return true;
	}
	return false;
}

/* A function may have several names: it is its beginning that counts. */
bool bt_has_reference(struct shell *s, const char *reference, const struct task *t,
		      const struct stack *stack)
{
	char *end;
	u64 value = strtoull(reference, &end, 16);
	bool is_number = *reference && !*end;
	vaddr_t begin = 0;
	bool is_symbol = kernel_symbol_find(s->k, reference, &begin);

	for (size_t i = 0; i < stack->num_frames; i++) {
		const struct frame *f = &stack->frames[i];

		if (is_number && f->pc == value)
			return true;
		if (f->has_symbol && ((is_symbol && f->pc - f->symbol.offset == begin) ||
				      strcmp(f->symbol.name, reference) == 0))
			return true;
	}
	return is_number && stack->num_frames &&
	       has_word(s, t, align_down(stack->frames[0].sp, BT_WORD), value);
}
