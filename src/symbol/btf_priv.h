/* The inside of a struct btf, shared by btf.c and btf_type.c. */
#ifndef SYMBOL_BTF_PRIV_H
#define SYMBOL_BTF_PRIV_H

#include "base/bytes.h"
#include "symbol/btf_format_priv.h"

struct btf {
	const struct btf *base; /* borrowed; NULL: not split */
	u32 first_id;		/* of its own types */
	u32 strings_start;	/* offset of its first string */
	const u8 *types;
	u32 types_len;
	const char *strings;
	u32 strings_len;
	u32 num_types; /* its own */
	u32 *markers;
	u32 *structs; /* ids of named structs and unions, ascending */
	u16 *fingerprints;
	u32 num_structs;
	u32 *enums; /* ids of all enums */
	u32 num_enums;
	bool has_signed_enums; /* some enum says that it is */
};

/* One type as it lies there. @extra points at what follows the common part. */
struct raw_type {
	const char *name;
	enum btf_kind kind;
	bool kind_flag;
	u32 num_elements;
	u32 size_or_type;
	const u8 *extra;
};

/* A string of the table, or of the base's. "" for an offset outside of both. */
static inline const char *btf_string(const struct btf *b, u32 offset)
{
	if (b->base && offset < b->strings_start)
		return btf_string(b->base, offset);
	/* btf_open() saw that the table ends with a 0. */
	offset -= b->strings_start;
	return offset < b->strings_len ? b->strings + offset : "";
}

/* Decode the type at @offset of b's own types. Returns the bytes it takes, 0 if it does not
 * fit or is of an unknown kind. */
u32 btf_raw_type_at(const struct btf *b, u32 offset, struct raw_type *ret);

/* Type @id, be it its own or the base's. */
bool btf_raw_type(const struct btf *b, u32 id, struct raw_type *ret);

/* Follow typedefs, qualifiers and tags from @id to a type that is none. False if it is void
 * or the chain is broken. */
bool btf_raw_resolve(const struct btf *b, u32 id, u32 *ret_id, struct raw_type *ret);

/* Where member @entry of @type begins, and its width if it is a bitfield. */
static inline void btf_member_place(const struct raw_type *type, const u8 *entry,
				    u64 *ret_bits, u32 *ret_bit_size)
{
	u32 raw = get_le32(entry + 8);

	*ret_bits = type->kind_flag ? raw & 0xffffff : raw;
	*ret_bit_size = type->kind_flag ? raw >> 24 : 0;
}

#endif
