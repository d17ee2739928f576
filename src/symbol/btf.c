#include "symbol/btf.h"

#include "symbol/btf_priv.h"

#include <assert.h>

/* The place of every 8th type is remembered. */
#define MARKER_SHIFT 3
#define MARKER_EVERY (1u << MARKER_SHIFT)

#define FINGERPRINT_MAX_LEN 256

/* The bytes that the type at @offset takes, 0 if it does not fit. */
static u32 type_len_at(const struct btf *b, u32 offset, u32 *ret_info)
{
	u64 len;
	u32 info, kind;

	if (!range_fits(offset, TYPE_LEN, b->types_len))
		return 0;
	info = get_le32(b->types + offset + 4);
	kind = info >> 24 & 0x1f;
	if (kind >= BTF_NUM_KINDS)
		return 0;
	len = TYPE_LEN + kind_lens[kind].fixed +
	      (u64)(info & MAX_ELEMENTS) * kind_lens[kind].per_element;
	if (!range_fits(offset, len, b->types_len))
		return 0;
	*ret_info = info;
	return (u32)len;
}

u32 btf_raw_type_at(const struct btf *b, u32 offset, struct raw_type *ret)
{
	u32 info, len = type_len_at(b, offset, &info);

	if (len == 0)
		return 0;
	ret->name = btf_string(b, get_le32(b->types + offset));
	ret->kind = (enum btf_kind)(info >> 24 & 0x1f);
	ret->kind_flag = info >> 31;
	ret->num_elements = info & MAX_ELEMENTS;
	ret->size_or_type = get_le32(b->types + offset + 8);
	ret->extra = b->types + offset + TYPE_LEN;
	return len;
}

bool btf_raw_type(const struct btf *b, u32 id, struct raw_type *ret)
{
	u32 offset, info;

	if (b->base && id < b->first_id)
		b = b->base;
	if (id == 0 || id - b->first_id >= b->num_types)
		return false;
	id -= b->first_id;
	offset = b->markers[id >> MARKER_SHIFT];
	for (u32 i = id % MARKER_EVERY; i > 0; i--)
		offset += type_len_at(b, offset, &info);
	return btf_raw_type_at(b, offset, ret) != 0;
}

static u16 fingerprint(const char *name)
{
	u32 hash = 0;

	/* All types may share one name as long as the table. */
	for (const char *end = name + FINGERPRINT_MAX_LEN; name < end && *name; name++)
		hash = hash * 0x9e3779b1u + (u8)*name;
	return (u16)((hash * 0x85ebca6bu) >> 16);
}

static struct err *parse_header(struct btf *b, const u8 *data, size_t len)
{
	u32 header_len, types_start, strings_start;

	if (len < HEADER_LEN)
		return err_new(ERR_BAD_DATA, "BTF of %zu bytes is shorter than its header",
			       len);
	if (get_le16(data) != MAGIC)
		return err_new(ERR_BAD_DATA, "BTF begins with 0x%04x instead of 0x%04x",
			       get_le16(data), MAGIC);
	if (data[2] != 1)
		return err_new(ERR_UNSUPPORTED, "BTF version %u is not known", data[2]);
	header_len = get_le32(data + 4);
	types_start = get_le32(data + 8);
	b->types_len = get_le32(data + 12);
	strings_start = get_le32(data + 16);
	b->strings_len = get_le32(data + 20);
	if (len > BTF_MAX_LEN || header_len < HEADER_LEN || header_len > len ||
	    !range_fits(types_start, b->types_len, len - header_len) ||
	    !range_fits(strings_start, b->strings_len, len - header_len))
		return err_new(ERR_BAD_DATA,
			       "BTF sections (types %u+%u, strings %u+%u) lie outside its "
			       "%zu bytes",
			       types_start, b->types_len, strings_start, b->strings_len,
			       len);
	b->types = data + header_len + types_start;
	b->strings = (const char *)data + header_len + strings_start;
	/* What is split may do with the strings of its base. */
	if (b->base && b->strings_len == 0)
		return NULL;
	if (b->strings_len == 0 || b->strings[b->strings_len - 1] != '\0')
		return err_new(ERR_BAD_DATA, "BTF strings do not end with a zero");
	return NULL;
}

/* Go over all types. With @fill, the indexes are there and are filled, else counted. */
static struct err *scan_types(struct btf *b, bool fill)
{
	u32 offset = 0, id = 0;

	b->num_structs = b->num_enums = 0;
	while (offset < b->types_len) {
		u32 info = 0;
		u32 len = type_len_at(b, offset, &info);
		enum btf_kind kind = (enum btf_kind)(info >> 24 & 0x1f);
		const char *name;

		if (len == 0)
			return err_new(
				ERR_UNSUPPORTED,
				"BTF type %u at offset 0x%x is of an unknown kind or "
				"does not fit",
				b->first_id + id, offset);
		if (id == BTF_MAX_TYPES)
			return err_new(ERR_BAD_DATA, "BTF has more than %u types",
				       BTF_MAX_TYPES);
		if (fill && id % MARKER_EVERY == 0)
			b->markers[id >> MARKER_SHIFT] = offset;
		name = btf_string(b, get_le32(b->types + offset));
		if (is_struct(kind) && *name) {
			if (fill) {
				b->structs[b->num_structs] = b->first_id + id;
				b->fingerprints[b->num_structs] = fingerprint(name);
			}
			b->num_structs++;
		} else if (is_enum(kind)) {
			if (fill)
				b->enums[b->num_enums] = b->first_id + id;
			b->num_enums++;
			b->has_signed_enums |= info >> 31;
		}
		id++;
		offset += len;
	}
	b->num_types = id;
	return NULL;
}

static struct err *open_over(const struct btf *base, const void *data, size_t len,
			     struct btf **ret)
{
	cleanup(btf_freep) struct btf *b = calloc(1, sizeof(*b));
	struct err *err;

	if (!b)
		return err_nomem();
	b->base = base;
	b->first_id = base ? btf_num_types(base) + 1 : 1;
	b->strings_start = base ? base->strings_len : 0;
	b->has_signed_enums = base && base->has_signed_enums;
	err = parse_header(b, data, len);
	if (!err)
		err = scan_types(b, false);
	if (err)
		return err;
	b->markers = calloc((b->num_types >> MARKER_SHIFT) + 1, sizeof(*b->markers));
	b->structs = calloc((size_t)b->num_structs + 1, sizeof(*b->structs));
	b->fingerprints = calloc((size_t)b->num_structs + 1, sizeof(*b->fingerprints));
	b->enums = calloc((size_t)b->num_enums + 1, sizeof(*b->enums));
	if (!b->markers || !b->structs || !b->fingerprints || !b->enums)
		return err_nomem();
	err = scan_types(b, true);
	if (err)
		return err;
	*ret = steal(b);
	return NULL;
}

struct err *btf_open(const void *data, size_t len, struct btf **ret)
{
	return open_over(NULL, data, len, ret);
}

struct err *btf_open_split(const struct btf *base, const void *data, size_t len,
			   struct btf **ret)
{
	assert(!base->base);
	return open_over(base, data, len, ret);
}

void btf_free(struct btf *b)
{
	if (!b)
		return;
	free(b->markers);
	free(b->structs);
	free(b->fingerprints);
	free(b->enums);
	free(b);
}

u32 btf_num_types(const struct btf *b)
{
	return b->first_id - 1 + b->num_types;
}

u32 btf_first_id(const struct btf *b)
{
	return b->first_id;
}

u32 btf_strings_start(const struct btf *b)
{
	return b->strings_start;
}

/* The place in `structs` of the first id above @after. */
static u32 struct_index_after(const struct btf *b, u32 after)
{
	u32 low = 0, high = b->num_structs;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (b->structs[middle] <= after)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

u32 btf_find_struct(const struct btf *b, const char *name, u32 after)
{
	u16 wanted = fingerprint(name);
	u32 id = b->base ? btf_find_struct(b->base, name, after) : 0;

	if (id)
		return id;
	for (u32 i = struct_index_after(b, after); i < b->num_structs; i++) {
		struct raw_type type;

		if (b->fingerprints[i] == wanted && btf_raw_type(b, b->structs[i], &type) &&
		    strcmp(type.name, name) == 0)
			return b->structs[i];
	}
	return 0;
}

bool btf_raw_resolve(const struct btf *b, u32 id, u32 *ret_id, struct raw_type *ret)
{
	for (unsigned depth = 0; depth < BTF_MAX_DEPTH; depth++) {
		if (!btf_raw_type(b, id, ret))
			return false;
		switch (ret->kind) {
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_CONST:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
		case BTF_KIND_VAR:
			id = ret->size_or_type;
			break;
		default:
			*ret_id = id;
			return true;
		}
	}
	return false;
}

/* The element type and number of elements of a possibly nested array; 1 if it is none.
 * *@ret is resolved. */
static bool resolve_array(const struct btf *b, u32 id, u64 *ret_count, struct raw_type *ret)
{
	u64 count = 1;

	for (unsigned depth = 0; depth < BTF_MAX_DEPTH; depth++) {
		if (!btf_raw_resolve(b, id, &id, ret))
			return false;
		if (ret->kind != BTF_KIND_ARRAY) {
			*ret_count = count;
			return true;
		}
		if (__builtin_mul_overflow(count, (u64)get_le32(ret->extra + 8), &count) ||
		    count > MAX_DEPTH_SIZE)
			return false;
		id = get_le32(ret->extra);
	}
	return false;
}

bool btf_type_size(const struct btf *b, u32 id, u64 *ret)
{
	struct raw_type type;
	u64 count, size;

	if (!resolve_array(b, id, &count, &type) ||
	    !plain_size(type.kind, type.size_or_type, &size) ||
	    __builtin_mul_overflow(size, count, &size))
		return false;
	*ret = size;
	return true;
}

u32 btf_struct_of(const struct btf *b, u32 id)
{
	struct raw_type type;

	return btf_raw_resolve(b, id, &id, &type) && is_struct(type.kind) ? id : 0;
}

/* Describe the member whose @entry was found, @base_bits from the outermost struct. */
static void fill_member(const struct btf *b, const struct raw_type *type, const u8 *entry,
			u64 base_bits, struct btf_member *ret)
{
	struct raw_type element;
	u64 bits, size;

	*ret = (struct btf_member){.count = 1, .type = get_le32(entry + 4)};
	btf_member_place(type, entry, &bits, &ret->bit_size);
	bits += base_bits;
	ret->offset = bits / 8;
	if (!resolve_array(b, ret->type, &ret->count, &element) ||
	    !plain_size(element.kind, element.size_or_type, &size) ||
	    __builtin_mul_overflow(size, ret->count, &ret->size))
		ret->size = 0;
	if (ret->bit_size) {
		/* Not the declared type's size: the fewest bytes that hold the bits. */
		ret->size = 1;
		while (bits % 8 + ret->bit_size > ret->size * 8)
			ret->size *= 2;
	}
	ret->bit_offset = ret->bit_size ? (u32)(bits % 8) : 0;
}

/* Search @id for the member called name[0…len), through anonymous members. *@budget bounds
 * the members looked at, since a hostile graph of types can be exponential. */
static bool find_one(const struct btf *b, u32 id, const char *name, size_t len,
		     u64 base_bits, unsigned depth, u32 *budget, struct btf_member *ret)
{
	struct raw_type type;

	if (depth > BTF_MAX_DEPTH || !btf_raw_resolve(b, id, &id, &type) ||
	    !is_struct(type.kind))
		return false;
	for (u32 i = 0; i < type.num_elements && *budget; i++) {
		const u8 *entry = type.extra + (size_t)i * MEMBER_LEN;
		const char *member = btf_string(b, get_le32(entry));
		u64 bits;
		u32 bit_size;

		(*budget)--;
		btf_member_place(&type, entry, &bits, &bit_size);
		if (*member) {
			if (strncmp(member, name, len) == 0 && member[len] == '\0') {
				fill_member(b, &type, entry, base_bits, ret);
				return true;
			}
		} else if (bit_size == 0 &&
			   find_one(b, get_le32(entry + 4), name, len, base_bits + bits,
				    depth + 1, budget, ret)) {
			return true;
		}
	}
	return false;
}

bool btf_find_member(const struct btf *b, u32 id, const char *path, struct btf_member *ret)
{
	struct btf_member member = {0};
	u64 base_bits = 0;
	u32 budget = 20000;

	for (;;) {
		size_t len = strcspn(path, ".");

		if (len == 0 || !find_one(b, id, path, len, base_bits, 0, &budget, &member))
			return false;
		if (path[len] == '\0')
			break;
		id = member.type;
		base_bits = member.offset * 8;
		path += len + 1;
	}
	*ret = member;
	return true;
}

static u64 enumerator_value(const struct raw_type *type, const u8 *entry)
{
	u32 low = get_le32(entry + 4);

	if (type->kind == BTF_KIND_ENUM64)
		return low | (u64)get_le32(entry + 8) << 32;
	/* kind_flag: the enum has signed values. Kernels before 6.0 never set it, so a
	 * value with the top bit set is taken as negative there too. */
	return (u64)(s64)(s32)low;
}

bool btf_find_enumerator(const struct btf *b, const char *name, u64 *ret)
{
	if (b->base && btf_find_enumerator(b->base, name, ret))
		return true;
	for (u32 i = 0; i < b->num_enums; i++) {
		struct raw_type type;
		size_t len;

		if (!btf_raw_type(b, b->enums[i], &type))
			continue;
		len = type.kind == BTF_KIND_ENUM64 ? ENUM64_LEN : ENUM_LEN;
		for (u32 n = 0; n < type.num_elements; n++) {
			const u8 *entry = type.extra + n * len;

			if (strcmp(btf_string(b, get_le32(entry)), name) == 0) {
				*ret = enumerator_value(&type, entry);
				return true;
			}
		}
	}
	return false;
}
