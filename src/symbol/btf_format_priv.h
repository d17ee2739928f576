/* The layout of BTF, for the two that read it. */
#ifndef SYMBOL_BTF_FORMAT_PRIV_H
#define SYMBOL_BTF_FORMAT_PRIV_H

#include "symbol/btf_type.h"

#define MAGIC	       0xeb9f
#define HEADER_LEN     24
#define TYPE_LEN       12 /* name_off, info, size or type */
#define MEMBER_LEN     12
#define ARRAY_LEN      12
#define ENUM_LEN       8
#define ENUM64_LEN     12
#define POINTER_LEN    8
#define MAX_ELEMENTS   0xffffff	      /* 16 bits wide once, the next 8 were unused */
#define MAX_DEPTH_SIZE ((u64)1 << 40) /* an array larger than this is nonsense */

/* Bytes behind the common part: fixed, and per element. */
static const struct {
	u8 fixed, per_element;
} kind_lens[BTF_NUM_KINDS] = {
	[BTF_KIND_INT] = {4, 0},
	[BTF_KIND_ARRAY] = {ARRAY_LEN, 0},
	[BTF_KIND_STRUCT] = {0, MEMBER_LEN},
	[BTF_KIND_UNION] = {0, MEMBER_LEN},
	[BTF_KIND_ENUM] = {0, ENUM_LEN},
	[BTF_KIND_FUNC_PROTO] = {0, 8},
	[BTF_KIND_VAR] = {4, 0},
	[BTF_KIND_DATASEC] = {0, 12},
	[BTF_KIND_DECL_TAG] = {4, 0},
	[BTF_KIND_ENUM64] = {0, ENUM64_LEN},
};

static inline bool is_struct(enum btf_kind kind)
{
	return kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION;
}

static inline bool is_enum(enum btf_kind kind)
{
	return kind == BTF_KIND_ENUM || kind == BTF_KIND_ENUM64;
}

/* The size of a type that says it itself. False for those that are seen through others. */
static inline bool plain_size(enum btf_kind kind, u32 size_or_type, u64 *ret)
{
	switch (kind) {
	case BTF_KIND_INT:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FLOAT:
		*ret = size_or_type;
		return true;
	case BTF_KIND_PTR:
		*ret = POINTER_LEN;
		return true;
	default:
		return false;
	}
}

#endif
