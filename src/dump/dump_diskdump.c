/*
 * Opening kdump-compressed files: what makedumpfile and we write.
 *
 * Nothing but the bitmaps' counts, the list of RAM and the notes is allocated by what the
 * file says; all have a limit.
 */
#include "dump/compressed_priv.h"

#define MAX_VMCOREINFO_LEN (64u << 10)
#define MAX_RAM_RANGES	   (1u << 18)
#define TAIL_DESCS	   4096

static struct err *find_ram(struct dump *d, struct bitmap_view *ram)
{
	u64 num_bits = ram->b->num_bits;

	for (u64 start = 0; start < num_bits;) {
		u64 end;
		struct err *err;

		start = bitmap_find(ram, start, UINT64_MAX, true);
		end = bitmap_find(ram, start, UINT64_MAX, false);
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
	if (ram->has_failed)
		return err_new(ERR_BAD_DATA,
			       "%s: the bitmap at offset 0x%llx cannot be read",
			       d->src->name, (unsigned long long)ram->b->offset);
	return NULL;
}

static struct err *load_texts(struct dump *d)
{
	const struct compressed_dump *c = d->state;
	const struct diskdump *dd = &c->main->dd;
	struct err *err = NULL;

	if (dd->notes_size)
		err = dump_load_notes(d, dd->notes_offset, dd->notes_size);
	if (!err && dd->vmcoreinfo_size)
		err = dump_load(d, dd->vmcoreinfo_offset, dd->vmcoreinfo_size,
				MAX_VMCOREINFO_LEN, "VMCOREINFO", &d->vmcoreinfo_text,
				&d->vmcoreinfo_len);
	return err;
}

/* Is one of the last @num descriptors, which end at @descs_end, beyond repair? Data is
 * written about in page order, a batch of each worker at once, so a cut shows there; zero
 * pages point to the front. */
static bool tail_is_lost(const struct byte_source *src, u64 descs_end, u64 num)
{
	for (u64 i = 1; i <= num; i++) {
		u8 bytes[DISKDUMP_PAGE_DESC_LEN];
		struct diskdump_page_desc desc;
		struct err *err = source_read(src, descs_end - i * sizeof(bytes), bytes,
					      sizeof(bytes));

		if (err) {
			err_ignore(err);
			return true;
		}
		diskdump_parse_page_desc(bytes, &desc);
		if (!desc.offset || !range_fits(desc.offset, desc.size, src->size))
			return true;
	}
	return false;
}

/* Does a file end before its last page? Later states then are PFN_LOST. */
static void check_end(struct dump *d, const struct compressed_part *p,
		      struct bitmap_view *pages)
{
	const struct byte_source *src = input_part(d->input, p->input);
	u64 num_pages = bitmap_rank(pages, p->end) - p->first_rank;
	u64 descs_end = p->dd.descs_offset + num_pages * DISKDUMP_PAGE_DESC_LEN;

	if (!tail_is_lost(src, descs_end, min_u64(num_pages, TAIL_DESCS)))
		return;
	d->is_incomplete = true;
	notices_add(&d->notices,
		    "%s: truncated: the file ends at offset 0x%llx, before the last of its "
		    "%llu pages; those behind cannot be read",
		    src->name, (unsigned long long)src->size,
		    (unsigned long long)num_pages);
}

static void check_ends(struct dump *d, struct bitmap_view *pages)
{
	const struct compressed_dump *c = d->state;

	if (c->pages.num_bits < c->main->dd.max_pfn) {
		d->is_incomplete = true;
		notices_add(
			&d->notices,
			"%s: truncated: the file ends at offset 0x%llx, inside its page "
			"bitmaps; no page can be read",
			d->src->name, (unsigned long long)d->src->size);
		return;
	}
	for (size_t i = 0; i < c->num_parts; i++)
		check_end(d, &c->parts[i], pages);
}

static struct err *open_bitmaps(struct dump *d)
{
	struct compressed_dump *c = d->state;
	const struct diskdump *dd = &c->main->dd;
	struct bitmap_view view;
	struct err *err;

	bitmap_init(&c->ram, d->src, dd->bitmap1_offset, dd->max_pfn);
	bitmap_init(&c->pages, d->src, dd->bitmap2_offset, dd->max_pfn);
	/* Not max_mapnr, so that a small file cannot claim terabytes of memory. */
	d->max_pfn = c->ram.num_bits;
	bitmap_view_init(&view, &c->ram, d->src);
	err = find_ram(d, &view);
	if (err)
		return err;
	bitmap_view_init(&view, &c->pages, d->src);
	err = bitmap_count(&c->pages, &view);
	if (err)
		return err;
	compressed_place_parts(d, &view);
	check_ends(d, &view);
	return NULL;
}

static struct err *open_facts(struct dump *d)
{
	const struct compressed_dump *c = d->state;
	const struct diskdump *dd = &c->main->dd;
	struct err *err;

	d->page_shift = (unsigned)__builtin_ctz(dd->block_size);
	d->arch = arch_find_name(dd->uts[DISKDUMP_MACHINE]);
	if (!d->arch)
		return err_new(
			ERR_UNSUPPORTED,
			"%s: a dump of machine \"%.16s\" (offset 0x%x), which is not "
			"known here",
			d->src->name, dd->uts[DISKDUMP_MACHINE],
			12 + DISKDUMP_MACHINE * DISKDUMP_UTS_FIELD_LEN);
	err = open_bitmaps(d);
	return err ? err : load_texts(d);
}

static struct err *compressed_open(struct dump *d)
{
	struct err *err;

	d->state = calloc(1, sizeof(struct compressed_dump));
	if (!d->state)
		return err_nomem();
	err = compressed_open_parts(d);
	return err ? err : open_facts(d);
}

static void compressed_close(struct dump *d)
{
	struct compressed_dump *c = d->state;

	if (!c)
		return;
	bitmap_deinit(&c->ram);
	bitmap_deinit(&c->pages);
	free(c->parts);
	free(c);
}

const struct dump_format dump_format_diskdump = {
	.name = "kdump-compressed",
	.can_be_split = true,
	.recognises = diskdump_recognises,
	.open = compressed_open,
	.close = compressed_close,
	.open_reader = compressed_open_reader,
	.close_reader = compressed_close_reader,
	.pfn_run = compressed_pfn_run,
	.read_phys = compressed_read_phys,
	.packed = compressed_packed,
};
