/*
 * Types and values as text, in the shapes readers of crash and gdb know.
 *
 * Names and bytes come from the dump and are hostile: they are escaped, and depth, number
 * of elements and length are bounded whatever they say. Memory that cannot be read prints
 * as such, and the rest goes on. Everything is appended to the caller's buf, with '\n'
 * behind the last line.
 */
#ifndef ANALYSE_TYPE_TEXT_H
#define ANALYSE_TYPE_TEXT_H

#include "base/buf.h"
#include "kernel/typed_expr.h"

#define TYPE_TEXT_MAX_LEN ((size_t)4 << 20)

struct type_text_options {
	bool hex;	   /* offsets, sizes and numbers with 0x (-x) */
	bool with_offsets; /* -o: "[16] struct list_head *next;" */
	bool has_base; /* -o with an address: that of each member in place of its offset */
	vaddr_t base;
	bool array_on_new_line; /* as crash has it behind "symbol = $1 = " */
	u64 max_elements; /* of an array or string, then "..."; 0: 256, as crash has it */
	size_t max_len;	  /* bytes of text, then "..."; 0: TYPE_TEXT_MAX_LEN */
	u64 repeats; /* more equal elements than this become <repeats N times>; 0: never, as
			crash has it */
};

/* The declaration with its size, as `struct X`, `union X`, `*X` and `whatis X` print it:
 *	struct list_head {
 *	    struct list_head *next;
 *	    struct list_head *prev;
 *	}
 *	SIZE: 16
 * Enums with one enumerator a line, typedefs with what they stand for, functions as
 * prototypes. */
void type_text_declaration(struct buf *b, struct types *t, struct type_ref type,
			   const struct type_text_options *o);
/* The same with only member @path (of struct or union @type), always with its offset:
 * `struct X.member`. Anonymous and nested structs by "a.b". ERR_ABSENT if there is none. */
must_check struct err *type_text_member(struct buf *b, struct types *t,
					struct type_ref type, const char *path,
					const struct type_text_options *o);

/* The C declaration of something called @name (may be "") of type @type, or of a pointer of
 * @pointers levels to it, on one line without end: "struct rq runqueues",
 * "int (*func)(void *)". */
void type_text_declare(struct buf *b, struct types *t, struct type_ref type,
		       unsigned pointers, const char *name);
/* The same for an object, which may be an array: "struct zone *zones[4]". */
void type_text_declare_object(struct buf *b, const struct object *object, const char *name);

/* The value of @object as gdb prints it, on as many lines as it takes, without a last '\n':
 *	{
 *	  next = 0xffffffff82e1a340 <modules>,
 *	  prev = 0xffffffff82e1a340 <modules>
 *	}
 * A char array is "text", an enum its name, a pointer to text or data has <symbol+offset>.
 */
void type_text_value(struct buf *b, const struct object *object,
		     const struct type_text_options *o);
/* The same as it stands behind "$1 = ": a pointer that is not to text has its type in
 * front,
 * "(struct list_head *) 0x…". */
void type_text_print(struct buf *b, const struct object *object,
		     const struct type_text_options *o);
/* A pointer of @pointers >= 1 levels to @type that has this value, as `p &x` prints it. */
void type_text_pointer(struct buf *b, struct types *t, struct type_ref type,
		       unsigned pointers, u64 value, const struct type_text_options *o);

/* The value of an expression, as `p` prints it behind "$1 = ". */
void type_text_result(struct buf *b, struct types *t, const struct typed_value *value,
		      const struct type_text_options *o);

/* `struct X ADDR`: "struct X " and the value, with end of line. */
void type_text_object(struct buf *b, const struct object *object,
		      const struct type_text_options *o);
/* `struct X.member ADDR`: "  member = value," and end of line. ERR_ABSENT if there is no
 * such member. */
must_check struct err *type_text_object_member(struct buf *b, const struct object *object,
					       const char *path,
					       const struct type_text_options *o);

#endif
