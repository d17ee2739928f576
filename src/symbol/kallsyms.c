#include "symbol/kallsyms.h"

#include "base/bytes.h"

/* Where every 64th name begins is remembered: a name is found by at most 63 hops. */
#define MARKER_SHIFT 6
#define MARKER_EVERY (1u << MARKER_SHIFT)

#define NUM_TOKENS	 256
#define LONG_NAME	 0x80 /* 73bbb94466fd ("kallsyms: support "big" kernel symbols") */
#define HASH_FACTOR	 0x9e3779b1u
#define FINGERPRINT_STEP 256
/* A lookup expands this many names at most; by chance, two or three share a fingerprint. */
#define MAX_CANDIDATES 1024

/* How an offset becomes an address. */
enum offset_kind {
	/* CONFIG_KALLSYMS_ABSOLUTE_PERCPU: not negative is an address (of a per-CPU
	   variable), negative counts back from the base. */
	OFFSET_ABSOLUTE_PERCPU,
	OFFSET_FROM_BASE,
	/* Newer kernels have no base: an offset counts from where it lies itself. */
	OFFSET_FROM_ITSELF,
	NUM_OFFSET_KINDS,
};

/* The hash of a text is a polynomial in HASH_FACTOR, so that the hash of a name is put
 * together from those of its tokens: hash(ab) = hash(a) * factor^|b| + hash(b). */
struct token {
	const char *text;
	u32 len;
	u32 hash, power; /* of the text; factor^len */
	u32 tail_hash;	 /* of the text without its first letter */
};

struct kallsyms {
	struct kallsyms_tables t;
	enum offset_kind offset_kind;
	struct token tokens[NUM_TOKENS];
	u32 *markers;
	u16 *fingerprints;
};

static u32 hash_text(const char *text, size_t len)
{
	u32 hash = 0;

	for (size_t i = 0; i < len; i++)
		hash = hash * HASH_FACTOR + (u8)text[i];
	return hash;
}

static u16 fingerprint(u32 hash)
{
	return (u16)((hash * 0x85ebca6bu) >> 16);
}

static struct err *index_tokens(struct kallsyms *k)
{
	const char *table = k->t.token_table;

	for (unsigned i = 0; i < NUM_TOKENS; i++) {
		size_t start = get_le16((const u8 *)k->t.token_index + 2 * (size_t)i);
		const char *end = NULL;
		struct token *token = &k->tokens[i];

		if (start < k->t.token_table_len)
			end = memchr(table + start, '\0', k->t.token_table_len - start);
		if (!end)
			return err_new(ERR_BAD_DATA,
				       "kallsyms: token %u at %zu lies outside the table "
				       "of %zu bytes",
				       i, start, k->t.token_table_len);
		*token = (struct token){.text = table + start,
					.len = (u32)(end - table - (s64)start),
					.power = 1};
		token->hash = hash_text(token->text, token->len);
		if (token->len)
			token->tail_hash = hash_text(token->text + 1, token->len - 1);
		for (u32 n = 0; n < token->len; n++)
			token->power *= HASH_FACTOR;
	}
	return NULL;
}

/* The tokens of the name at @*offset; moves *@offset behind them. False if they do not fit.
 */
static bool next_name(const struct kallsyms *k, size_t *offset, const u8 **ret,
		      u32 *ret_len)
{
	const u8 *names = k->t.names;
	size_t at = *offset;
	u32 len;

	if (at >= k->t.names_len)
		return false;
	len = names[at++];
	if (len & LONG_NAME) {
		if (at >= k->t.names_len)
			return false;
		len = (len & (LONG_NAME - 1)) | (u32)names[at++] << 7;
	}
	if (!range_fits(at, len, k->t.names_len))
		return false;
	*ret = names + at;
	*ret_len = len;
	*offset = at + len;
	return true;
}

/* The hash of a compressed name without its first letter, which is the type. */
static u32 hash_name(const struct kallsyms *k, const u8 *tokens, u32 len)
{
	u32 hash = 0;
	bool has_type = false;

	for (u32 i = 0; i < len; i++) {
		const struct token *token = &k->tokens[tokens[i]];

		if (has_type) {
			hash = hash * token->power + token->hash;
		} else if (token->len) {
			hash = token->tail_hash;
			has_type = true;
		}
	}
	return hash;
}

static struct err *index_names(struct kallsyms *k)
{
	size_t offset = 0;

	k->markers = calloc((k->t.num_symbols >> MARKER_SHIFT) + 1, sizeof(*k->markers));
	k->fingerprints = calloc(align_up(k->t.num_symbols, FINGERPRINT_STEP),
				 sizeof(*k->fingerprints));
	if (!k->markers || !k->fingerprints)
		return err_nomem();
	for (u32 i = 0; i < k->t.num_symbols; i++) {
		const u8 *tokens;
		u32 len;

		if (i % MARKER_EVERY == 0)
			k->markers[i >> MARKER_SHIFT] = (u32)offset;
		if (!next_name(k, &offset, &tokens, &len))
			return err_new(ERR_BAD_DATA,
				       "kallsyms: name %u of %u at offset %zu does not fit "
				       "into %zu bytes",
				       i, k->t.num_symbols, offset, k->t.names_len);
		k->fingerprints[i] = fingerprint(hash_name(k, tokens, len));
	}
	return NULL;
}

/* Write the letters of a compressed name to @text, cut off where it is full. */
static void expand_name(const struct kallsyms *k, const u8 *tokens, u32 len, char *ret_type,
			char text[KALLSYMS_NAME_LEN])
{
	size_t used = 0;
	bool has_type = false;

	*ret_type = '?';
	for (u32 i = 0; i < len; i++) {
		const struct token *token = &k->tokens[tokens[i]];
		const char *from = token->text;
		size_t count = token->len;

		if (!has_type && count) {
			*ret_type = *from++;
			count--;
			has_type = true;
		}
		if (count > KALLSYMS_NAME_LEN - 1 - used)
			count = KALLSYMS_NAME_LEN - 1 - used;
		memcpy(text + used, from, count);
		used += count;
	}
	text[used] = '\0';
}

static void get_name(const struct kallsyms *k, u32 index, char *ret_type,
		     char text[KALLSYMS_NAME_LEN])
{
	size_t offset = k->markers[index >> MARKER_SHIFT];
	const u8 *tokens = NULL;
	u32 len = 0;

	/* index_names() has seen all of them. */
	for (u32 i = align_down(index, MARKER_EVERY); i <= index; i++)
		if (!next_name(k, &offset, &tokens, &len))
			len = 0;
	expand_name(k, tokens, len, ret_type, text);
}

static vaddr_t get_addr(const struct kallsyms *k, u32 index)
{
	u32 raw = get_le32((const u8 *)k->t.offsets + 4 * (size_t)index);
	u64 extended = (u64)(s64)(s32)raw;

	switch (k->offset_kind) {
	case OFFSET_ABSOLUTE_PERCPU:
		return (s32)raw >= 0 ? raw : k->t.relative_base - 1 - extended;
	case OFFSET_FROM_BASE:
		return k->t.relative_base + raw;
	default:
		return k->t.offsets_addr + 4 * (u64)index + extended;
	}
}

/* Find the next symbol from @*index on whose fingerprint is @wanted. */
static bool find_next(const struct kallsyms *k, u16 wanted, u32 *index)
{
	u32 i = *index;

	while (i < k->t.num_symbols) {
		/* A whole step is compared at once, which compilers turn into wide
		 * instructions. */
		if (i % FINGERPRINT_STEP == 0) {
			const u16 *step = k->fingerprints + i;
			u16 any = 0;

			for (unsigned n = 0; n < FINGERPRINT_STEP; n++)
				any |= step[n] == wanted;
			if (!any) {
				i += FINGERPRINT_STEP;
				continue;
			}
		}
		if (k->fingerprints[i] == wanted) {
			*index = i;
			return true;
		}
		i++;
	}
	return false;
}

static bool find_index(const struct kallsyms *k, const char *name, u32 *ret)
{
	u16 wanted = fingerprint(hash_text(name, strlen(name)));
	unsigned num_candidates = 0;
	bool is_found = false;

	for (u32 i = 0; find_next(k, wanted, &i) && num_candidates < MAX_CANDIDATES; i++) {
		char text[KALLSYMS_NAME_LEN];
		char type;

		num_candidates++;
		get_name(k, i, &type, text);
		if (strcmp(text, name) != 0)
			continue;
		if (!is_found || (type >= 'A' && type <= 'Z'))
			*ret = i;
		is_found = true;
		if (type >= 'A' && type <= 'Z')
			break;
	}
	return is_found;
}

/* Choose the reading of the offsets that puts _stext where VMCOREINFO says. */
static struct err *choose_offset_kind(struct kallsyms *k)
{
	u32 index;

	if (!find_index(k, "_stext", &index))
		return err_new(ERR_BAD_DATA, "kallsyms: no _stext among %u symbols",
			       k->t.num_symbols);
	for (int kind = 0; kind < NUM_OFFSET_KINDS; kind++) {
		k->offset_kind = (enum offset_kind)kind;
		if (kind != OFFSET_FROM_ITSELF && !k->t.has_relative_base)
			continue;
		if (get_addr(k, index) == k->t.text_start)
			return NULL;
	}
	return err_new(ERR_BAD_DATA,
		       "kallsyms: no known reading of the offsets puts _stext at 0x%llx",
		       (unsigned long long)k->t.text_start);
}

struct err *kallsyms_open(const struct kallsyms_tables *tables, struct kallsyms **ret)
{
	cleanup(kallsyms_freep) struct kallsyms *k = calloc(1, sizeof(*k));
	struct err *err;

	if (!k)
		return err_nomem();
	k->t = *tables;
	if (tables->num_symbols == 0 || tables->num_symbols > KALLSYMS_MAX_SYMBOLS)
		return err_new(ERR_BAD_DATA,
			       "kallsyms: an impossible number of symbols: %u",
			       tables->num_symbols);
	if (k->t.names_len > KALLSYMS_MAX_NAMES_LEN)
		k->t.names_len = KALLSYMS_MAX_NAMES_LEN;
	err = index_tokens(k);
	if (!err)
		err = index_names(k);
	if (!err)
		err = choose_offset_kind(k);
	if (err)
		return err;
	*ret = steal(k);
	return NULL;
}

void kallsyms_free(struct kallsyms *k)
{
	if (!k)
		return;
	free(k->markers);
	free(k->fingerprints);
	free(k);
}

u32 kallsyms_count(const struct kallsyms *k)
{
	return k->t.num_symbols;
}

/* One past the last symbol whose address is not above @addr. */
static u32 upper_bound(const struct kallsyms *k, vaddr_t addr)
{
	u32 low = 0, high = k->t.num_symbols;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (get_addr(k, middle) <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first symbol whose address is not below @addr. */
static u32 lower_bound(const struct kallsyms *k, vaddr_t addr)
{
	return addr ? upper_bound(k, addr - 1) : 0;
}

void kallsyms_get(const struct kallsyms *k, u32 index, struct kallsyms_symbol *ret)
{
	u32 next;

	ret->addr = get_addr(k, index);
	next = upper_bound(k, ret->addr);
	ret->size = next < k->t.num_symbols ? get_addr(k, next) - ret->addr : 0;
	get_name(k, index, &ret->type, ret->name);
}

bool kallsyms_find(const struct kallsyms *k, const char *name, vaddr_t *ret)
{
	u32 index;

	if (!find_index(k, name, &index))
		return false;
	*ret = get_addr(k, index);
	return true;
}

bool kallsyms_at(const struct kallsyms *k, vaddr_t addr, struct kallsyms_symbol *ret)
{
	u32 end = upper_bound(k, addr);

	if (end == 0)
		return false;
	kallsyms_get(k, lower_bound(k, get_addr(k, end - 1)), ret);
	return true;
}
