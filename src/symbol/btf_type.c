#include "symbol/btf_type.h"

#include "symbol/btf_priv.h"

#define SECTION_LEN 12

/* Encoding of KIND_INT. */
#define INT_SIGNED 1
#define INT_BOOL   4

static void fill_type(const struct btf *b, u32 id, const struct raw_type *raw,
		      struct btf_type *ret)
{
	*ret = (struct btf_type){
		.id = id, .kind = raw->kind, .name = raw->name, .entries = raw->extra};
	if (raw->kind == BTF_KIND_DATASEC)
		ret->size = raw->size_or_type;
	else if (!plain_size(raw->kind, raw->size_or_type, &ret->size))
		ret->type = raw->size_or_type;
	switch (raw->kind) {
	case BTF_KIND_INT: {
		u32 encoding = get_le32(raw->extra) >> 24;

		ret->is_signed = encoding & INT_SIGNED;
		ret->is_bool = encoding & INT_BOOL;
		break;
	}
	case BTF_KIND_PTR:
		ret->type = raw->size_or_type;
		break;
	case BTF_KIND_ARRAY:
		ret->type = get_le32(raw->extra);
		ret->count = get_le32(raw->extra + 8);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		ret->num_elements = raw->num_elements;
		ret->has_bitfields = raw->kind_flag;
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		ret->num_elements = raw->num_elements;
		/* Since 6089fb325cf7 ("bpf: Add btf enum64 support"), BTF tells signed
		 * enums from others; where none does, all are taken as signed. */
		ret->is_signed = raw->kind_flag || !b->has_signed_enums;
		break;
	case BTF_KIND_FWD:
		ret->type = 0;
		ret->is_union = raw->kind_flag;
		break;
	case BTF_KIND_FUNC_PROTO:
	case BTF_KIND_DATASEC:
		ret->num_elements = raw->num_elements;
		break;
	default:
		break;
	}
}

bool btf_get_type(const struct btf *b, u32 id, struct btf_type *ret)
{
	struct raw_type raw;

	if (id == 0) {
		*ret = (struct btf_type){.name = ""};
		return true;
	}
	if (!btf_raw_type(b, id, &raw))
		return false;
	fill_type(b, id, &raw, ret);
	return true;
}

bool btf_get_plain_type(const struct btf *b, u32 id, struct btf_type *ret)
{
	for (unsigned depth = 0; depth < BTF_MAX_DEPTH; depth++) {
		if (!btf_get_type(b, id, ret))
			return false;
		switch (ret->kind) {
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_CONST:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
		case BTF_KIND_VAR:
			id = ret->type;
			break;
		default:
			return true;
		}
	}
	return false;
}

static const u8 *entry_at(const struct btf_type *t, u32 index)
{
	return (const u8 *)t->entries + (size_t)index * kind_lens[t->kind].per_element;
}

bool btf_get_member(const struct btf *b, const struct btf_type *t, u32 index,
		    struct btf_element *ret)
{
	const struct raw_type raw = {.kind_flag = t->has_bitfields};
	const u8 *entry;

	if (!btf_is_record(t) || index >= t->num_elements)
		return false;
	entry = entry_at(t, index);
	ret->name = btf_string(b, get_le32(entry));
	ret->type = get_le32(entry + 4);
	btf_member_place(&raw, entry, &ret->bits, &ret->bit_size);
	return true;
}

bool btf_get_parameter(const struct btf *b, const struct btf_type *t, u32 index,
		       struct btf_element *ret)
{
	const u8 *entry;

	if (t->kind != BTF_KIND_FUNC_PROTO || index >= t->num_elements)
		return false;
	entry = entry_at(t, index);
	*ret = (struct btf_element){.name = btf_string(b, get_le32(entry)),
				    .type = get_le32(entry + 4)};
	return true;
}

bool btf_get_enumerator(const struct btf *b, const struct btf_type *t, u32 index,
			const char **ret_name, u64 *ret_value)
{
	const u8 *entry;
	u32 low;

	if (!btf_is_enum(t) || index >= t->num_elements)
		return false;
	entry = entry_at(t, index);
	low = get_le32(entry + 4);
	*ret_name = btf_string(b, get_le32(entry));
	if (t->kind == BTF_KIND_ENUM64)
		*ret_value = low | (u64)get_le32(entry + 8) << 32;
	else
		*ret_value = t->is_signed ? (u64)(s64)(s32)low : low;
	return true;
}

const char *btf_enumerator_name(const struct btf *b, const struct btf_type *t, u64 value)
{
	const char *name;
	u64 its;

	for (u32 i = 0; btf_get_enumerator(b, t, i, &name, &its); i++)
		if (its == value)
			return name;
	return NULL;
}

u32 btf_find_type(const struct btf *b, const char *name, u32 kinds, u32 after)
{
	struct raw_type raw;
	u32 offset = 0, len;
	u32 id = b->base ? btf_find_type(b->base, name, kinds, after) : 0;

	if (id)
		return id;
	for (id = b->first_id; (len = btf_raw_type_at(b, offset, &raw)) != 0; id++) {
		if (id > after && BTF_BIT(raw.kind) & kinds && strcmp(raw.name, name) == 0)
			return id;
		offset += len;
	}
	return 0;
}

/* The place of variable @id in its section. */
static bool find_in_sections(const struct btf *b, u32 id, struct btf_variable *ret)
{
	struct raw_type raw;
	u32 len;

	for (u32 offset = 0; (len = btf_raw_type_at(b, offset, &raw)) != 0; offset += len) {
		if (raw.kind != BTF_KIND_DATASEC)
			continue;
		for (u32 i = 0; i < raw.num_elements; i++) {
			const u8 *entry = raw.extra + (size_t)i * SECTION_LEN;

			if (get_le32(entry) != id)
				continue;
			ret->section = raw.name;
			ret->offset = get_le32(entry + 4);
			ret->size = get_le32(entry + 8);
			return true;
		}
	}
	return false;
}

bool btf_find_variable(const struct btf *b, const char *name, struct btf_variable *ret)
{
	u32 id = btf_find_type(b, name, BTF_BIT(BTF_KIND_VAR), b->first_id - 1);
	struct btf_variable found = {0};
	struct raw_type raw;

	if (!id || !btf_raw_type(b, id, &raw) || !find_in_sections(b, id, &found))
		return false;
	found.type = raw.size_or_type;
	*ret = found;
	return true;
}
