/*
 * The whole report over a real dump that something has damaged: everything is read as of a
 * healthy one, but for a few values that are not what they were. The dumps are reduced to
 * what a report reads (tests/dumps/reduced); each place that it reads is a site.
 *
 * An input is a byte that chooses the dump, and edits of EDIT_LEN bytes: what to do, two
 * arguments, at which site, and a value or another site. So any bytes mean something, and
 * what they mean is close to what goes wrong: pointers to other objects, lists that point
 * to themselves, counts and lengths without measure, tables that refer to themselves, types
 * that contain themselves, names that are markup.
 */
#include "analyse/brief.h"
#include "analyse/render_html.h"
#include "analyse/render_text.h"
#include "analyse/report.h"
#include "base/bytes.h"
#include "core_image.h"
#include "fuzz.h"
#include "symbol/btf_format_priv.h"

#include <stdio.h>

#define EDIT_LEN  16
#define MAX_EDITS 48
#define MAX_UNDO  8192
#define MAX_SITES (1u << 18)
#define MAX_TYPES 4096

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b,
				 size_t b_size, uint8_t *out, size_t max_size,
				 unsigned int seed);

static const char *const seeds[] = {"deadlock-6.1", "frozen-fs-6.12"};
static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};

struct site {
	u32 offset;   /* in the file */
	u8 len;	      /* 1 … 8 */
	bool is_part; /* of a longer read: a table, a stack, a text */
};

struct base {
	struct core_image image;
	struct site *sites;
	u32 num_sites;
	u32 num_short; /* the first of them are no parts */
	vaddr_t direct_map;
	u32 *types; /* where each type of BTF lies in the file */
	u32 num_types;
};

/* ---- the dumps and their sites ---- */

struct recorder {
	struct base *b;
	u8 *seen; /* of each byte of the file: a read begins there */
};

static void add_site(struct base *b, u8 *seen, u64 offset, size_t len, bool is_part)
{
	if (b->num_sites == MAX_SITES || seen[offset])
		return;
	seen[offset] = 1;
	b->sites[b->num_sites++] = (struct site){(u32)offset, (u8)len, is_part};
}

static struct err *record_read(const struct byte_source *src, u64 offset, void *data,
			       size_t len)
{
	struct recorder *r = src->ctx;

	memcpy(data, r->b->image.file + offset, len);
	if (len <= 8)
		add_site(r->b, r->seen, offset, len, false);
	else
		for (size_t at = 0; at + 8 <= len; at += 8)
			add_site(r->b, r->seen, offset + at, 8, true);
	return NULL;
}

static void report(struct dump *d, vaddr_t *ret_direct_map, paddr_t *ret_types)
{
	const struct report_options options = {.log_records = 30};
	cleanup(kernel_closep) struct kernel *k = NULL;
	cleanup(json_decrefp) json_t *tree = NULL;
	cleanup(buf_deinit) struct buf text = BUF_INIT, page = BUF_INIT, brief = BUF_INIT;
	char *json = NULL;
	vaddr_t types;

	err_ignore(kernel_open(d, &k));
	if (!k)
		return;
	err_ignore(report_build(k, &options, &tree));
	if (tree) {
		report_render_text(&text, tree);
		err_ignore(report_render_html(&page, tree));
		json = json_dumps(tree, 0);
		if (!json)
			abort();
		free(json);
	}
	err_ignore(brief_format(&brief, k));
	if (!ret_types)
		return;
	if (!dump_direct_map(d, ret_direct_map) ||
	    !kernel_symbol_find(k, "__start_BTF", &types))
		abort();
	err_ignore(dump_translate(d, types, ret_types));
}

static int compare_sites(const void *a, const void *b)
{
	const struct site *x = a, *y = b;

	if (x->is_part != y->is_part)
		return x->is_part ? 1 : -1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static void find_types(struct base *b, paddr_t header)
{
	const u8 *data = core_image_at(&b->image, header, NULL);
	const u8 *start = data + HEADER_LEN + get_le32(data + 8);
	u32 len = get_le32(data + 12);

	b->types = calloc(MAX_TYPES, sizeof(*b->types));
	for (u32 at = 0; at < len && b->num_types < MAX_TYPES;) {
		u32 info = get_le32(start + at + 4), kind = info >> 24 & 0x1f;

		b->types[b->num_types++] = (u32)(start + at - b->image.file);
		at += TYPE_LEN + kind_lens[kind].fixed +
		      (info & 0xffff) * kind_lens[kind].per_element;
	}
}

static void base_init(struct base *b, const char *name)
{
	struct recorder r = {.b = b};
	struct byte_source src = {.read_at = record_read, .ctx = &r, .name = name};
	struct dump *d = NULL;
	paddr_t types = 0;

	core_image_read_seed(&b->image, name);
	b->sites = calloc(MAX_SITES, sizeof(*b->sites));
	r.seen = calloc(1, b->image.len);
	src.size = b->image.len;
	err_ignore(dump_open_source(&src, formats, &d));
	if (!d)
		abort();
	report(d, &b->direct_map, &types);
	dump_close(d);
	free(r.seen);
	qsort(b->sites, b->num_sites, sizeof(*b->sites), compare_sites);
	while (b->num_short < b->num_sites && !b->sites[b->num_short].is_part)
		b->num_short++;
	find_types(b, types);
}

static struct base *bases(void)
{
	static struct base all[ARRAY_SIZE(seeds)];

	if (!all[0].num_sites)
		for (size_t i = 0; i < ARRAY_SIZE(seeds); i++)
			base_init(&all[i], seeds[i]);
	return all;
}

/* ---- edits ---- */

enum edit_kind {
	EDIT_SET,
	EDIT_ADD,
	EDIT_POINT,	 /* to another site */
	EDIT_POINT_BACK, /* to itself, or close to it */
	EDIT_COPY,	 /* what another site has */
	EDIT_EXTREME,
	EDIT_TEXT,
	EDIT_FLIP,
	EDIT_BLOCK, /* copy more than one value */
	EDIT_FILL,
	EDIT_TABLE, /* an entry of a page table, for the page of another site */
	EDIT_TYPE,  /* a word of a type */
	NUM_EDIT_KINDS,
};

static const u64 extremes[] = {
	0,
	1,
	2,
	0x7f,
	0xff,
	0x7fff,
	0xffff,
	0x10000,
	0x100000,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	0x100000000,
	0x7fffffffffffffff,
	0x8000000000000000,
	0xffffffffffffffff,
	0xfffffffffffff000,
	0xffffffff80000000,
	0xdead000000000100,
	0x6b6b6b6b6b6b6b6b,
	0x0000800000000000,
};

static const char *const texts[] = {
	"\033]0;title\007\033[2J",
	"<script>alert(1)</script>",
	"\"><img src=x onerror=y>&amp;",
	"\377\376\300\200\355\240\200",
	"\n\r\t\b\v% s%n%p",
	"kernel BUG at ../../../..:4294967295!\n",
	"\342\200\256evil\342\200\254",
};

/* What edits did, to be undone. */
struct undo {
	struct base *b;
	struct {
		u32 offset;
		u8 was;
	} bytes[MAX_UNDO];
	size_t num;
};

static void put(struct undo *u, u64 offset, const void *data, size_t len)
{
	for (size_t i = 0; i < len && offset + i < u->b->image.len; i++) {
		if (u->num == MAX_UNDO)
			return;
		u->bytes[u->num].offset = (u32)(offset + i);
		u->bytes[u->num++].was = u->b->image.file[offset + i];
		u->b->image.file[offset + i] = ((const u8 *)data)[i];
	}
}

static void put_value(struct undo *u, const struct site *s, u64 value)
{
	u8 bytes[8];

	put_le64(bytes, value);
	put(u, s->offset, bytes, s->len);
}

static u64 value_of(const struct base *b, const struct site *s)
{
	u8 bytes[8] = {0};

	memcpy(bytes, b->image.file + s->offset, s->len);
	return get_le64(bytes);
}

static paddr_t paddr_of(const struct base *b, const struct site *s)
{
	for (size_t i = 0; i < b->image.num_runs; i++)
		if (s->offset - b->image.runs[i].offset < b->image.runs[i].len)
			return b->image.runs[i].start + s->offset - b->image.runs[i].offset;
	return 0;
}

static void edit_type(struct undo *u, u8 what, u32 index, u64 value)
{
	struct base *b = u->b;
	u32 id = index % b->num_types, at = b->types[id];
	u32 info = get_le32(b->image.file + at + 4), count = info & 0xffff;
	u32 word = value >> 32;
	u8 bytes[4];

	switch (what % 8) {
	case 0: /* of another kind */
		info = (info & 0xe0ffffff) | (word & 0x1f) << 24;
		put_le32(bytes, info);
		put(u, at + 4, bytes, 4);
		return;
	case 1: /* of more elements */
		put_le32(bytes, (info & 0xffff0000) | (word & 0xffff));
		put(u, at + 4, bytes, 4);
		return;
	case 2: /* size, or the type it leads to: another, itself */
		put_le32(bytes, word & 1 ? id + 1 : (u32)value);
		put(u, at + 8, bytes, 4);
		return;
	case 3:
		put_le32(bytes, (u32)value);
		put(u, at, bytes, 4);
		return;
	default: /* a word of an element: name, type, offset */
		at += TYPE_LEN + (count ? word % count : 0) * MEMBER_LEN + what % 3 * 4;
		put_le32(bytes, what & 16 ? (u32)value % (b->num_types + 1) : (u32)value);
		put(u, at, bytes, 4);
	}
}

static void edit_text(struct undo *u, u8 what, u32 offset, u64 value)
{
	const char *text = texts[value % ARRAY_SIZE(texts)];

	/* With the 0 behind it, or without. */
	put(u, offset, text, strlen(text) + (what & 1));
}

static void apply(struct undo *u, const uint8_t *edit)
{
	struct base *b = u->b;
	u8 what = edit[1];
	u16 more = get_le16(edit + 2);
	const struct site *s = &b->sites[get_le32(edit + 4) % b->num_sites], *other;
	u64 value = get_le64(edit + 8);
	u8 fill[256];

	other = &b->sites[value % b->num_sites];
	switch (edit[0] % NUM_EDIT_KINDS) {
	case EDIT_ADD:
		put_value(u, s, value_of(b, s) + (u64)(s64)(s16)more);
		break;
	case EDIT_POINT:
		put_value(u, s,
			  b->direct_map + paddr_of(b, other) + (u64)(s64)(int8_t)what);
		break;
	case EDIT_POINT_BACK:
		put_value(u, s, b->direct_map + paddr_of(b, s) + (u64)(s64)(int8_t)what);
		break;
	case EDIT_COPY:
		put_value(u, s, value_of(b, other) + (u64)(s64)(int8_t)what);
		break;
	case EDIT_EXTREME:
		put_value(u, s, extremes[value % ARRAY_SIZE(extremes)]);
		break;
	case EDIT_TEXT:
		edit_text(u, what, s->offset, value);
		break;
	case EDIT_FLIP:
		put_value(u, s, value_of(b, s) ^ 1ull << what % 64);
		break;
	case EDIT_BLOCK:
		put(u, s->offset, b->image.file + other->offset,
		    min_u64(what * 8, b->image.len - other->offset));
		break;
	case EDIT_FILL:
		memset(fill, (int)value, sizeof(fill));
		put(u, s->offset, fill, what);
		break;
	case EDIT_TABLE:
		put_value(u, s,
			  (paddr_of(b, what & 1 ? s : other) & ~0xfffull) |
				  (what & 2 ? 0xe7 : 0x67));
		break;
	case EDIT_TYPE:
		edit_type(u, what, get_le32(edit + 4), value);
		break;
	default:
		put_value(u, s, value);
	}
}

static void take_back(struct undo *u)
{
	while (u->num) {
		u->num--;
		u->b->image.file[u->bytes[u->num].offset] = u->bytes[u->num].was;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct undo u;
	cleanup(dump_closep) struct dump *d = NULL;
	struct byte_source src;

	if (!size)
		return 0;
	u.b = &bases()[data[0] % ARRAY_SIZE(seeds)];
	data++;
	size--;
	for (unsigned i = 0; i < MAX_EDITS && size >= EDIT_LEN; i++) {
		apply(&u, data);
		data += EDIT_LEN;
		size -= EDIT_LEN;
	}
	src = source_from_memory(u.b->image.file, u.b->image.len, "fuzz");
	err_ignore(dump_open_source(&src, formats, &d));
	if (d)
		report(d, NULL, NULL);
	take_back(&u);
	return 0;
}

/* ---- how edits are made up ---- */

static u32 next_random(u64 *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(*state >> 33);
}

/* Mostly a value that is read by itself, and seldom a part of a table. */
static u32 random_site(const struct base *b, u64 *state)
{
	u32 r = next_random(state);

	return next_random(state) % 8 ? r % b->num_short : r % b->num_sites;
}

static void make_edit(const struct base *b, u64 *state, uint8_t *edit)
{
	static const u8 kinds[] = {
		EDIT_SET,	 EDIT_ADD,	  EDIT_POINT,	EDIT_POINT, EDIT_POINT,
		EDIT_POINT_BACK, EDIT_POINT_BACK, EDIT_COPY,	EDIT_COPY,  EDIT_COPY,
		EDIT_EXTREME,	 EDIT_EXTREME,	  EDIT_EXTREME, EDIT_TEXT,  EDIT_FLIP,
		EDIT_FLIP,	 EDIT_BLOCK,	  EDIT_FILL,	EDIT_TABLE, EDIT_TYPE,
		EDIT_TYPE,	 EDIT_TYPE,
	};

	edit[0] = kinds[next_random(state) % sizeof(kinds)];
	/* Mostly aligned, and often 0. */
	edit[1] = (u8)(next_random(state) % 2 ? next_random(state) & ~7u : 0);
	if (edit[0] == EDIT_TYPE || edit[0] == EDIT_FLIP || edit[0] == EDIT_TABLE)
		edit[1] = (u8)next_random(state);
	put_le16(edit + 2, (u16)next_random(state));
	put_le32(edit + 4, random_site(b, state));
	put_le64(edit + 8, edit[0] == EDIT_SET || edit[0] == EDIT_TYPE
				   ? next_random(state) | (u64)next_random(state) << 32
				   : random_site(b, state));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	u64 state = seed;
	size_t num = size ? (size - 1) / EDIT_LEN : 0, at;
	const struct base *b;

	if (max_size < 1 + EDIT_LEN || size > 1 + MAX_EDITS * EDIT_LEN)
		return min_u64(size, 1 + MAX_EDITS * EDIT_LEN);
	if (!size)
		data[0] = (u8)next_random(&state);
	b = &bases()[data[0] % ARRAY_SIZE(seeds)];
	at = num ? next_random(&state) % num : 0;
	switch (num ? next_random(&state) % 10 : 9) {
	case 0:
		return LLVMFuzzerMutate(data, size,
					min_u64(max_size, 1 + MAX_EDITS * EDIT_LEN));
	case 1: /* without one */
		memmove(data + 1 + at * EDIT_LEN, data + 1 + (at + 1) * EDIT_LEN,
			(num - at - 1) * EDIT_LEN);
		return 1 + (num - 1) * EDIT_LEN;
	case 2: /* the same, close by */
		put_le32(data + 1 + at * EDIT_LEN + 4,
			 get_le32(data + 1 + at * EDIT_LEN + 4) + next_random(&state) % 7 -
				 3);
		return 1 + num * EDIT_LEN;
	case 3: /* a part of one */
		data[1 + at * EDIT_LEN + next_random(&state) % EDIT_LEN] ^=
			(u8)(1u << next_random(&state) % 8);
		return 1 + num * EDIT_LEN;
	case 4:
		make_edit(b, &state, data + 1 + at * EDIT_LEN);
		return 1 + num * EDIT_LEN;
	default:
		if (num >= MAX_EDITS || 1 + (num + 1) * EDIT_LEN > max_size)
			num = at;
		make_edit(b, &state, data + 1 + num * EDIT_LEN);
		return 1 + (num + 1) * EDIT_LEN;
	}
}

/* Some edits of one, and then some of the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b,
				 size_t b_size, uint8_t *out, size_t max_size,
				 unsigned int seed)
{
	u64 state = seed;
	size_t a_num = a_size ? (a_size - 1) / EDIT_LEN : 0;
	size_t b_num = b_size ? (b_size - 1) / EDIT_LEN : 0;
	size_t room = max_size ? (max_size - 1) / EDIT_LEN : 0;

	if (!a_size || !max_size)
		return 0;
	a_num = min_u64(a_num ? next_random(&state) % (a_num + 1) : 0, room);
	b_num = min_u64(b_num ? next_random(&state) % (b_num + 1) : 0, room - a_num);
	out[0] = a[0];
	memcpy(out + 1, a + 1, a_num * EDIT_LEN);
	if (b_num)
		memcpy(out + 1 + a_num * EDIT_LEN, b + 1, b_num * EDIT_LEN);
	return 1 + (a_num + b_num) * EDIT_LEN;
}
