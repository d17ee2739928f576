/*
 * All types of the crashed kernel, by name: those of its image and those of its modules.
 *
 * types_open() reads nothing: the image's BTF is indexed with the first lookup, modules'
 * with the first name that the image lacks. What cannot be had is told in dump_notices().
 * Names are looked up in the image first, then in the modules, the oldest one first. Owns
 * the modules' BTF; borrows the kernel, which must outlive it, and belongs to its thread.
 */
#ifndef KERNEL_TYPES_H
#define KERNEL_TYPES_H

#include "kernel/kernel.h"
#include "symbol/btf_type.h"
#include "symbol/debuginfo.h"

struct types;

/* A type: which BTF, and the id there. Plain value, good as long as the struct types.
 * btf == NULL: none. */
struct type_ref {
	const struct btf *btf;
	u32 id;
};

must_check struct err *types_open(struct kernel *k, struct types **ret);
void types_close(struct types *t);
static inline void types_closep(struct types **t)
{
	types_close(*t);
}

struct kernel *types_kernel(const struct types *t);

/* Where to look for types of variables that the dump does not tell; borrowed, NULL:
 * nowhere.
 */
void types_set_debuginfo(struct types *t, const struct debuginfo *d);

/* The first type called @name whose kind is in @kinds (BTF_BIT(BTF_KIND_STRUCT) | …).
 * False if there is none. */
bool types_find(struct types *t, const char *name, u32 kinds, struct type_ref *ret);
/* The next one of that name after *@ref. */
bool types_find_next(struct types *t, const char *name, u32 kinds, struct type_ref *ref);

/* Parse a type as it is written: "struct list_head", "list_head", "enum zone_type",
 * "unsigned long", "gfp_t". Of a bare name, structs, unions, enums and typedefs are looked
 * for, in this order. ERR_ABSENT naming it if there is none. *@ret_pointers: how many '*'
 * followed. */
must_check struct err *types_parse(struct types *t, const char *text, struct type_ref *ret,
				   unsigned *ret_pointers);

/* The module a type comes from, "" for the image. Hostile text. */
const char *types_module(struct types *t, struct type_ref ref);
/* BTFs at hand, the image's first (NULL if there is none). Loads the modules'. */
size_t types_count(struct types *t);
const struct btf *types_btf(struct types *t, size_t index);

/* The usual name of a base type: "unsigned long" for what compilers call "long unsigned
 * int". Other names stay. */
const char *types_usual_name(const char *name);

/* Call @each for each name that begins with @prefix and whose kind is in @kinds, in no
 * order and with repetitions, until it returns false. For completion. */
void types_each_name(struct types *t, const char *prefix, u32 kinds,
		     bool (*each)(void *ctx, const char *name), void *ctx);

/* What a variable is made of. */
enum symbol_typing {
	TYPING_NONE,   /* not known: BTF has no types of ordinary variables */
	TYPING_PERCPU, /* per-CPU variable, from BTF */
	TYPING_TABLE,  /* ordinary variable, from the table in known_globals.c */
	TYPING_DEBUG,  /* ordinary variable, from debug information */
};

/* The type of variable @name. For TYPING_PERCPU, its address is that of the symbol, which
 * is an offset (kernel_percpu()). *@ret_pointers: it is a pointer of that many levels to
 * the type. *@ret_count: elements if it is an array, else 1; 0: not known how many. */
enum symbol_typing types_of_variable(struct types *t, const char *name,
				     struct type_ref *ret, unsigned *ret_pointers,
				     u64 *ret_count);

#endif
