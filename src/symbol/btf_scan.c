#include "symbol/btf_scan.h"

#include "base/bytes.h"
#include "symbol/btf.h"
#include "symbol/btf_format_priv.h"

#include <assert.h>

#define PIECE_LEN     ((size_t)64 << 10)
#define MARKER_SHIFT  6 /* the place of every 64th type is remembered */
#define MAX_NAMES     (2 * BTF_SCAN_MAX_WANTS)
#define MAX_PLACES    1024 /* where those names are in the strings */
#define MAX_NAME_LEN  128
#define MAX_NAMESAKES 4	    /* structs of one name that are looked into */
#define MAX_STEPS     20000 /* members looked at: a hostile graph of types has no end */

/* Where a name lies in the string table. */
struct place {
	u32 offset;
	const char *name;
};

struct scan {
	btf_scan_read read;
	void *ctx;
	struct btf_want *wants;
	size_t num_wants;
	u64 types_start, strings_start;
	u32 types_len, strings_len;

	const char *names[MAX_NAMES]; /* all that are looked for, each once */
	size_t num_names;
	struct place places[MAX_PLACES]; /* by offset */
	size_t num_places;
	u32 structs[BTF_SCAN_MAX_WANTS][MAX_NAMESAKES]; /* of each want, 0: no more */
	u32 *markers;
	size_t num_markers;
	u32 num_types;
	u32 budget; /* of MAX_STEPS */

	u64 piece_start;
	size_t piece_len;
	u8 piece[PIECE_LEN];
};

/* One type, decoded. */
struct type {
	u32 name;   /* offset of its name */
	u64 offset; /* of what follows the common part, from the start of the types */
	enum btf_kind kind;
	bool kind_flag;
	u32 num_elements;
	u32 size_or_type;
	u64 len;
};

static void scan_freep(struct scan **s)
{
	if (*s)
		free((*s)->markers);
	free(*s);
}

/* ---- bytes ---- */

/* @len <= PIECE_LEN bytes at @offset, valid until the next call; NULL outside of [@start,
 * @start + @limit). */
static struct err *get_bytes(struct scan *s, u64 start, u64 limit, u64 offset, size_t len,
			     const u8 **ret)
{
	u64 at = start + offset;
	struct err *err;

	*ret = NULL;
	if (!range_fits(offset, len, limit))
		return NULL;
	if (at < s->piece_start || at + len > s->piece_start + s->piece_len) {
		size_t piece_len = min_u64(PIECE_LEN, limit - offset);

		s->piece_len = 0;
		err = s->read(s->ctx, at, s->piece, piece_len);
		if (err)
			return err_wrap(err, "BTF at offset 0x%llx",
					(unsigned long long)at);
		s->piece_start = at;
		s->piece_len = piece_len;
	}
	*ret = s->piece + (at - s->piece_start);
	return NULL;
}

static struct err *get_in_types(struct scan *s, u64 offset, size_t len, const u8 **ret)
{
	return get_bytes(s, s->types_start, s->types_len, offset, len, ret);
}

static struct err *read_header(struct scan *s, u64 len)
{
	u32 header_len, types_start, strings_start;
	const u8 *h;
	struct err *err = get_bytes(s, 0, len, 0, HEADER_LEN, &h);

	if (err)
		return err;
	if (!h || len > BTF_MAX_LEN)
		return err_new(ERR_BAD_DATA, "BTF of %llu bytes", (unsigned long long)len);
	if (get_le16(h) != MAGIC || h[2] != 1)
		return err_new(ERR_UNSUPPORTED, "BTF begins with 0x%04x, version %u",
			       get_le16(h), h[2]);
	header_len = get_le32(h + 4);
	types_start = get_le32(h + 8);
	s->types_len = get_le32(h + 12);
	strings_start = get_le32(h + 16);
	s->strings_len = get_le32(h + 20);
	if (header_len < HEADER_LEN || header_len > len ||
	    !range_fits(types_start, s->types_len, len - header_len) ||
	    !range_fits(strings_start, s->strings_len, len - header_len))
		return err_new(ERR_BAD_DATA,
			       "BTF sections (types %u+%u, strings %u+%u) lie outside its "
			       "%llu bytes",
			       types_start, s->types_len, strings_start, s->strings_len,
			       (unsigned long long)len);
	s->types_start = (u64)header_len + types_start;
	s->strings_start = (u64)header_len + strings_start;
	return NULL;
}

/* ---- names ---- */

static const char *add_name(struct scan *s, const char *name)
{
	if (!name)
		return NULL;
	for (size_t i = 0; i < s->num_names; i++)
		if (strcmp(s->names[i], name) == 0)
			return s->names[i];
	assert(strlen(name) < MAX_NAME_LEN);
	s->names[s->num_names++] = name;
	return name;
}

/* A string of @len bytes lies at @offset: is it one of the names? */
static void match_name(struct scan *s, const u8 *text, size_t len, u32 offset)
{
	for (size_t i = 0; i < s->num_names && s->num_places < MAX_PLACES; i++) {
		if (s->names[i][0] != (char)text[0] || strlen(s->names[i]) != len ||
		    memcmp(s->names[i], text, len) != 0)
			continue;
		s->places[s->num_places++] =
			(struct place){.offset = offset, .name = s->names[i]};
		return;
	}
}

/* Find all names in the strings, piece by piece. */
static struct err *scan_strings(struct scan *s)
{
	u64 offset = 0; /* a string begins here */

	while (offset < s->strings_len) {
		size_t len = min_u64(PIECE_LEN, s->strings_len - offset);
		const u8 *text, *end;
		struct err *err;

		s->piece_len = 0;
		err = get_bytes(s, s->strings_start, s->strings_len, offset, len, &text);
		if (err)
			return err;
		end = memchr(text, '\0', len);
		/* Nothing that long is looked for, and the last one may lack its end. */
		if (!end)
			offset += len;
		for (const u8 *at = text; end;) {
			if (end > at)
				match_name(s, at, (size_t)(end - at), (u32)offset);
			offset += (u64)(end - at) + 1;
			at = end + 1;
			end = memchr(at, '\0', len - (size_t)(at - text));
		}
	}
	return NULL;
}

/* The name at @offset of the strings if it is one of those looked for, else NULL. */
static const char *find_name(const struct scan *s, u32 offset)
{
	size_t low = 0, high = s->num_places;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->places[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->num_places && s->places[low].offset == offset ? s->places[low].name
								      : NULL;
}

/* ---- types ---- */

/* Decode the type at @offset; false if it does not fit or is of an unknown kind. */
static struct err *read_type(struct scan *s, u64 offset, struct type *ret, bool *ret_ok)
{
	const u8 *at;
	struct err *err = get_in_types(s, offset, TYPE_LEN, &at);
	u32 info, kind;

	*ret_ok = false;
	if (err || !at)
		return err;
	info = get_le32(at + 4);
	kind = info >> 24 & 0x1f;
	if (kind >= BTF_NUM_KINDS)
		return NULL;
	*ret = (struct type){.name = get_le32(at),
			     .offset = offset + TYPE_LEN,
			     .kind = (enum btf_kind)kind,
			     .kind_flag = info >> 31,
			     .num_elements = info & MAX_ELEMENTS,
			     .size_or_type = get_le32(at + 8)};
	ret->len = TYPE_LEN + kind_lens[kind].fixed +
		   (u64)ret->num_elements * kind_lens[kind].per_element;
	*ret_ok = range_fits(offset, ret->len, s->types_len);
	return NULL;
}

/* Element @index of a struct, union or enum. */
static struct err *get_element(struct scan *s, const struct type *t, u32 index,
			       const u8 **ret)
{
	size_t len = kind_lens[t->kind].per_element;

	return get_in_types(s, t->offset + (u64)index * len, len, ret);
}

static void take_struct(struct scan *s, const char *name, u32 id)
{
	for (size_t i = 0; i < s->num_wants; i++) {
		u32 *ids = s->structs[i];
		size_t n = 0;

		if (s->wants[i].type != name)
			continue;
		while (n < MAX_NAMESAKES && ids[n])
			n++;
		if (n < MAX_NAMESAKES)
			ids[n] = id;
	}
}

static struct err *take_enum(struct scan *s, const struct type *t)
{
	for (u32 n = 0; n < t->num_elements; n++) {
		const char *name;
		const u8 *entry;
		struct err *err = get_element(s, t, n, &entry);
		u64 value;

		if (err || !entry)
			return err;
		name = find_name(s, get_le32(entry));
		if (!name)
			continue;
		/* Kernels before 6.0 do not tell signed from unsigned values: see btf.c. */
		value = (u64)(s64)(s32)get_le32(entry + 4);
		if (t->kind == BTF_KIND_ENUM64)
			value = get_le32(entry + 4) | (u64)get_le32(entry + 8) << 32;
		for (size_t i = 0; i < s->num_wants; i++) {
			struct btf_want *w = &s->wants[i];

			if (!w->type && w->member == name && !w->present) {
				w->present = true;
				w->value = value;
			}
		}
	}
	return NULL;
}

static struct err *add_marker(struct scan *s, u32 offset)
{
	/* Grow at powers of two. */
	if (!(s->num_markers & (s->num_markers - 1))) {
		size_t capacity = s->num_markers ? 2 * s->num_markers : 256;
		u32 *grown = reallocarray(s->markers, capacity, sizeof(*grown));

		if (!grown)
			return err_nomem();
		s->markers = grown;
	}
	s->markers[s->num_markers++] = offset;
	return NULL;
}

/* Go over all types: remember places, the structs that are asked for, and enumerators. */
static struct err *scan_types(struct scan *s)
{
	u64 offset = 0;
	u32 id = 0;

	while (offset < s->types_len) {
		struct type t;
		bool is_ok;
		struct err *err = read_type(s, offset, &t, &is_ok);
		const char *name;

		if (!err && (!is_ok || id == BTF_MAX_TYPES))
			return err_new(ERR_UNSUPPORTED,
				       "BTF type %u at offset 0x%llx is of an unknown kind "
				       "or does not fit",
				       id + 1, (unsigned long long)offset);
		if (!err && id % (1u << MARKER_SHIFT) == 0)
			err = add_marker(s, (u32)offset);
		id++;
		name = err ? NULL : find_name(s, t.name);
		if (name && is_struct(t.kind))
			take_struct(s, name, id);
		if (!err && is_enum(t.kind))
			err = take_enum(s, &t);
		if (err)
			return err;
		offset += t.len;
	}
	s->num_types = id;
	return NULL;
}

static struct err *find_type(struct scan *s, u32 id, struct type *ret, bool *ret_ok)
{
	u64 offset;

	*ret_ok = false;
	if (id == 0 || id > s->num_types)
		return NULL;
	offset = s->markers[(id - 1) >> MARKER_SHIFT];
	for (u32 i = (id - 1) % (1u << MARKER_SHIFT);; i--) {
		struct err *err = read_type(s, offset, ret, ret_ok);

		if (err || !*ret_ok || i == 0)
			return err;
		offset += ret->len;
	}
}

/* Follow typedefs, qualifiers and arrays from @id to a type that is none; *@ret_count is
 * multiplied with the elements of the arrays. */
static struct err *resolve(struct scan *s, u32 id, u64 *ret_count, struct type *ret,
			   bool *ret_ok)
{
	for (unsigned depth = 0; depth < BTF_MAX_DEPTH; depth++) {
		struct err *err = find_type(s, id, ret, ret_ok);
		const u8 *at;

		if (err || !*ret_ok)
			return err;
		switch (ret->kind) {
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_CONST:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
			id = ret->size_or_type;
			break;
		case BTF_KIND_ARRAY:
			err = get_in_types(s, ret->offset, ARRAY_LEN, &at);
			if (err)
				return err;
			*ret_ok = !__builtin_mul_overflow(*ret_count, get_le32(at + 8),
							  ret_count) &&
				  *ret_count <= MAX_DEPTH_SIZE;
			if (!*ret_ok)
				return NULL;
			id = get_le32(at);
			break;
		default:
			return NULL;
		}
	}
	*ret_ok = false;
	return NULL;
}

/* ---- members ---- */

/* A member as it is declared. */
struct member {
	const char *name; /* NULL: none that is looked for */
	bool is_anonymous;
	u32 type;
	u64 bits; /* from the start of the struct */
	bool is_bitfield;
};

static struct err *read_member(struct scan *s, const struct type *t, u32 index,
			       struct member *ret, bool *ret_ok)
{
	const u8 *entry;
	struct err *err = get_element(s, t, index, &entry);
	u32 raw;

	*ret_ok = !err && entry;
	if (!*ret_ok)
		return err;
	raw = get_le32(entry + 8);
	*ret = (struct member){.name = find_name(s, get_le32(entry)),
			       .is_anonymous = get_le32(entry) == 0,
			       .type = get_le32(entry + 4),
			       .bits = t->kind_flag ? raw & 0xffffff : raw,
			       .is_bitfield = t->kind_flag && raw >> 24};
	return NULL;
}

static struct err *fill_want(struct scan *s, const struct member *m, u64 base_bits,
			     struct btf_want *w)
{
	struct type t;
	bool is_ok;
	u64 count = 1, size;
	struct err *err = resolve(s, m->type, &count, &t, &is_ok);

	if (err)
		return err;
	w->present = true;
	w->value = (base_bits + m->bits) / 8;
	w->count = is_ok ? count : 1;
	w->size = 0;
	if (is_ok && !m->is_bitfield && plain_size(t.kind, t.size_or_type, &size) &&
	    __builtin_mul_overflow(size, count, &w->size))
		w->size = 0;
	return NULL;
}

/* Look for @w->member in struct @id and its anonymous members. */
static struct err *find_member(struct scan *s, u32 id, u64 base_bits, unsigned depth,
			       struct btf_want *w)
{
	struct type t;
	bool is_ok;
	u64 count = 1;
	struct err *err = resolve(s, id, &count, &t, &is_ok);

	if (err || !is_ok || !is_struct(t.kind) || depth > BTF_MAX_DEPTH)
		return err;
	for (u32 i = 0; i < t.num_elements && s->budget && !w->present && !err; i++) {
		struct member m;

		s->budget--;
		err = read_member(s, &t, i, &m, &is_ok);
		if (err || !is_ok)
			return err;
		if (m.name && m.name == w->member)
			return fill_want(s, &m, base_bits, w);
		if (m.is_anonymous && !m.is_bitfield)
			err = find_member(s, m.type, base_bits + m.bits, depth + 1, w);
	}
	return err;
}

static struct err *answer(struct scan *s, size_t index)
{
	struct btf_want *w = &s->wants[index];
	/* Unrelated structs can share a name: the one that has the member is meant. */
	for (size_t i = 0; i < MAX_NAMESAKES && s->structs[index][i] && !w->present; i++) {
		u32 id = s->structs[index][i];
		struct type t;
		bool is_ok;
		struct err *err = w->member ? find_member(s, id, 0, 0, w)
					    : find_type(s, id, &t, &is_ok);

		if (err)
			return err;
		if (!w->member && is_ok) {
			w->present = true;
			w->value = t.size_or_type;
		}
	}
	return NULL;
}

struct err *btf_scan(btf_scan_read read, void *ctx, u64 len, struct btf_want *wants,
		     size_t num_wants)
{
	cleanup(scan_freep) struct scan *s = calloc(1, sizeof(*s));
	struct err *err;

	assert(num_wants <= BTF_SCAN_MAX_WANTS);
	if (!s)
		return err_nomem();
	s->read = read;
	s->ctx = ctx;
	s->wants = wants;
	s->num_wants = num_wants;
	s->budget = MAX_STEPS;
	for (size_t i = 0; i < num_wants; i++)
		wants[i] = (struct btf_want){.type = add_name(s, wants[i].type),
					     .member = add_name(s, wants[i].member)};
	err = read_header(s, len);
	if (!err)
		err = scan_strings(s);
	if (!err)
		err = scan_types(s);
	for (size_t i = 0; !err && i < num_wants; i++)
		err = answer(s, i);
	return err;
}
