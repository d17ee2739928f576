/*
 * A batch of pages as it goes into a kdump-compressed file: data of all pages, one behind
 * the other, and their descriptors, in which offsets count from the first byte of the data.
 */
#include "collect/page_pack_priv.h"

#include "base/bytes.h"
#include "format/diskdump.h"

#include <string.h>

static void put_desc(struct page_batch *b, size_t i, u64 offset, size_t size, u32 flags)
{
	const struct diskdump_page_desc desc = {
		.offset = offset, .size = (u32)size, .flags = flags};

	diskdump_format_page_desc(&desc, b->descs + i * DISKDUMP_PAGE_DESC_LEN);
}

/* Pages of zeros share one page of the file: their descriptors have size 0 until
 * page_pack_place(). */
static void put_zero(struct page_batch *b, size_t i)
{
	b->num_zero++;
	put_desc(b, i, 0, 0, 0);
}

/* Append page @i, whose bytes are at @page, to the @len bytes packed so far. */
static size_t pack_page(const struct collect_codec *codec, struct page_batch *b, size_t i,
			const u8 *page, size_t len)
{
	size_t size = 0;

	if (page_is_zero(page, b->page_size)) {
		put_zero(b, i);
		return len;
	}
	if (codec && codec->flag)
		size = codec->encode(b->codec_state, page, b->page_size, b->packed + len,
				     b->page_size - 1);
	put_desc(b, i, len, size ? size : b->page_size, size ? codec->flag : 0);
	/* A page that does not shrink is stored as it is. */
	if (!size) {
		memcpy(b->packed + len, page, b->page_size);
		size = b->page_size;
	}
	return len + size;
}

size_t page_pack(const struct collect_codec *codec, struct page_batch *b)
{
	size_t len = 0, i = 0;

	for (size_t run = 0; run < b->which.num_runs; run++) {
		const u8 *pages = page_batch_get_run(b, &b->which.runs[run]);

		for (u64 j = 0; j < b->which.runs[run].count; j++, i++)
			len = pack_page(codec, b, i, pages + j * b->page_size, len);
	}
	return len;
}

/* Append page @i as it lies in the source. It is decompressed all the same: whether it can
 * be is something that the dump is marked by, and zeros are to be known. */
static size_t pack_as_is(const struct collect_codec *codec, struct page_batch *b, size_t i,
			 pfn_t pfn, size_t len)
{
	const struct run page = {.first = pfn, .count = 1};
	struct err *why;
	const void *data;
	size_t size;
	u32 flags;
	bool is_packed = dump_reader_packed(b->reader, pfn, &data, &size, &flags, &why) &&
			 !why && flags && (!codec || flags == codec->flag) &&
			 size < b->page_size;

	err_ignore(why);
	if (!is_packed) {
		page_batch_read_run(b, &page, b->pages);
		return pack_page(codec, b, i, b->pages, len);
	}
	memcpy(b->packed + len, data, size);
	page_batch_read_run(b, &page, b->pages);
	if (page_is_zero(b->pages, b->page_size)) {
		put_zero(b, i);
		return len;
	}
	put_desc(b, i, len, size, flags);
	return len + size;
}

size_t page_pack_as_is(const struct collect_codec *codec, struct page_batch *b)
{
	size_t len = 0, i = 0;

	for (size_t run = 0; run < b->which.num_runs; run++)
		for (u64 j = 0; j < b->which.runs[run].count; j++, i++)
			len = pack_as_is(codec, b, i, b->which.runs[run].first + j, len);
	return len;
}

void page_pack_place(struct page_batch *b, u64 offset, u64 zero_offset)
{
	for (size_t i = 0; i < b->which.num_pages; i++) {
		struct diskdump_page_desc desc;

		diskdump_parse_page_desc(b->descs + i * DISKDUMP_PAGE_DESC_LEN, &desc);
		if (desc.size)
			put_desc(b, i, offset + desc.offset, desc.size, desc.flags);
		else
			put_desc(b, i, zero_offset, b->page_size, 0);
	}
}
