/*
 * Expressions over the crashed kernel's data, as C and gdb write them:
 *
 *	init_task.comm		modules.next->prev	*init_task.real_cred
 *	&slab_caches		runqueues.curr->pid	((struct page
 **)0xffffea0000000000)[3] sizeof(struct page)	jiffies - 0x1000	PIDTYPE_MAX * 8
 *
 * Names are variables (kernel/object.h says which have a type), enumerators, and types in
 * casts and sizeof(). Operators: . -> [] * & - ~ ! casts, and * / % + - << >> & ^ | of
 * numbers. What is read is only what the expression leads through, so that its result can
 * be a place whose memory is missing. Depth is bounded.
 */
#ifndef KERNEL_TYPED_EXPR_H
#define KERNEL_TYPED_EXPR_H

#include "kernel/object.h"

struct typed_value {
	enum typed_value_kind {
		VALUE_OBJECT,  /* a place: `object` */
		VALUE_POINTER, /* `number` is the address; `object` has what it points to:
				  type, and pointers, one level less */
		VALUE_NUMBER,
	} kind;
	struct object object;
	u64 number;
	bool is_unsigned; /* of VALUE_NUMBER */
};

/* Evaluate all of @text. Per-CPU variables are those of @cpu. ERR_USAGE for what is no
 * expression, ERR_ABSENT naming what there is not, ERR_UNSUPPORTED for what has no such
 * operator, ERR_FAULT where a pointer on the way cannot be read. */
must_check struct err *typed_expr_eval(struct types *t, const char *text, unsigned cpu,
				       struct typed_value *ret);

#endif
