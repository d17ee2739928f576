/*
 * kdump-compressed files: what makedumpfile and we write.
 *
 * The descriptor of a page is found by counting the bits before it in the second bitmap,
 * read when needed, and its page decompressed into a cache. Nothing but the bitmaps' counts
 * is allocated by what the file says.
 */
#include "dump/bitmap.h"
#include "dump/codec.h"
#include "dump/dump_priv.h"
#include "dump/page_cache.h"
#include "format/diskdump.h"

#include <string.h>

#define MAX_NOTES_LEN	   (16u << 20)
#define MAX_VMCOREINFO_LEN (64u << 10)
#define MAX_RAM_RANGES	   (1u << 20)
#define MAX_RUN		   32768 /* page frames looked ahead at once */
#define TAIL_DESCS	   512

static const struct codec *const codecs[] = {&codec_zlib, &codec_lzo, &codec_snappy,
					     &codec_zstd};

struct compressed_dump {
	struct diskdump dd;
	struct bitmap ram, pages;
	struct page_cache *cache;
	void *packed; /* one page as it lies in the file */
	void *codec_state[ARRAY_SIZE(codecs)];
};

static struct err *open_bitmaps(struct dump *d)
{
	struct compressed_dump *c = d->state;
	struct err *err = bitmap_init(&c->ram, d->src, c->dd.bitmap1_offset, c->dd.max_pfn);

	if (!err)
		err = bitmap_init(&c->pages, d->src, c->dd.bitmap2_offset, c->dd.max_pfn);
	if (!err)
		err = bitmap_count(&c->pages);
	if (err)
		return err_wrap(err, "page bitmaps");
	if (c->pages.num_bits < c->dd.max_pfn) {
		d->is_incomplete = true;
		notices_add(
			&d->notices,
			"%s: truncated: the file ends at offset 0x%llx, inside its page "
			"bitmaps; no page can be read",
			d->src->name, (unsigned long long)d->src->size);
	}
	/* Not max_mapnr, so that a small file cannot claim terabytes of memory. */
	d->max_pfn = c->ram.num_bits;
	return NULL;
}

static struct err *find_ram(struct dump *d)
{
	struct compressed_dump *c = d->state;

	for (u64 start = 0; start < c->ram.num_bits;) {
		u64 end;
		struct err *err;

		start = bitmap_find(&c->ram, start, UINT64_MAX, true);
		end = bitmap_find(&c->ram, start, UINT64_MAX, false);
		if (start == end)
			break;
		if (d->num_ram == MAX_RAM_RANGES) {
			notices_add(
				&d->notices,
				"%s: more than %u pieces of RAM; the rest is not listed",
				d->src->name, MAX_RAM_RANGES);
			break;
		}
		err = dump_add_ram(d, start << d->page_shift,
				   (end - start) << d->page_shift);
		if (err)
			return err;
		start = end;
	}
	return NULL;
}

static struct err *load_texts(struct dump *d)
{
	struct compressed_dump *c = d->state;
	struct err *err = NULL;

	if (c->dd.notes_size)
		err = dump_load(d, c->dd.notes_offset, c->dd.notes_size, MAX_NOTES_LEN,
				"notes", &d->notes, &d->notes_len);
	if (!err && c->dd.vmcoreinfo_size)
		err = dump_load(d, c->dd.vmcoreinfo_offset, c->dd.vmcoreinfo_size,
				MAX_VMCOREINFO_LEN, "VMCOREINFO", &d->vmcoreinfo_text,
				&d->vmcoreinfo_len);
	return err;
}

/* Is one of the last @num descriptors, which end at @descs_end, beyond repair? Data is
 * written in page order, so a cut shows there; zero pages point to the front. */
static bool tail_is_lost(struct dump *d, u64 descs_end, u64 num)
{
	for (u64 i = 1; i <= num; i++) {
		u8 bytes[DISKDUMP_PAGE_DESC_LEN];
		struct diskdump_page_desc desc;
		struct err *err = source_read(d->src, descs_end - i * sizeof(bytes), bytes,
					      sizeof(bytes));

		if (err) {
			err_ignore(err);
			return true;
		}
		diskdump_parse_page_desc(bytes, &desc);
		if (!desc.offset || !range_fits(desc.offset, desc.size, d->src->size))
			return true;
	}
	return false;
}

/* Does the file end before its last page? Later states then are PFN_LOST. */
static void check_end(struct dump *d)
{
	struct compressed_dump *c = d->state;
	u64 num_pages = bitmap_rank(&c->pages, c->pages.num_bits);
	u64 descs_end = c->dd.descs_offset + num_pages * DISKDUMP_PAGE_DESC_LEN;

	if (c->dd.is_split || c->pages.num_bits < c->dd.max_pfn)
		return;
	if (!tail_is_lost(d, descs_end, min_u64(num_pages, TAIL_DESCS)))
		return;
	d->is_incomplete = true;
	notices_add(&d->notices,
		    "%s: truncated: the file ends at offset 0x%llx, before the last of its "
		    "%llu pages; those behind cannot be read",
		    d->src->name, (unsigned long long)d->src->size,
		    (unsigned long long)num_pages);
}

static void note_flags(struct dump *d)
{
	struct compressed_dump *c = d->state;

	d->is_partial = c->dd.dump_level != 0;
	d->level = c->dd.dump_level;
	if (c->dd.status & DISKDUMP_INCOMPLETE) {
		d->is_incomplete = true;
		notices_add(&d->notices,
			    "%s is marked incomplete: the collector was cut short",
			    d->src->name);
	}
	if (c->dd.version > DISKDUMP_LATEST_VERSION)
		notices_add(&d->notices, "%s: header version %u is newer than %d",
			    d->src->name, c->dd.version, DISKDUMP_LATEST_VERSION);
	if (c->dd.is_split)
		notices_add(&d->notices,
			    "%s is one part of a split dump: it holds the pages 0x%llx to "
			    "0x%llx",
			    d->src->name, (unsigned long long)c->dd.split_start,
			    (unsigned long long)c->dd.split_end);
}

static struct err *open_parts(struct dump *d)
{
	struct compressed_dump *c = d->state;
	struct err *err;

	d->page_shift = (unsigned)__builtin_ctz(c->dd.block_size);
	d->arch = arch_find_name(c->dd.uts[DISKDUMP_MACHINE]);
	if (!d->arch)
		return err_new(
			ERR_UNSUPPORTED,
			"%s: a dump of machine \"%.16s\" (offset 0x%x), which is not "
			"known here",
			d->src->name, c->dd.uts[DISKDUMP_MACHINE],
			12 + DISKDUMP_MACHINE * DISKDUMP_UTS_FIELD_LEN);
	note_flags(d);
	err = open_bitmaps(d);
	if (!err)
		err = find_ram(d);
	if (!err)
		err = load_texts(d);
	if (!err)
		err = page_cache_new(c->dd.block_size, &c->cache);
	if (err)
		return err;
	c->packed = malloc(c->dd.block_size);
	if (!c->packed)
		return err_nomem();
	check_end(d);
	return NULL;
}

static struct err *compressed_open(struct dump *d)
{
	struct compressed_dump *c = calloc(1, sizeof(*c));
	struct err *err;

	if (!c)
		return err_nomem();
	d->state = c;
	err = diskdump_parse(d->src, &c->dd);
	if (err)
		return err;
	return open_parts(d);
}

static void compressed_close(struct dump *d)
{
	struct compressed_dump *c = d->state;

	if (!c)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++)
		if (c->codec_state[i])
			codecs[i]->close(c->codec_state[i]);
	bitmap_deinit(&c->ram);
	bitmap_deinit(&c->pages);
	page_cache_free(c->cache);
	free(c->packed);
	free(c);
}

/* Find and check the descriptor of @pfn. */
static enum pfn_state find_desc(struct dump *d, pfn_t pfn, struct diskdump_page_desc *ret)
{
	struct compressed_dump *c = d->state;
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
	if (!range_fits(offset, sizeof(bytes), d->src->size))
		return PFN_LOST;
	err = source_read(d->src, offset, bytes, sizeof(bytes));
	if (err) {
		err_ignore(err);
		return PFN_LOST;
	}
	diskdump_parse_page_desc(bytes, ret);
	if (!ret->size || ret->size > c->dd.block_size || !ret->offset ||
	    !range_fits(ret->offset, ret->size, d->src->size))
		return PFN_LOST;
	return PFN_PRESENT;
}

static enum pfn_state compressed_pfn_run(struct dump *d, pfn_t pfn, pfn_t *ret_end)
{
	struct compressed_dump *c = d->state;
	struct diskdump_page_desc desc;
	bool is_ram = bitmap_test(&c->ram, pfn);

	if (ret_end && pfn < c->pages.num_bits && !bitmap_test(&c->pages, pfn)) {
		u64 end = bitmap_find(&c->pages, pfn, pfn + MAX_RUN, true);

		*ret_end = max_u64(pfn + 1, bitmap_find(&c->ram, pfn, end, !is_ram));
	}
	return find_desc(d, pfn, &desc);
}

static struct err *decode(struct dump *d, const struct diskdump_page_desc *desc,
			  const void *packed, void *page)
{
	struct compressed_dump *c = d->state;
	size_t i = 0;

	while (i < ARRAY_SIZE(codecs) && codecs[i]->flag != (desc->flags & DISKDUMP_CODECS))
		i++;
	if (i == ARRAY_SIZE(codecs))
		return err_new(ERR_BAD_DATA,
			       "%s: page at offset 0x%llx has unknown compression 0x%x",
			       d->src->name, (unsigned long long)desc->offset, desc->flags);
	if (codecs[i]->open && !c->codec_state[i]) {
		c->codec_state[i] = codecs[i]->open();
		if (!c->codec_state[i])
			return err_nomem();
	}
	if (!codecs[i]->decode(c->codec_state[i], packed, desc->size, page,
			       c->dd.block_size))
		return err_new(ERR_BAD_DATA,
			       "%s: page at offset 0x%llx (%u bytes) is damaged: it is not "
			       "%s data of one page",
			       d->src->name, (unsigned long long)desc->offset, desc->size,
			       codecs[i]->name);
	return NULL;
}

static struct err *load_page(struct dump *d, const struct diskdump_page_desc *desc,
			     void *page)
{
	struct compressed_dump *c = d->state;
	const void *packed;
	struct err *err;

	if (!(desc->flags & DISKDUMP_CODECS)) {
		if (desc->size != c->dd.block_size)
			return err_new(
				ERR_BAD_DATA, "%s: raw page at offset 0x%llx has %u bytes",
				d->src->name, (unsigned long long)desc->offset, desc->size);
		return source_read(d->src, desc->offset, page, desc->size);
	}
	packed = d->src->map ? d->src->map(d->src, desc->offset, desc->size) : NULL;
	if (!packed) {
		err = source_read(d->src, desc->offset, c->packed, desc->size);
		if (err)
			return err;
		packed = c->packed;
	}
	return decode(d, desc, packed, page);
}

static struct err *get_page(struct dump *d, pfn_t pfn, const void **ret)
{
	struct compressed_dump *c = d->state;
	struct diskdump_page_desc desc;
	enum pfn_state state;
	void *page;
	struct err *err;

	*ret = page_cache_find(c->cache, pfn);
	if (*ret)
		return NULL;
	state = find_desc(d, pfn, &desc);
	if (state != PFN_PRESENT)
		return dump_page_fault(pfn << d->page_shift, state);
	page = page_cache_claim(c->cache, pfn);
	if (!page)
		return err_nomem();
	err = load_page(d, &desc, page);
	if (err) {
		struct err *fault = err_fault(
			pfn << d->page_shift, "physical address 0x%llx: %s",
			(unsigned long long)(pfn << d->page_shift), err_message(err));

		err_free(err);
		return fault;
	}
	page_cache_keep(c->cache, pfn);
	*ret = page;
	return NULL;
}

static struct err *compressed_read_phys(struct dump *d, paddr_t addr, void *data,
					size_t len, size_t *ret_len)
{
	u64 in_page = addr & (dump_page_size(d) - 1);
	const char *page;
	struct err *err = get_page(d, addr >> d->page_shift, (const void **)&page);

	if (err)
		return err;
	*ret_len = min_u64(len, dump_page_size(d) - in_page);
	memcpy(data, page + in_page, *ret_len);
	return NULL;
}

const struct dump_format dump_format_diskdump = {
	.name = "kdump-compressed",
	.recognises = diskdump_recognises,
	.open = compressed_open,
	.close = compressed_close,
	.pfn_run = compressed_pfn_run,
	.read_phys = compressed_read_phys,
};
