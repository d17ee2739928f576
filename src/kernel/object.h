/*
 * A typed place in the crashed kernel's memory: an address and what lies there.
 *
 * A cursor for walking data by name: object_member(), object_index(), object_dereference()
 * lead from one place to the next, object_read() takes the number. Plain values that
 * borrow the struct types. Nothing is read from memory but by object_dereference() and
 * object_read…().
 */
#ifndef KERNEL_OBJECT_H
#define KERNEL_OBJECT_H

#include "kernel/types.h"

struct object {
	struct types *types;
	struct type_ref type;
	unsigned pointers; /* it is a pointer of that many levels to `type` */
	u64 count;	   /* elements if an array that no type of BTF tells of, else 1 */
	vaddr_t addr;
	u32 bit_offset; /* of a bitfield, from addr */
	u32 bit_size;	/* 0: no bitfield */
	bool is_percpu; /* addr is an offset still: object_of_cpu() makes it a place */
};

/* A type at an address. */
struct object object_at(struct types *t, struct type_ref type, vaddr_t addr);

/* Variable @name: per-CPU ones as BTF types them, and those of the table of well-known
 * ones. ERR_ABSENT if there is no such symbol, or if its type is not known. */
must_check struct err *object_variable(struct types *t, const char *name,
				       struct object *ret);

/* The copy of per-CPU variable @o for @cpu; another object stays as it is. */
must_check struct err *object_of_cpu(const struct object *o, unsigned cpu,
				     struct object *ret);

/* Follow @path: "a.b[2].c", "next->prev", "[3]". Members of anonymous members count.
 * "->" and "." through a pointer read it. ERR_ABSENT naming type and member; ERR_FAULT. */
must_check struct err *object_member(const struct object *o, const char *path,
				     struct object *ret);
/* Element @index of an array, or of what a pointer points to; past its end too, as C has
 * it. */
must_check struct err *object_index(const struct object *o, u64 index, struct object *ret);
/* What the pointer @o points to. ERR_UNSUPPORTED if it is none. */
must_check struct err *object_dereference(const struct object *o, struct object *ret);

/* sizeof(). False for void, functions and what is not known. */
bool object_size(const struct object *o, u64 *ret);

/* The number there: integers, enums, bools, pointers, bitfields; signed ones are sign
 * extended. ERR_UNSUPPORTED for aggregates. */
must_check struct err *object_read(const struct object *o, u64 *ret);
/* object_member() and object_read() in one. */
must_check struct err *object_read_member(const struct object *o, const char *path,
					  u64 *ret);

/* Where @path lies in @type, without an object: offset and what is there, in a struct
 * object whose addr counts from 0. Paths through pointers are ERR_UNSUPPORTED. */
must_check struct err *type_member(struct types *t, struct type_ref type, const char *path,
				   struct object *ret);

#endif
