/* Small kallsyms, BTF and ORC tables as a kernel would hold them, made from plain lists. */
#ifndef TESTS_UNIT_SYMBOL_TABLES_H
#define TESTS_UNIT_SYMBOL_TABLES_H

#include "testing.h"

#include "base/bytes.h"
#include "symbol/btf.h"
#include "symbol/kallsyms.h"
#include "symbol/orc.h"

/* ---- kallsyms: names made of single letters and of a few longer tokens ---- */

#define TABLES_MAX_SYMBOLS 1024

struct kallsyms_bytes {
	u8 names[65536];
	size_t names_len;
	char token_table[1024];
	size_t token_table_len;
	u8 token_index[KALLSYMS_TOKEN_INDEX_LEN];
	u8 offsets[4 * TABLES_MAX_SYMBOLS];
	u32 count;
};

/* Token 1 begins with a type letter, as the most frequent ones of real kernels do. */
static const char *const tables_long_tokens[] = {"", "T_s", "start", "task"};

static inline void kallsyms_bytes_init(struct kallsyms_bytes *k)
{
	memset(k, 0, sizeof(*k));
	for (unsigned i = 0; i < 256; i++) {
		char letter[2] = {(char)i, '\0'};
		const char *text =
			i < ARRAY_SIZE(tables_long_tokens) ? tables_long_tokens[i] : letter;

		put_le16(k->token_index + 2 * (size_t)i, (u16)k->token_table_len);
		strcpy(k->token_table + k->token_table_len, text);
		k->token_table_len += strlen(text) + 1;
	}
}

/* Add a symbol; @offset is written as it is. Call in order of address. */
static inline void kallsyms_bytes_add(struct kallsyms_bytes *k, const char *type_and_name,
				      s32 offset)
{
	u8 tokens[2048];
	u32 len = 0;

	for (const char *at = type_and_name; *at;) {
		unsigned token = (u8)*at;

		for (unsigned i = 1; i < ARRAY_SIZE(tables_long_tokens); i++)
			if (!strncmp(at, tables_long_tokens[i],
				     strlen(tables_long_tokens[i])))
				token = i;
		at += token < ARRAY_SIZE(tables_long_tokens)
			      ? strlen(tables_long_tokens[token])
			      : 1;
		tokens[len++] = (u8)token;
	}
	if (len > 127)
		k->names[k->names_len++] = (u8)(0x80 | (len & 0x7f));
	k->names[k->names_len++] = (u8)(len > 127 ? len >> 7 : len);
	memcpy(k->names + k->names_len, tokens, len);
	k->names_len += len;
	put_le32(k->offsets + 4 * (size_t)k->count++, (u32)offset);
}

static inline struct kallsyms_tables kallsyms_bytes_tables(const struct kallsyms_bytes *k,
							   vaddr_t relative_base,
							   vaddr_t text_start)
{
	return (struct kallsyms_tables){.num_symbols = k->count,
					.names = k->names,
					.names_len = k->names_len,
					.token_table = k->token_table,
					.token_table_len = k->token_table_len,
					.token_index = k->token_index,
					.offsets = k->offsets,
					.has_relative_base = true,
					.relative_base = relative_base,
					.text_start = text_start};
}

/* ---- BTF ---- */

enum {
	BTF_INT = 1,
	BTF_PTR,
	BTF_ARRAY,
	BTF_STRUCT,
	BTF_UNION,
	BTF_ENUM,
	BTF_FWD,
	BTF_TYPEDEF,
	BTF_VOLATILE,
	BTF_CONST,
	BTF_RESTRICT,
	BTF_FUNC,
	BTF_FUNC_PROTO,
	BTF_VAR,
	BTF_DATASEC,
	BTF_FLOAT,
	BTF_DECL_TAG,
	BTF_TYPE_TAG,
	BTF_ENUM64,
};

#define BTF_KIND_FLAG 0x80000000u

struct btf_bytes {
	u32 first_string, first_type; /* of split BTF: what the base has */
	u8 types[16384];
	u32 types_len;
	char strings[8192];
	u32 strings_len;
	u32 num_types;
	u8 bytes[24 + 16384 + 8192]; /* header, types, strings: by btf_bytes_finish() */
	size_t len;
};

static inline void btf_bytes_init(struct btf_bytes *b)
{
	memset(b, 0, sizeof(*b));
	b->strings_len = 1;
}

/* BTF of a module, over that in @base. */
static inline void btf_bytes_init_split(struct btf_bytes *b, const struct btf_bytes *base)
{
	memset(b, 0, sizeof(*b));
	b->first_string = base->strings_len;
	b->first_type = base->num_types;
}

static inline u32 btf_bytes_string(struct btf_bytes *b, const char *s)
{
	u32 offset = b->strings_len;

	if (!*s)
		return 0;
	strcpy(b->strings + offset, s);
	b->strings_len += (u32)strlen(s) + 1;
	return b->first_string + offset;
}

static inline void btf_bytes_word(struct btf_bytes *b, u32 word)
{
	put_le32(b->types + b->types_len, word);
	b->types_len += 4;
}

/* Add the common part of a type and return its id; @flags may hold BTF_KIND_FLAG. */
static inline u32 btf_bytes_type(struct btf_bytes *b, const char *name, unsigned kind,
				 u32 num_elements, u32 flags, u32 size_or_type)
{
	btf_bytes_word(b, btf_bytes_string(b, name));
	btf_bytes_word(b, kind << 24 | num_elements | flags);
	btf_bytes_word(b, size_or_type);
	return b->first_type + ++b->num_types;
}

static inline u32 btf_bytes_int(struct btf_bytes *b, const char *name, u32 size)
{
	u32 id = btf_bytes_type(b, name, BTF_INT, 0, 0, size);

	btf_bytes_word(b, size * 8);
	return id;
}

/* The same with an encoding: 1 signed, 4 bool. */
static inline u32 btf_bytes_coded_int(struct btf_bytes *b, const char *name, u32 size,
				      u32 encoding)
{
	u32 id = btf_bytes_type(b, name, BTF_INT, 0, 0, size);

	btf_bytes_word(b, encoding << 24 | size * 8);
	return id;
}

static inline u32 btf_bytes_array(struct btf_bytes *b, u32 element, u32 count)
{
	u32 id = btf_bytes_type(b, "", BTF_ARRAY, 0, 0, 0);

	btf_bytes_word(b, element);
	btf_bytes_word(b, 0);
	btf_bytes_word(b, count);
	return id;
}

/* A member of the struct or union whose common part was added last. */
static inline void btf_bytes_member(struct btf_bytes *b, const char *name, u32 type,
				    u32 bit_offset)
{
	btf_bytes_word(b, btf_bytes_string(b, name));
	btf_bytes_word(b, type);
	btf_bytes_word(b, bit_offset);
}

/* A parameter of the prototype, or an enumerator of the enum, that was added last. */
static inline void btf_bytes_pair(struct btf_bytes *b, const char *name, u32 word)
{
	btf_bytes_word(b, btf_bytes_string(b, name));
	btf_bytes_word(b, word);
}

static inline void btf_bytes_finish(struct btf_bytes *b)
{
	memset(b->bytes, 0, 24);
	put_le16(b->bytes, 0xeb9f);
	b->bytes[2] = 1;
	put_le32(b->bytes + 4, 24);
	put_le32(b->bytes + 12, b->types_len);
	put_le32(b->bytes + 16, b->types_len);
	put_le32(b->bytes + 20, b->strings_len);
	memcpy(b->bytes + 24, b->types, b->types_len);
	memcpy(b->bytes + 24 + b->types_len, b->strings, b->strings_len);
	b->len = 24 + b->types_len + b->strings_len;
}

/* ---- ORC ---- */

/* Entry bytes of a plain call row in the encoding of 6.4 and later: the caller's sp is
 * sp + @sp_offset. */
static inline void orc_bytes_call(u8 bytes[ORC_ENTRY_LEN], s16 sp_offset)
{
	put_le16(bytes, (u16)sp_offset);
	put_le16(bytes + 2, 0);
	put_le16(bytes + 4, 0x0205);
}

#endif
