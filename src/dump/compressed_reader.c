/*
 * Pages of kdump-compressed files.
 *
 * The descriptor of a page is found by counting the bits before it in the second bitmap;
 * descriptors are read in pieces. Whole pages are decompressed to where they are wanted,
 * parts of pages by way of a cache.
 */
#include "dump/compressed_priv.h"
#include "dump/page_cache.h"

#include <string.h>

#define MAX_RUN	  32768 /* page frames looked ahead at once */
#define PIECE_LEN 512	/* descriptors read at once */

static const struct codec *const codecs[] = {&codec_zlib, &codec_lzo, &codec_snappy,
					     &codec_zstd};

struct compressed_reader {
	struct bitmap_view ram, pages;
	struct page_cache *cache;
	void *packed; /* one page as it lies in the file */
	void *codec_state[ARRAY_SIZE(codecs)];

	/* The part looked at last, and its bytes. */
	const struct compressed_part *part;
	const struct byte_source *src;

	/* Set bits before page frame `ranked`, so that reading on means counting on. */
	pfn_t ranked;
	u64 rank;

	/* Descriptors `piece_first` … of the part looked at last. */
	u64 piece_first, piece_count;
	u8 piece[PIECE_LEN * DISKDUMP_PAGE_DESC_LEN];
};

struct err *compressed_open_reader(struct dump_reader *r, size_t cache_bytes)
{
	const struct compressed_dump *c = r->d->state;
	struct compressed_reader *own = calloc(1, sizeof(*own));

	if (!own)
		return err_nomem();
	r->state = own;
	own->src = input_part(r->input, c->main->input);
	bitmap_view_init(&own->ram, &c->ram, own->src);
	bitmap_view_init(&own->pages, &c->pages, own->src);
	own->part = c->main;
	own->packed = malloc(dump_page_size(r->d));
	if (!own->packed)
		return err_nomem();
	return page_cache_new(dump_page_size(r->d), cache_bytes, &own->cache);
}

void compressed_close_reader(struct dump_reader *r)
{
	struct compressed_reader *own = r->state;

	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++)
		if (own->codec_state[i])
			codecs[i]->close(own->codec_state[i]);
	page_cache_free(own->cache);
	free(own->packed);
	free(own);
}

static bool part_has(const struct compressed_part *p, pfn_t pfn)
{
	return pfn >= p->first && pfn < p->end;
}

/* Go to the part that has @pfn, if there is one. */
static bool find_part(struct dump_reader *r, pfn_t pfn)
{
	const struct compressed_dump *c = r->d->state;
	struct compressed_reader *own = r->state;

	if (part_has(own->part, pfn))
		return true;
	for (size_t i = 0; i < c->num_parts; i++) {
		if (!part_has(&c->parts[i], pfn))
			continue;
		own->part = &c->parts[i];
		own->src = input_part(r->input, own->part->input);
		own->piece_count = 0;
		return true;
	}
	return false;
}

/* Which descriptor of its part is that of @pfn, which is present. */
static u64 find_index(struct dump_reader *r, pfn_t pfn)
{
	struct compressed_reader *own = r->state;

	if (pfn < own->ranked || pfn - own->ranked > MAX_RUN)
		own->rank = bitmap_rank(&own->pages, pfn);
	else
		own->rank += bitmap_count_between(&own->pages, own->ranked, pfn);
	own->ranked = pfn;
	return own->rank - own->part->first_rank;
}

/* Descriptors from @index on, *@ret_count of them; NULL if the file does not have any. */
static const u8 *find_descs(struct dump_reader *r, u64 index, u64 *ret_count)
{
	struct compressed_reader *own = r->state;
	const struct byte_source *src = own->src;
	u64 offset = own->part->dd.descs_offset + index * DISKDUMP_PAGE_DESC_LEN, count;
	const u8 *mapped;
	struct err *err;

	if (index - own->piece_first < own->piece_count) {
		*ret_count = own->piece_first + own->piece_count - index;
		return own->piece + (index - own->piece_first) * DISKDUMP_PAGE_DESC_LEN;
	}
	if (!range_fits(offset, DISKDUMP_PAGE_DESC_LEN, src->size))
		return NULL;
	count = min_u64(PIECE_LEN, (src->size - offset) / DISKDUMP_PAGE_DESC_LEN);
	*ret_count = count;
	mapped = src->map ? src->map(src, offset, count * DISKDUMP_PAGE_DESC_LEN) : NULL;
	if (mapped)
		return mapped;
	own->piece_count = 0;
	err = source_read(src, offset, own->piece, count * DISKDUMP_PAGE_DESC_LEN);
	if (err) {
		err_ignore(err);
		return NULL;
	}
	own->piece_first = index;
	own->piece_count = count;
	return own->piece;
}

static bool parse_desc(struct dump_reader *r, const u8 *bytes,
		       struct diskdump_page_desc *ret)
{
	const struct compressed_reader *own = r->state;

	diskdump_parse_page_desc(bytes, ret);
	return ret->size && ret->size <= dump_page_size(r->d) && ret->offset &&
	       range_fits(ret->offset, ret->size, own->src->size) &&
	       !input_has_lost(r->input, own->part->input, ret->offset, ret->size);
}

/* Find and check the descriptor of @pfn. */
static enum pfn_state find_desc(struct dump_reader *r, pfn_t pfn,
				struct diskdump_page_desc *ret)
{
	const struct compressed_dump *c = r->d->state;
	struct compressed_reader *own = r->state;
	const u8 *bytes;
	u64 count;

	if (pfn >= c->pages.num_bits)
		return pfn < c->main->dd.max_pfn ? PFN_LOST : PFN_ABSENT;
	if (!bitmap_test(&own->pages, pfn)) {
		/* Nothing is known where the bitmap cannot be read any more. */
		if (own->pages.has_failed)
			return PFN_LOST;
		return bitmap_test(&own->ram, pfn) ? PFN_EXCLUDED : PFN_ABSENT;
	}
	if (!find_part(r, pfn))
		return PFN_LOST;
	bytes = find_descs(r, find_index(r, pfn), &count);
	return bytes && parse_desc(r, bytes, ret) ? PFN_PRESENT : PFN_LOST;
}

/* Where the pages whose descriptors are all good, or all not, end; at most @end. */
static pfn_t find_same(struct dump_reader *r, pfn_t pfn, pfn_t end, bool is_good)
{
	u64 index = find_index(r, pfn);

	while (pfn < end) {
		struct diskdump_page_desc desc;
		u64 count;
		const u8 *bytes = find_descs(r, index, &count);

		if (!bytes)
			return is_good ? pfn : end;
		count = min_u64(count, end - pfn);
		for (u64 i = 0; i < count; i++)
			if (parse_desc(r, bytes + i * DISKDUMP_PAGE_DESC_LEN, &desc) !=
			    is_good)
				return pfn + i;
		pfn += count;
		index += count;
	}
	return end;
}

enum pfn_state compressed_pfn_run(struct dump_reader *r, pfn_t pfn, pfn_t *ret_end)
{
	struct compressed_reader *own = r->state;
	struct diskdump_page_desc desc;
	enum pfn_state state = find_desc(r, pfn, &desc);
	u64 end;

	if (!ret_end || pfn >= own->pages.b->num_bits)
		return state;
	if (!bitmap_test(&own->pages, pfn)) {
		bool is_ram = bitmap_test(&own->ram, pfn);

		end = bitmap_find(&own->pages, pfn, pfn + MAX_RUN, true);
		*ret_end = bitmap_find(&own->ram, pfn, end, !is_ram);
	} else if (part_has(own->part, pfn)) {
		end = min_u64(own->part->end, pfn + MAX_RUN);
		end = bitmap_find(&own->pages, pfn, end, false);
		*ret_end = find_same(r, pfn, end, state == PFN_PRESENT);
	}
	return state;
}

static const struct codec *find_codec(u32 flags, size_t *ret_index)
{
	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
		if (codecs[i]->flag == (flags & DISKDUMP_CODECS)) {
			*ret_index = i;
			return codecs[i];
		}
	}
	return NULL;
}

/* The bytes of a page as they lie in the file, good until the next call. */
static struct err *get_packed(struct dump_reader *r, const struct diskdump_page_desc *desc,
			      const void **ret)
{
	struct compressed_reader *own = r->state;
	struct err *err;

	*ret = own->src->map ? own->src->map(own->src, desc->offset, desc->size) : NULL;
	if (*ret)
		return NULL;
	err = source_read(own->src, desc->offset, own->packed, desc->size);
	if (!err)
		*ret = own->packed;
	return err;
}

/* Can the data be what the descriptor says? */
static struct err *check_desc(struct dump_reader *r, const struct diskdump_page_desc *desc)
{
	const struct compressed_reader *own = r->state;
	bool is_raw = !(desc->flags & DISKDUMP_CODECS);
	size_t i;

	if (is_raw && desc->size != dump_page_size(r->d))
		return err_new(ERR_BAD_DATA, "%s: raw page at offset 0x%llx has %u bytes",
			       own->src->name, (unsigned long long)desc->offset,
			       desc->size);
	if (!is_raw && !find_codec(desc->flags, &i))
		return err_new(ERR_BAD_DATA,
			       "%s: page at offset 0x%llx has unknown compression 0x%x",
			       own->src->name, (unsigned long long)desc->offset,
			       desc->flags);
	return NULL;
}

static struct err *decode(struct dump_reader *r, const struct diskdump_page_desc *desc,
			  const void *packed, void *page)
{
	struct compressed_reader *own = r->state;
	size_t i = 0;
	const struct codec *codec = find_codec(desc->flags, &i);

	if (codec->open && !own->codec_state[i]) {
		own->codec_state[i] = codec->open();
		if (!own->codec_state[i])
			return err_nomem();
	}
	if (!codec->decode(own->codec_state[i], packed, desc->size, page,
			   dump_page_size(r->d)))
		return err_new(ERR_BAD_DATA,
			       "%s: page at offset 0x%llx (%u bytes) is damaged: it is not "
			       "%s data of one page",
			       own->src->name, (unsigned long long)desc->offset, desc->size,
			       codec->name);
	return NULL;
}

static struct err *load_page(struct dump_reader *r, const struct diskdump_page_desc *desc,
			     void *page)
{
	const struct compressed_reader *own = r->state;
	const void *packed;
	struct err *err = check_desc(r, desc);

	if (err)
		return err;
	if (!(desc->flags & DISKDUMP_CODECS))
		return source_read(own->src, desc->offset, page, desc->size);
	err = get_packed(r, desc, &packed);
	return err ? err : decode(r, desc, packed, page);
}

/* Say of a page that cannot be had, whatever the reason, that it is a fault. */
static struct err *fault_at(const struct dump_reader *r, pfn_t pfn, struct err *why)
{
	paddr_t addr = pfn << r->d->page_shift;
	struct err *fault;

	if (!why || err_code(why) == ERR_NOMEM)
		return why;
	fault = err_fault(addr, "physical address 0x%llx: %s", (unsigned long long)addr,
			  err_message(why));
	err_free(why);
	return fault;
}

static struct err *read_page(struct dump_reader *r, pfn_t pfn, void *page)
{
	struct diskdump_page_desc desc;
	enum pfn_state state = find_desc(r, pfn, &desc);

	if (state != PFN_PRESENT)
		return dump_page_fault(pfn << r->d->page_shift, state);
	return fault_at(r, pfn, load_page(r, &desc, page));
}

struct err *compressed_packed(struct dump_reader *r, pfn_t pfn, const void **data,
			      size_t *len, u32 *flags)
{
	struct diskdump_page_desc desc;
	enum pfn_state state = find_desc(r, pfn, &desc);
	struct err *err;

	if (state != PFN_PRESENT)
		return dump_page_fault(pfn << r->d->page_shift, state);
	err = check_desc(r, &desc);
	if (!err)
		err = get_packed(r, &desc, data);
	*len = desc.size;
	*flags = desc.flags & DISKDUMP_CODECS;
	return fault_at(r, pfn, err);
}

static struct err *get_page(struct dump_reader *r, pfn_t pfn, const void **ret)
{
	struct compressed_reader *own = r->state;
	void *page;
	struct err *err;

	*ret = page_cache_find(own->cache, pfn);
	if (*ret)
		return NULL;
	page = page_cache_claim(own->cache, pfn);
	if (!page)
		return err_nomem();
	err = read_page(r, pfn, page);
	if (err)
		return err;
	page_cache_keep(own->cache, pfn);
	*ret = page;
	return NULL;
}

struct err *compressed_read_phys(struct dump_reader *r, paddr_t addr, void *data,
				 size_t len, size_t *ret_len)
{
	u64 page_size = dump_page_size(r->d), in_page = addr & (page_size - 1);
	pfn_t pfn = addr >> r->d->page_shift;
	const char *page;
	struct err *err;

	len = min_u64(len, page_size - in_page);
	if (len == page_size) {
		err = read_page(r, pfn, data);
	} else {
		err = get_page(r, pfn, (const void **)&page);
		if (!err)
			memcpy(data, page + in_page, len);
	}
	if (!err)
		*ret_len = len;
	return err;
}
