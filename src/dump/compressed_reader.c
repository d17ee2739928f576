/*
 * Pages of kdump-compressed files.
 *
 * The descriptor of a page is found by counting the bits before it in the second bitmap,
 * read when needed, and its page decompressed into a cache.
 */
#include "dump/compressed_priv.h"
#include "dump/page_cache.h"

#include <string.h>

#define MAX_RUN 32768 /* page frames looked ahead at once */

static const struct codec *const codecs[] = {&codec_zlib, &codec_lzo, &codec_snappy,
					     &codec_zstd};

struct compressed_reader {
	struct page_cache *cache;
	void *packed; /* one page as it lies in the file */
	void *codec_state[ARRAY_SIZE(codecs)];
};

struct err *compressed_open_reader(struct dump_reader *r, size_t cache_bytes)
{
	struct compressed_reader *c = calloc(1, sizeof(*c));

	if (!c)
		return err_nomem();
	r->state = c;
	c->packed = malloc(dump_page_size(r->d));
	if (!c->packed)
		return err_nomem();
	return page_cache_new(dump_page_size(r->d), cache_bytes, &c->cache);
}

void compressed_close_reader(struct dump_reader *r)
{
	struct compressed_reader *c = r->state;

	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++)
		if (c->codec_state[i])
			codecs[i]->close(c->codec_state[i]);
	page_cache_free(c->cache);
	free(c->packed);
	free(c);
}

/* Find and check the descriptor of @pfn. */
static enum pfn_state find_desc(struct dump_reader *r, pfn_t pfn,
				struct diskdump_page_desc *ret)
{
	const struct compressed_dump *c = r->d->state;
	u8 bytes[DISKDUMP_PAGE_DESC_LEN];
	u64 index, offset;
	struct err *err;

	if (pfn >= c->pages.num_bits)
		return pfn < c->dd.max_pfn ? PFN_LOST : PFN_ABSENT;
	if (!bitmap_test(&c->pages, pfn))
		return bitmap_test(&c->ram, pfn) ? PFN_EXCLUDED : PFN_ABSENT;
	index = bitmap_rank(&c->pages, pfn);
	if (c->dd.is_split) {
		if (pfn < c->dd.split_start || pfn >= c->dd.split_end)
			return PFN_LOST;
		index -= bitmap_rank(&c->pages, c->dd.split_start);
	}
	offset = c->dd.descs_offset + index * DISKDUMP_PAGE_DESC_LEN;
	if (!range_fits(offset, sizeof(bytes), r->src->size))
		return PFN_LOST;
	err = source_read(r->src, offset, bytes, sizeof(bytes));
	if (err) {
		err_ignore(err);
		return PFN_LOST;
	}
	diskdump_parse_page_desc(bytes, ret);
	if (!ret->size || ret->size > c->dd.block_size || !ret->offset ||
	    !range_fits(ret->offset, ret->size, r->src->size))
		return PFN_LOST;
	return PFN_PRESENT;
}

enum pfn_state compressed_pfn_run(struct dump_reader *r, pfn_t pfn, pfn_t *ret_end)
{
	const struct compressed_dump *c = r->d->state;
	struct diskdump_page_desc desc;
	bool is_ram = bitmap_test(&c->ram, pfn);

	if (pfn < c->pages.num_bits && !bitmap_test(&c->pages, pfn)) {
		u64 end = bitmap_find(&c->pages, pfn, pfn + MAX_RUN, true);

		*ret_end = max_u64(pfn + 1, bitmap_find(&c->ram, pfn, end, !is_ram));
	}
	return find_desc(r, pfn, &desc);
}

static struct err *decode(struct dump_reader *r, const struct diskdump_page_desc *desc,
			  const void *packed, void *page)
{
	struct compressed_reader *c = r->state;
	size_t i = 0;

	while (i < ARRAY_SIZE(codecs) && codecs[i]->flag != (desc->flags & DISKDUMP_CODECS))
		i++;
	if (i == ARRAY_SIZE(codecs))
		return err_new(ERR_BAD_DATA,
			       "%s: page at offset 0x%llx has unknown compression 0x%x",
			       r->src->name, (unsigned long long)desc->offset, desc->flags);
	if (codecs[i]->open && !c->codec_state[i]) {
		c->codec_state[i] = codecs[i]->open();
		if (!c->codec_state[i])
			return err_nomem();
	}
	if (!codecs[i]->decode(c->codec_state[i], packed, desc->size, page,
			       dump_page_size(r->d)))
		return err_new(ERR_BAD_DATA,
			       "%s: page at offset 0x%llx (%u bytes) is damaged: it is not "
			       "%s data of one page",
			       r->src->name, (unsigned long long)desc->offset, desc->size,
			       codecs[i]->name);
	return NULL;
}

static struct err *load_page(struct dump_reader *r, const struct diskdump_page_desc *desc,
			     void *page)
{
	struct compressed_reader *c = r->state;
	const void *packed;
	struct err *err;

	if (!(desc->flags & DISKDUMP_CODECS)) {
		if (desc->size != dump_page_size(r->d))
			return err_new(
				ERR_BAD_DATA, "%s: raw page at offset 0x%llx has %u bytes",
				r->src->name, (unsigned long long)desc->offset, desc->size);
		return source_read(r->src, desc->offset, page, desc->size);
	}
	packed = r->src->map ? r->src->map(r->src, desc->offset, desc->size) : NULL;
	if (!packed) {
		err = source_read(r->src, desc->offset, c->packed, desc->size);
		if (err)
			return err;
		packed = c->packed;
	}
	return decode(r, desc, packed, page);
}

static struct err *get_page(struct dump_reader *r, pfn_t pfn, const void **ret)
{
	struct compressed_reader *c = r->state;
	struct diskdump_page_desc desc;
	enum pfn_state state;
	void *page;
	struct err *err;

	*ret = page_cache_find(c->cache, pfn);
	if (*ret)
		return NULL;
	state = find_desc(r, pfn, &desc);
	if (state != PFN_PRESENT)
		return dump_page_fault(pfn << r->d->page_shift, state);
	page = page_cache_claim(c->cache, pfn);
	if (!page)
		return err_nomem();
	err = load_page(r, &desc, page);
	if (err) {
		struct err *fault = err_fault(
			pfn << r->d->page_shift, "physical address 0x%llx: %s",
			(unsigned long long)(pfn << r->d->page_shift), err_message(err));

		err_free(err);
		return fault;
	}
	page_cache_keep(c->cache, pfn);
	*ret = page;
	return NULL;
}

struct err *compressed_read_phys(struct dump_reader *r, paddr_t addr, void *data,
				 size_t len, size_t *ret_len)
{
	u64 in_page = addr & (dump_page_size(r->d) - 1);
	const char *page;
	struct err *err = get_page(r, addr >> r->d->page_shift, (const void **)&page);

	if (err)
		return err;
	*ret_len = min_u64(len, dump_page_size(r->d) - in_page);
	memcpy(data, page + in_page, *ret_len);
	return NULL;
}
