/* The parts of bt: what is printed of a stack. Private to the shell. */
#ifndef SHELL_BT_PRIV_H
#define SHELL_BT_PRIV_H

#include "shell/command.h"

#define BT_WORD		   8
#define BT_MAX_FRAME_BYTES ((u64)64 << 10)

struct bt_how {
	bool active;	   /* of each CPU */
	bool panic;	   /* of the panic task */
	bool exceptions;   /* -e */
	bool all_stacks;   /* -E */
	bool full;	   /* -f */
	unsigned symbolic; /* how often -F */
	bool lines;	   /* -l */
	bool inlined;	   /* -i */
	bool offsets;	   /* -s */
	bool text;	   /* -t: from the stack pointer; -T: all of the stack */
	bool all_text;
	bool raw;   /* -r */
	bool check; /* -v */
	bool group;
	bool skips_idle;    /* -n idle */
	bool is_old;	    /* -o */
	bool is_always_old; /* -O: for commands to come */
	bool has_sp, has_pc;
	u64 sp, pc; /* -S, -I */
	unsigned radix;
	const char *cpus;
	const char *reference; /* -R */
};

/* ---- bt_frames.c ---- */

/* In the order, the width and the lines of crash. */
void bt_print_registers(struct shell *s, const struct arch_regs *regs);
/* The name of a frame's function, escaped, and its module in brackets. */
void bt_add_function(struct shell *s, const struct bt_how *how, const struct frame *f);
void bt_add_module(struct shell *s, const char *module);
/* What was interrupted, and its registers. */
void bt_print_exception(struct shell *s, const struct bt_how *how, const struct frame *f);
/* How it came into the kernel, or why no more is known. */
void bt_print_end(struct shell *s, const struct stack *stack);
must_check struct err *bt_print_stack(struct shell *s, const struct bt_how *how,
				      const struct stack *stack);
/* -e */
void bt_print_exception_frames(struct shell *s, const struct bt_how *how,
			       const struct stack *stack);

/* ---- bt_words.c ---- */

/* -f and -F: the words from @from up to @to. */
must_check struct err *bt_print_words(struct shell *s, const struct bt_how *how,
				      vaddr_t from, vaddr_t to);
/* -t and -T */
must_check struct err *bt_print_text(struct shell *s, const struct bt_how *how,
				     const struct task *t, const struct stack *stack);
/* -r */
must_check struct err *bt_print_raw(struct shell *s, const struct task *t);
/* -R: does a frame or a word of the stack refer to that symbol or address? */
bool bt_has_reference(struct shell *s, const char *reference, const struct task *t,
		      const struct stack *stack);

/* ---- bt_check.c ---- */

/* -v, over all tasks. */
void bt_check_stacks(struct shell *s);
/* -E */
void bt_search_stacks(struct shell *s, const struct bt_how *how);

#endif
