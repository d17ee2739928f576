#include "collect/page_batch_priv.h"

#include "base/bytes.h"
#include "format/diskdump.h"

struct err *page_batch_open(struct collection *c, struct page_batch *b)
{
	const struct collect_options *o = c->options;
	const struct collect_codec *codec = o->codec;

	*b = (struct page_batch){.page_size = dump_page_size(c->d)};
	b->pages = malloc(BATCH_BYTES);
	b->packed = malloc(BATCH_BYTES + CODEC_SLACK(b->page_size));
	b->descs = malloc(BATCH_MAX_PAGES * DISKDUMP_PAGE_DESC_LEN);
	if (!b->pages || !b->packed || !b->descs)
		return err_nomem();
	if (codec && codec->flag) {
		b->codec_state = codec->open(o->has_codec_level ? o->codec_level
								: codec->default_level,
					     b->page_size);
		if (!b->codec_state)
			return err_nomem();
	}
	return dump_reader_open(c->d, &b->reader);
}

void page_batch_close(struct collection *c, struct page_batch *b)
{
	dump_reader_close(b->reader);
	if (b->codec_state)
		c->options->codec->close(b->codec_state);
	free(b->pages);
	free(b->packed);
	free(b->descs);
}

/* Index of the first stretch of RAM that ends past @addr. */
static size_t find_ram(const struct ram_range *ram, size_t count, paddr_t addr)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ram[mid].start + ram[mid].len <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Read one page of which not all can be had: RAM may begin or end inside it. */
static void read_ragged(struct page_batch *b, pfn_t pfn, u8 *page)
{
	u64 size = b->page_size, start = pfn * size;
	bool is_unreadable = false;
	size_t count;
	const struct ram_range *ram = dump_ram(dump_reader_dump(b->reader), &count);

	memset(page, 0, size);
	for (size_t i = find_ram(ram, count, start);
	     i < count && ram[i].start < start + size; i++) {
		paddr_t from = max_u64(start, ram[i].start);
		paddr_t to = min_u64(start + size, ram[i].start + ram[i].len);
		struct err *err = dump_reader_read(b->reader, ADDR_PHYSICAL, from,
						   page + (from - start), to - from);

		if (err)
			is_unreadable = true;
		err_ignore(err);
	}
	b->num_unreadable += is_unreadable;
}

void page_batch_read_run(struct page_batch *b, const struct run *run, u8 *pages)
{
	size_t size = b->page_size;

	for (u64 done = 0; done < run->count;) {
		struct err *why;
		size_t len;

		dump_reader_read_some(b->reader, ADDR_PHYSICAL, (run->first + done) * size,
				      pages + done * size, (run->count - done) * size, &len,
				      &why);
		done += len / size;
		if (why) {
			read_ragged(b, run->first + done, pages + done * size);
			done++;
		}
		err_ignore(why);
	}
}

const u8 *page_batch_get_run(struct page_batch *b, const struct run *run)
{
	const u8 *pages = dump_reader_look(b->reader, run->first * b->page_size,
					   run->count * b->page_size);

	if (pages)
		return pages;
	page_batch_read_run(b, run, b->pages);
	return b->pages;
}

void page_batch_read(struct page_batch *b)
{
	u8 *pages = b->pages;

	for (size_t i = 0; i < b->which.num_runs; i++) {
		page_batch_read_run(b, &b->which.runs[i], pages);
		pages += b->which.runs[i].count * b->page_size;
	}
}

bool page_is_zero(const u8 *page, size_t size)
{
	for (size_t i = 0; i < size; i += 64) {
		u64 any = 0;

		for (size_t j = 0; j < 64; j += 8)
			any |= get_le64(page + i + j);
		if (any)
			return false;
	}
	return true;
}
