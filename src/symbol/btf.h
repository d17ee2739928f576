/*
 * The kernel's own type information, read where it lies in the dump.
 *
 * BTF describes every type of the kernel with its members, but no variables and no lines.
 * The object borrows the bytes, which must outlive it, and owns small indexes (about 250 kB
 * for 114,000 types). Nothing changes after btf_open(), so any number of threads may look
 * things up. Type 0 is void and never a struct, so that 0 also says "none".
 *
 * Source: Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
 */
#ifndef SYMBOL_BTF_H
#define SYMBOL_BTF_H

#include "base/err.h"

#define BTF_MAX_LEN	 ((size_t)64 << 20)
#define BTF_MAX_TYPES	 (1u << 20)
#define BTF_MAX_PATH_LEN 256
#define BTF_MAX_DEPTH	 32 /* of typedefs, anonymous members and nested arrays */

struct btf;

/* Index @len bytes at @data (little-endian BTF as in `.BTF`). ERR_BAD_DATA naming the
 * offset if a type does not fit, ERR_UNSUPPORTED for a kind or version we do not know. */
must_check struct err *btf_open(const void *data, size_t len, struct btf **ret);
/* The same for split BTF, as modules have it: its ids and strings go on where those of
 * @base end, and every function here sees the types of both. Borrows @base, which must not
 * be split itself. */
must_check struct err *btf_open_split(const struct btf *base, const void *data, size_t len,
				      struct btf **ret);
void btf_free(struct btf *b);
CLEANUP_FREEP(btf)

/* Type ids are 1 … btf_num_types(). */
u32 btf_num_types(const struct btf *b);
/* The first that is not the base's: 1 if there is none. */
u32 btf_first_id(const struct btf *b);
/* The offset of its first string: 0 if it has no base. */
u32 btf_strings_start(const struct btf *b);

/* The first struct or union called @name with an id above @after (0: from the start). 0 if
 * there is none. Two different types can have one name. */
u32 btf_find_struct(const struct btf *b, const char *name, u32 after);

/* Size in bytes of type @id, seen through typedefs and qualifiers; arrays as a whole. False
 * for void, functions, forward declarations and broken chains. */
bool btf_type_size(const struct btf *b, u32 id, u64 *ret);

/* The struct or union that @id is, seen through typedefs and qualifiers, 0 if it is none.
 */
u32 btf_struct_of(const struct btf *b, u32 id);

struct btf_member {
	u64 offset; /* bytes from the start of the outermost struct */
	u64 size;   /* bytes of the whole member, 0 for flexible arrays and if not known */
	u64 count;  /* elements if an array (0: flexible), else 1 */
	u32 bit_offset; /* of a bitfield, from `offset`; little-endian bit order */
	u32 bit_size;	/* 0 if not a bitfield */
	u32 type;	/* id of the member's type as declared */
};

/* Find member @path, such as "mm" or "thread.sp", of struct or union @id. Members of
 * anonymous members count as members. */
bool btf_find_member(const struct btf *b, u32 id, const char *path, struct btf_member *ret);

/* The value of enumerator @name of any enum. Negative ones as 64-bit two's complement. */
bool btf_find_enumerator(const struct btf *b, const char *name, u64 *ret);

#endif
