/*
 * The headers of a kdump-compressed dump, which makedumpfile --split spreads over several
 * files: each has all headers, notes and bitmaps, but descriptors and data of its own range
 * of page frames only.
 */
#include "dump/compressed_priv.h"

#include <string.h>

static const struct byte_source *part_source(const struct dump *d,
					     const struct compressed_part *p)
{
	return input_part(d->input, p->input);
}

static struct err *read_headers(struct dump *d)
{
	struct compressed_dump *c = d->state;
	size_t count = input_num_parts(d->input);

	c->parts = calloc(count, sizeof(*c->parts));
	if (!c->parts)
		return err_nomem();
	for (size_t i = 0; i < count; i++) {
		struct compressed_part *p = &c->parts[c->num_parts++];
		struct err *err = diskdump_parse(input_part(d->input, i), &p->dd);

		if (err)
			return err;
		p->input = i;
		p->first = p->dd.is_split ? p->dd.split_start : 0;
		p->end = p->dd.is_split ? max_u64(p->first, p->dd.split_end) : UINT64_MAX;
	}
	return NULL;
}

/* The first field that two parts of one dump have in common and these have not, NULL if
 * there is none. */
static const char *find_difference(const struct diskdump *a, const struct diskdump *b)
{
	if (a->block_size != b->block_size)
		return "block size";
	if (a->max_pfn != b->max_pfn)
		return "max_mapnr";
	if (a->bitmap_blocks != b->bitmap_blocks)
		return "size of bitmaps";
	if (memcmp(a->uts, b->uts, sizeof(a->uts)) != 0)
		return "system name";
	if (a->timestamp_s != b->timestamp_s || a->timestamp_us != b->timestamp_us)
		return "time";
	return NULL;
}

static struct err *check_same_dump(const struct dump *d)
{
	const struct compressed_dump *c = d->state;
	const struct compressed_part *first = &c->parts[0];

	for (size_t i = 0; i < c->num_parts; i++) {
		const struct compressed_part *p = &c->parts[i];
		const char *difference = find_difference(&first->dd, &p->dd);

		if (!p->dd.is_split)
			return err_new(ERR_BAD_DATA,
				       "%s is a whole dump and no part of a split one",
				       part_source(d, p)->name);
		if (difference)
			return err_new(
				ERR_BAD_DATA,
				"%s and %s are not parts of the same dump: %s differs",
				part_source(d, first)->name, part_source(d, p)->name,
				difference);
	}
	return NULL;
}

static int compare_parts(const void *a, const void *b)
{
	const struct compressed_part *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

static struct err *check_disjoint(const struct dump *d)
{
	const struct compressed_dump *c = d->state;

	for (size_t i = 1; i < c->num_parts; i++) {
		const struct compressed_part *a = &c->parts[i - 1], *b = &c->parts[i];

		if (a->end > b->first)
			return err_new(
				ERR_BAD_DATA,
				"%s and %s both hold the pages 0x%llx to 0x%llx: each part "
				"of a split dump is needed once",
				part_source(d, a)->name, part_source(d, b)->name,
				(unsigned long long)b->first,
				(unsigned long long)min_u64(a->end, b->end));
	}
	return NULL;
}

static void note_flags(struct dump *d, const struct compressed_part *p)
{
	const char *name = part_source(d, p)->name;

	d->is_partial |= p->dd.dump_level != 0;
	d->level |= p->dd.dump_level;
	d->codec_flags |= p->dd.status & DISKDUMP_CODECS;
	if (p->dd.status & DISKDUMP_INCOMPLETE) {
		d->is_incomplete = true;
		notices_add(&d->notices,
			    "%s is marked incomplete: the collector was cut short", name);
	}
	if (p->dd.version > DISKDUMP_LATEST_VERSION)
		notices_add(&d->notices, "%s: header version %u is newer than %d", name,
			    p->dd.version, DISKDUMP_LATEST_VERSION);
	if (p->dd.is_split && input_num_parts(d->input) == 1)
		notices_add(&d->notices,
			    "%s is one part of a split dump: it holds the pages 0x%llx to "
			    "0x%llx",
			    name, (unsigned long long)p->dd.split_start,
			    (unsigned long long)p->dd.split_end);
}

/* The part that has most of the bitmaps: any, if none is cut short. */
static const struct compressed_part *find_main(const struct dump *d)
{
	const struct compressed_dump *c = d->state;
	const struct compressed_part *best = NULL;
	u64 best_len = 0;

	for (size_t i = 0; i < c->num_parts; i++) {
		const struct compressed_part *p = &c->parts[i];
		u64 len = min_u64(part_source(d, p)->size, p->dd.descs_offset);

		if (!best || len > best_len) {
			best = p;
			best_len = len;
		}
	}
	return best;
}

struct err *compressed_open_parts(struct dump *d)
{
	struct compressed_dump *c = d->state;
	struct err *err = read_headers(d);

	if (!err && c->num_parts > 1)
		err = check_same_dump(d);
	if (err)
		return err;
	qsort(c->parts, c->num_parts, sizeof(*c->parts), compare_parts);
	err = check_disjoint(d);
	if (err)
		return err;
	for (size_t i = 0; i < c->num_parts; i++)
		note_flags(d, &c->parts[i]);
	c->main = find_main(d);
	d->src = part_source(d, c->main);
	return NULL;
}

/* Nobody has the pages of [@first, @end). */
static void note_gap(struct dump *d, struct bitmap_view *pages, pfn_t first, pfn_t end)
{
	pfn_t lost = bitmap_find(pages, first, end, true);

	if (lost >= end)
		return;
	d->is_incomplete = true;
	notices_add(
		&d->notices,
		"%s: a part of this split dump is missing: the pages 0x%llx to 0x%llx are "
		"in no file that was given",
		d->src->name, (unsigned long long)first, (unsigned long long)end);
}

void compressed_place_parts(struct dump *d, struct bitmap_view *pages)
{
	struct compressed_dump *c = d->state;
	u64 num_bits = c->pages.num_bits;
	pfn_t reached = 0;

	for (size_t i = 0; i < c->num_parts; i++) {
		struct compressed_part *p = &c->parts[i];

		p->first = min_u64(p->first, num_bits);
		p->end = min_u64(p->end, num_bits);
		p->first_rank = bitmap_rank(pages, p->first);
		note_gap(d, pages, reached, p->first);
		reached = max_u64(reached, p->end);
	}
	note_gap(d, pages, reached, num_bits);
}
