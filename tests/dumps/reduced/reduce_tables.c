/* The tables of types and of symbols, written anew with fewer. */
#include "reduce.h"

#include "base/bytes.h"
#include "kernel/symbols.h"
#include "symbol/btf_format_priv.h"
#include "symbol/kallsyms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- types ---- */

struct types {
	struct reduction *r;
	u8 *data;
	const u8 *types;
	const char *strings;
	u32 *offsets; /* of each id */
	u32 num;
	u32 *new_ids; /* 0: left out */
	struct buf out, out_strings;
};

static u32 info_of(const u8 *type)
{
	return get_le32(type + 4);
}

static enum btf_kind kind_of(const u8 *type)
{
	return (enum btf_kind)(info_of(type) >> 24 & 0x1f);
}

static u32 num_of(const u8 *type)
{
	return info_of(type) & 0xffff;
}

static u32 len_of(const u8 *type)
{
	return TYPE_LEN + kind_lens[kind_of(type)].fixed +
	       num_of(type) * kind_lens[kind_of(type)].per_element;
}

static bool wants_enum(struct types *t, const u8 *type)
{
	u32 len = kind_lens[kind_of(type)].per_element;

	for (u32 i = 0; i < num_of(type); i++)
		if (reduction_wants(t->r, t->strings + get_le32(type + TYPE_LEN + i * len)))
			return true;
	return false;
}

static void keep(struct types *t, u32 id)
{
	const u8 *type = t->types + t->offsets[id];

	if (!id || t->new_ids[id])
		return;
	t->new_ids[id] = 1;
	switch (kind_of(type)) {
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		keep(t, get_le32(type + 8));
		break;
	case BTF_KIND_ARRAY:
		keep(t, get_le32(type + TYPE_LEN));
		keep(t, get_le32(type + TYPE_LEN + 4));
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		for (u32 i = 0; i < num_of(type); i++)
			keep(t, get_le32(type + TYPE_LEN + i * MEMBER_LEN + 4));
		break;
	default:
		break;
	}
}

static u32 add_string(struct types *t, const char *s)
{
	u32 at = (u32)t->out_strings.len;

	if (!*s)
		return 0;
	buf_add(&t->out_strings, s, strlen(s) + 1);
	return at;
}

static void rename_at(struct types *t, u8 *at)
{
	put_le32(at, add_string(t, t->strings + get_le32(at)));
}

static void renumber_at(const struct types *t, u8 *at)
{
	put_le32(at, t->new_ids[get_le32(at)]);
}

static void write_type(struct types *t, u32 id)
{
	u8 *type = t->data + HEADER_LEN + t->offsets[id];
	u32 step = kind_lens[kind_of(type)].per_element;

	rename_at(t, type);
	switch (kind_of(type)) {
	case BTF_KIND_PTR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		renumber_at(t, type + 8);
		break;
	case BTF_KIND_ARRAY:
		renumber_at(t, type + TYPE_LEN);
		renumber_at(t, type + TYPE_LEN + 4);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		for (u32 i = 0; i < num_of(type); i++) {
			u8 *element = type + TYPE_LEN + i * step;

			rename_at(t, element);
			if (is_struct(kind_of(type)))
				renumber_at(t, element + 4);
		}
		break;
	default:
		break;
	}
	buf_add(&t->out, type, len_of(type));
}

static void choose_types(struct types *t)
{
	for (u32 id = 1; id <= t->num; id++) {
		const u8 *type = t->types + t->offsets[id];

		if (is_enum(kind_of(type))
			    ? wants_enum(t, type)
			    : is_struct(kind_of(type)) &&
				      reduction_wants(t->r, t->strings + get_le32(type)))
			keep(t, id);
	}
}

static void index_types(struct types *t, u32 len)
{
	t->offsets = calloc(len / TYPE_LEN + 2, sizeof(*t->offsets));
	t->new_ids = calloc(len / TYPE_LEN + 2, sizeof(*t->new_ids));
	for (u32 at = 0; at < len; at += len_of(t->types + at))
		t->offsets[++t->num] = at;
}

void reduce_types(struct reduction *r)
{
	struct types t = {.r = r};
	vaddr_t start, end;
	u32 kept = 0, types_len;

	must(kernel_symbol_get(r->k, "__start_BTF", &start));
	must(kernel_symbol_get(r->k, "__stop_BTF", &end));
	t.data = malloc(end - start);
	must(kernel_read(r->k, start, t.data, end - start));
	t.types = t.data + HEADER_LEN + get_le32(t.data + 8);
	types_len = get_le32(t.data + 12);
	t.strings = (const char *)t.data + HEADER_LEN + get_le32(t.data + 16);
	buf_add_char(&t.out_strings, '\0');
	index_types(&t, types_len);
	choose_types(&t);
	for (u32 id = 1; id <= t.num; id++)
		if (t.new_ids[id])
			t.new_ids[id] = ++kept;
	for (u32 id = 1; id <= t.num; id++)
		if (t.new_ids[id])
			write_type(&t, id);
	put_le32(t.data + 8, 0);
	put_le32(t.data + 12, (u32)t.out.len);
	put_le32(t.data + 16, (u32)t.out.len);
	put_le32(t.data + 20, (u32)t.out_strings.len);
	reduction_write(r, start, t.data, HEADER_LEN);
	reduction_write(r, start + HEADER_LEN, t.out.data, t.out.len);
	reduction_write(r, start + HEADER_LEN + t.out.len, t.out_strings.data,
			t.out_strings.len);
	r->types_end = start + HEADER_LEN + t.out.len + t.out_strings.len;
	printf("types: %u of %u, %llu bytes\n", kept, t.num,
	       (unsigned long long)(r->types_end - start));
	buf_deinit(&t.out);
	buf_deinit(&t.out_strings);
	free(t.data);
	free(t.offsets);
	free(t.new_ids);
}

/* ---- symbols ---- */

struct kept_symbol {
	vaddr_t addr;
	char type;
	char *name;
};

struct symbols {
	struct reduction *r;
	struct kept_symbol *list;
	size_t num;
	bool keeps_next;
};

static bool choose_symbol(void *ctx, const struct symbol *s)
{
	struct symbols *t = ctx;
	bool wanted = reduction_wants(t->r, s->name);

	if (!wanted && !t->keeps_next)
		return true;
	t->keeps_next = wanted;
	t->list = reallocarray(t->list, t->num + 1, sizeof(*t->list));
	t->list[t->num++] = (struct kept_symbol){
		strcmp(s->name, "__stop_BTF") ? s->addr : t->r->types_end, s->type,
		strndup(s->name, 126)};
	return true;
}

static int compare_symbols(const void *a, const void *b)
{
	const struct kept_symbol *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static vaddr_t place_of(const struct reduction *r, const char *name)
{
	vaddr_t addr = 0;

	must(kernel_symbol_get(r->k, name, &addr));
	return addr;
}

/* Each letter is a token. */
static void write_tokens(struct reduction *r)
{
	u8 table[512] = {0}, index[KALLSYMS_TOKEN_INDEX_LEN];

	for (unsigned i = 0; i < 256; i++) {
		u16 at = i ? (u16)(2 * i - 1) : 0;

		table[at] = (u8)i;
		put_le16(index + (size_t)2 * i, at);
	}
	reduction_write(r, place_of(r, "kallsyms_token_table"), table, 511);
	reduction_write(r, place_of(r, "kallsyms_token_index"), index, sizeof(index));
}

/* As CONFIG_KALLSYMS_ABSOLUTE_PERCPU has them: one that is not negative is an address. */
static void add_offset(struct buf *b, vaddr_t base, vaddr_t addr)
{
	u8 bytes[4];

	put_le32(bytes, (u32)(addr < 1u << 31 ? addr : base - 1 - addr));
	buf_add(b, bytes, sizeof(bytes));
}

void reduce_symbols(struct reduction *r)
{
	struct symbols t = {.r = r};
	struct buf names = BUF_INIT, offsets = BUF_INIT;
	u64 base;
	u8 count[4];

	symbol_each(r->k, choose_symbol, &t);
	qsort(t.list, t.num, sizeof(*t.list), compare_symbols);
	must(kernel_read_u64(r->k, place_of(r, "kallsyms_relative_base"), &base));
	for (size_t i = 0; i < t.num; i++) {
		const struct kept_symbol *s = &t.list[i];

		buf_add_char(&names, (char)(strlen(s->name) + 1));
		buf_add_char(&names, s->type);
		buf_add_str(&names, s->name);
		add_offset(&offsets, base, s->addr);
	}
	put_le32(count, (u32)t.num);
	write_tokens(r);
	reduction_write(r, place_of(r, "kallsyms_names"), names.data, names.len);
	reduction_write(r, place_of(r, "kallsyms_offsets"), offsets.data, offsets.len);
	reduction_write(r, place_of(r, "kallsyms_num_syms"), count, sizeof(count));
	printf("symbols: %zu\n", t.num);
}
