/* The layout of BTF, for the two that read it. */
#ifndef SYMBOL_BTF_FORMAT_PRIV_H
#define SYMBOL_BTF_FORMAT_PRIV_H

#include "base/types.h"

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

enum kind {
	KIND_VOID,
	KIND_INT,
	KIND_PTR,
	KIND_ARRAY,
	KIND_STRUCT,
	KIND_UNION,
	KIND_ENUM,
	KIND_FWD,
	KIND_TYPEDEF,
	KIND_VOLATILE,
	KIND_CONST,
	KIND_RESTRICT,
	KIND_FUNC,
	KIND_FUNC_PROTO,
	KIND_VAR,
	KIND_DATASEC,
	KIND_FLOAT,
	KIND_DECL_TAG,
	KIND_TYPE_TAG,
	KIND_ENUM64,
	NUM_KINDS,
};

/* Bytes behind the common part: fixed, and per element. */
static const struct {
	u8 fixed, per_element;
} kind_lens[NUM_KINDS] = {
	[KIND_INT] = {4, 0},
	[KIND_ARRAY] = {ARRAY_LEN, 0},
	[KIND_STRUCT] = {0, MEMBER_LEN},
	[KIND_UNION] = {0, MEMBER_LEN},
	[KIND_ENUM] = {0, ENUM_LEN},
	[KIND_FUNC_PROTO] = {0, 8},
	[KIND_VAR] = {4, 0},
	[KIND_DATASEC] = {0, 12},
	[KIND_DECL_TAG] = {4, 0},
	[KIND_ENUM64] = {0, ENUM64_LEN},
};

static inline bool is_struct(enum kind kind)
{
	return kind == KIND_STRUCT || kind == KIND_UNION;
}

static inline bool is_enum(enum kind kind)
{
	return kind == KIND_ENUM || kind == KIND_ENUM64;
}

/* The size of a type that says it itself. False for those that are seen through others. */
static inline bool plain_size(enum kind kind, u32 size_or_type, u64 *ret)
{
	switch (kind) {
	case KIND_INT:
	case KIND_STRUCT:
	case KIND_UNION:
	case KIND_ENUM:
	case KIND_ENUM64:
	case KIND_FLOAT:
		*ret = size_or_type;
		return true;
	case KIND_PTR:
		*ret = POINTER_LEN;
		return true;
	default:
		return false;
	}
}

#endif
