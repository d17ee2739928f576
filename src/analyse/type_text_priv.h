/* What declarations and values have in common. Private to type_text.c and value_text.c. */
#ifndef ANALYSE_TYPE_TEXT_PRIV_H
#define ANALYSE_TYPE_TEXT_PRIV_H

#include "analyse/type_text.h"

#define TYPE_TEXT_MAX_NAME     256
#define TYPE_TEXT_MAX_ELEMENTS 256 /* crash's print_max */

/* A text being made. */
struct printer {
	struct buf *b;
	struct types *t;
	struct type_text_options o;
	size_t end;	/* of the text, in the buf */
	size_t steps;	/* left: types and elements that may still be looked at */
	bool is_within; /* the member being printed is not the last of a struct */
};

static inline struct printer printer_init(struct buf *b, struct types *t,
					  const struct type_text_options *o)
{
	struct printer p = {.b = b, .t = t, .o = o ? *o : (struct type_text_options){0}};

	if (!p.o.max_len)
		p.o.max_len = TYPE_TEXT_MAX_LEN;
	p.end = b->len + p.o.max_len;
	/* What is shown takes more letters than this. */
	p.steps = p.o.max_len / 4;
	return p;
}

/* Account for one more type or element. False if there were too many, or too much text. */
static inline bool printer_step(struct printer *p)
{
	if (p->steps == 0 || p->b->len > p->end)
		return false;
	p->steps--;
	return true;
}

static inline void add_spaces(struct buf *b, size_t count)
{
	buf_printf(b, "%*s", (int)count, "");
}

/* A name from the dump, escaped and cut. */
void add_name(struct buf *b, const char *name);

/* A number in the radix that was asked for. */
void add_number(struct printer *p, u64 value, bool is_signed, u64 size_bytes);

/* The declarator around @name for a type, and the id of the type it ends with, which is
 * void, a base type, a struct, union, enum or typedef. @ret_qualifiers: "const " and the
 * like in front of it. Appended to the empty *@declarator. */
u32 declarator_make(struct printer *p, const struct btf *btf, u32 id, unsigned depth,
		    struct buf *declarator, const char **ret_qualifiers);

/* Where a member stands in the text of its struct. */
struct member_place {
	bool is_last;	/* of its innermost struct: no comma follows */
	unsigned depth; /* of structs without a name around it */
};

/* The place of member @path, whose last step is looked for in the struct that the steps
 * before lead to. */
struct member_place find_member_place(const struct object *o, const char *path);

#endif
