/*
 * One type of BTF after the other: what it is, its name, its members, and where it leads.
 *
 * A struct btf_type is a decoded view that borrows the BTF; ids are those of "symbol/btf.h"
 * and, in split BTF, those of its base too. Whatever an id, an index or a chain of types
 * says, every call here takes bounded time. Names are hostile text that may be as long as
 * the table of strings; "" is no name.
 *
 * Source: Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
 */
#ifndef SYMBOL_BTF_TYPE_H
#define SYMBOL_BTF_TYPE_H

#include "symbol/btf.h"

enum btf_kind {
	BTF_KIND_VOID,
	BTF_KIND_INT,
	BTF_KIND_PTR,
	BTF_KIND_ARRAY,
	BTF_KIND_STRUCT,
	BTF_KIND_UNION,
	BTF_KIND_ENUM,
	BTF_KIND_FWD,
	BTF_KIND_TYPEDEF,
	BTF_KIND_VOLATILE,
	BTF_KIND_CONST,
	BTF_KIND_RESTRICT,
	BTF_KIND_FUNC,
	BTF_KIND_FUNC_PROTO,
	BTF_KIND_VAR,
	BTF_KIND_DATASEC,
	BTF_KIND_FLOAT,
	BTF_KIND_DECL_TAG,
	BTF_KIND_TYPE_TAG,
	BTF_KIND_ENUM64,
	BTF_NUM_KINDS,
};

/* Sets of kinds: BTF_BIT(BTF_KIND_STRUCT) | … */
#define BTF_BIT(kind) (1u << (kind))
#define BTF_ENUMS     (BTF_BIT(BTF_KIND_ENUM) | BTF_BIT(BTF_KIND_ENUM64))
#define BTF_RECORDS   (BTF_BIT(BTF_KIND_STRUCT) | BTF_BIT(BTF_KIND_UNION))
/* What can stand in a declaration by its name. */
#define BTF_NAMED                                                                          \
	(BTF_RECORDS | BTF_ENUMS | BTF_BIT(BTF_KIND_TYPEDEF) | BTF_BIT(BTF_KIND_INT) |     \
	 BTF_BIT(BTF_KIND_FLOAT))

struct btf_type {
	u32 id;
	enum btf_kind kind;
	const char *name;
	u32 num_elements; /* members, enumerators, parameters, variables of a section */
	u64 size;  /* bytes, of what says its own size: int, struct, union, enum, float,
		      pointer, section; else 0 */
	u32 type;  /* what it points to, stands for, qualifies, returns, is declared as, is
		      an  array of; 0: void */
	u32 count; /* elements of an array */
	bool is_signed;	     /* int, enum */
	bool is_bool;	     /* int */
	bool is_union;	     /* forward declaration */
	bool has_bitfields;  /* struct, union: offsets hold widths */
	const void *entries; /* private */
};

/* False for an id that there is not. Id 0 is void. */
bool btf_get_type(const struct btf *b, u32 id, struct btf_type *ret);

/* The same, seen through typedefs, qualifiers and tags. False where the chain is broken or
 * longer than BTF_MAX_DEPTH. */
bool btf_get_plain_type(const struct btf *b, u32 id, struct btf_type *ret);

static inline bool btf_is_record(const struct btf_type *t)
{
	return BTF_BIT(t->kind) & BTF_RECORDS;
}
static inline bool btf_is_enum(const struct btf_type *t)
{
	return BTF_BIT(t->kind) & BTF_ENUMS;
}

/* What has a name and a type: a member of a struct or union, a parameter. */
struct btf_element {
	const char *name;
	u32 type;
	u64 bits;     /* of a member: from the start of the struct */
	u32 bit_size; /* of a bitfield, else 0 */
};

/* Member @index of a struct or union. False past the last one and for other types. */
bool btf_get_member(const struct btf *b, const struct btf_type *t, u32 index,
		    struct btf_element *ret);
/* Parameter @index of a function's prototype. Type 0 without a name, as the last one, is
 * "...". */
bool btf_get_parameter(const struct btf *b, const struct btf_type *t, u32 index,
		       struct btf_element *ret);

/* Enumerator @index of an enum. *@ret_value: negative ones as 64-bit two's complement if
 * the enum is signed. */
bool btf_get_enumerator(const struct btf *b, const struct btf_type *t, u32 index,
			const char **ret_name, u64 *ret_value);
/* The name of the first enumerator with @value (of the enum's size, sign extended if it is
 * signed), NULL if none has it. */
const char *btf_enumerator_name(const struct btf *b, const struct btf_type *t, u64 value);

/* The first type above @after called @name whose kind is in @kinds, 0 if there is none. In
 * split BTF, the base's types come first. */
u32 btf_find_type(const struct btf *b, const char *name, u32 kinds, u32 after);

/* A variable in a section of its own, which are the per-CPU ones. */
struct btf_variable {
	const char *section; /* ".data..percpu" */
	u32 type;
	u64 offset; /* from the start of the section */
	u64 size;
};

/* Variable @name. Only the BTF's own, not its base's. */
bool btf_find_variable(const struct btf *b, const char *name, struct btf_variable *ret);

#endif
