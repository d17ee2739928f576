/*
 * Opening kdump-compressed files: what makedumpfile and we write.
 *
 * Nothing but the bitmaps' counts is allocated by what the file says.
 */
#include "dump/compressed_priv.h"

#define MAX_VMCOREINFO_LEN (64u << 10)
#define MAX_RAM_RANGES	   (1u << 20)
#define TAIL_DESCS	   512

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
	c->end = c->pages.num_bits;
	if (c->dd.is_split) {
		c->first = min_u64(c->dd.split_start, c->end);
		c->end = min_u64(c->dd.split_end, c->end);
		c->first_rank = bitmap_rank(&c->pages, c->first);
	}
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
		err = dump_load_notes(d, c->dd.notes_offset, c->dd.notes_size);
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
	d->codec_flags = c->dd.status & DISKDUMP_CODECS;
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
		check_end(d);
	return err;
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
	bitmap_deinit(&c->ram);
	bitmap_deinit(&c->pages);
	free(c);
}

const struct dump_format dump_format_diskdump = {
	.name = "kdump-compressed",
	.recognises = diskdump_recognises,
	.open = compressed_open,
	.close = compressed_close,
	.open_reader = compressed_open_reader,
	.close_reader = compressed_close_reader,
	.pfn_run = compressed_pfn_run,
	.read_phys = compressed_read_phys,
	.packed = compressed_packed,
};
