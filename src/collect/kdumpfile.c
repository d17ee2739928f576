/* Writing kdump-compressed files: headers and notes in front, two bitmaps, a table of
 * descriptors, the data behind. Format: see format/diskdump.h. */
#include "base/bytes.h"
#include "base/io.h"
#include "collect/bits_priv.h"
#include "collect/notes_priv.h"
#include "collect/page_pack_priv.h"
#include "format/diskdump.h"
#include "format/note.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* What lies behind the last symbol known of the kernel image is part of it too, about so
 * much.
 */
#define IMAGE_TAIL_LEN ((u64)4 << 20)
#define IMAGE_MAX_LEN  ((u64)1 << 30)

struct part {
	pfn_t first, end;
	u64 rank;	 /* pages kept before `first` */
	u64 num_pages;	 /* that go into this part */
	u64 zero_offset; /* where its page of zeros lies */
};

struct kdumpfile {
	struct diskdump dd;
	bool vmcoreinfo_is_apart; /* not inside the notes */
	pfn_t image_first, image_end;
	u64 rank_image, rank_behind; /* pages kept before and up to the end of the image */
	struct part *parts;	     /* owned; one per output */
	bool takes_as_is;	     /* pages that are compressed the way we would */
};

/* The system's name and release, out of the crashed kernel's memory. */
static void fill_uts(struct dump *d, struct diskdump *dd)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(d);
	char names[DISKDUMP_UTS_FIELDS * DISKDUMP_UTS_FIELD_LEN];
	const char *release = vi ? vmcoreinfo_find(vi, "OSRELEASE") : NULL;
	vaddr_t addr;
	u64 offset;

	/* struct new_utsname has the same six fields in the same order. */
	if (vi && vmcoreinfo_symbol(vi, "init_uts_ns", &addr) &&
	    vmcoreinfo_offset(vi, "uts_namespace.name", &offset)) {
		struct err *err =
			dump_read(d, ADDR_VIRTUAL, addr + offset, names, sizeof(names));

		if (!err)
			for (size_t i = 0; i < DISKDUMP_UTS_FIELDS; i++)
				memcpy(dd->uts[i], names + i * DISKDUMP_UTS_FIELD_LEN,
				       DISKDUMP_UTS_FIELD_LEN);
		notices_add_err(dump_notices(d), err_wrap(err, "system name"));
	}
	/* Readers choose the CPU by it: it must be right even if memory is not. */
	if (strcmp(dd->uts[DISKDUMP_MACHINE], dump_arch(d)->name) != 0) {
		snprintf(dd->uts[DISKDUMP_SYSNAME], DISKDUMP_UTS_FIELD_LEN, "Linux");
		snprintf(dd->uts[DISKDUMP_RELEASE], DISKDUMP_UTS_FIELD_LEN, "%s",
			 release ? release : "");
		snprintf(dd->uts[DISKDUMP_MACHINE], DISKDUMP_UTS_FIELD_LEN, "%s",
			 dump_arch(d)->name);
	}
}

/* Notes lie right behind the sub header, the VMCOREINFO text inside them, or behind them if
 * it came by itself. */
static void place_notes(struct dump *d, struct kdumpfile *k)
{
	struct diskdump *dd = &k->dd;
	size_t near_len;
	const void *notes = dump_notes(d, &near_len);
	struct note_iter it = note_iter_init(notes, near_len);
	u64 all_len = notes_len(d);
	u64 end = dd->block_size + DISKDUMP_SUB_HEADER_LEN;
	struct note n;

	if (all_len) {
		dd->notes_offset = end;
		dd->notes_size = all_len;
		end += all_len;
	}
	while (note_next(&it, &n)) {
		if (!note_has_name(&n, "VMCOREINFO"))
			continue;
		dd->vmcoreinfo_offset = dd->notes_offset +
					(u64)((const char *)n.desc - (const char *)notes);
		dd->vmcoreinfo_size = n.desc_len;
	}
	if (!dd->vmcoreinfo_size && dump_vmcoreinfo(d)) {
		size_t len;

		(void)vmcoreinfo_text(dump_vmcoreinfo(d), &len);
		k->vmcoreinfo_is_apart = true;
		dd->vmcoreinfo_offset = end;
		dd->vmcoreinfo_size = len;
		end += len;
	}
	dd->sub_header_blocks = (u32)((end - 1) / dd->block_size);
}

/* About where the kernel image lies: from the lowest to behind the highest of the symbols
 * that VMCOREINFO has of it. Only the order of pages in the file depends on it. */
static void find_image(struct dump *d, struct kdumpfile *k)
{
	static const char *const symbols[] = {
		"_stext",    "swapper_pg_dir", "init_uts_ns",	   "node_online_map", "prb",
		"clear_seq", "kallsyms_names", "kallsyms_offsets", "node_data",
	};
	const struct vmcoreinfo *vi = dump_vmcoreinfo(d);
	paddr_t low = UINT64_MAX, high = 0, paddr;
	vaddr_t addr;

	for (size_t i = 0; vi && i < ARRAY_SIZE(symbols); i++) {
		struct err *err;

		if (!vmcoreinfo_symbol(vi, symbols[i], &addr))
			continue;
		err = dump_translate(d, addr, &paddr);
		if (err) {
			err_ignore(err);
			continue;
		}
		low = min_u64(low, paddr);
		high = max_u64(high, paddr);
	}
	if (low < high && high - low < IMAGE_MAX_LEN) {
		k->image_first = low >> dump_page_shift(d);
		k->image_end = (high + IMAGE_TAIL_LEN) >> dump_page_shift(d);
	}
}

static void plan(struct collection *c, struct kdumpfile *k)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(c->d);
	const struct collect_options *o = c->options;
	struct diskdump *dd = &k->dd;
	u64 bitmap_bytes;

	*dd = (struct diskdump){
		.version = DISKDUMP_LATEST_VERSION,
		.status = DISKDUMP_INCOMPLETE |
			  (o->codec ? o->codec->flag : dump_codec_flags(c->d)),
		.block_size = (u32)dump_page_size(c->d),
		.num_cpus = (u32)dump_num_cpu_notes(c->d),
		.max_pfn = dump_max_pfn(c->d),
		/* What a source lacks stays lacking. */
		.dump_level = o->dump_level | dump_level(c->d),
	};
	if (o->excludes_memmap)
		dd->status |= DISKDUMP_EXCLUDED_VMEMMAP;
	if (dump_is_partial(c->d) && !dd->dump_level)
		dd->dump_level = COLLECT_ZERO;
	bitmap_bytes = (dd->max_pfn + 7) / 8;
	dd->bitmap_blocks =
		(u32)(2 * ((bitmap_bytes + dd->block_size - 1) / dd->block_size));
	if (vi)
		vmcoreinfo_number(vi, "phys_base", &dd->phys_base);
	if (!vi || !vmcoreinfo_value(vi, "CRASHTIME", 10, &dd->timestamp_s))
		dd->timestamp_s = (u64)time(NULL);
	fill_uts(c->d, dd);
	find_image(c->d, k);
	place_notes(c->d, k);
	diskdump_lay_out(dd);
}

static bool is_compressed_alike(const struct dump *d, const struct collect_options *o)
{
	u32 flags = dump_codec_flags(d);

	return flags && (!o->codec || (o->codec->flag == flags && !o->has_codec_level));
}

static struct err *write_headers(struct collection *c, size_t part)
{
	struct kdumpfile *k = c->file;
	struct output *o = &c->outputs[part];
	u8 header[DISKDUMP_HEADER_LEN], sub[DISKDUMP_SUB_HEADER_LEN];
	struct err *err;

	if (c->num_outputs > 1) {
		k->dd.is_split = true;
		k->dd.split_start = k->parts[part].first;
		k->dd.split_end = k->parts[part].end;
	}
	diskdump_format_header(&k->dd, header);
	diskdump_format_sub_header(&k->dd, sub);
	err = output_write(o, 0, header, sizeof(header));
	return err ? err : output_write(o, k->dd.block_size, sub, sizeof(sub));
}

static struct err *write_notes(struct collection *c, struct output *o)
{
	const struct kdumpfile *k = c->file;
	size_t len;
	const void *bytes;
	struct err *err = notes_write(c->d, o, k->dd.notes_offset);

	if (err || !k->vmcoreinfo_is_apart)
		return err;
	bytes = vmcoreinfo_text(dump_vmcoreinfo(c->d), &len);
	return output_write(o, k->dd.vmcoreinfo_offset, bytes, len);
}

static struct err *kdump_begin(struct collection *c)
{
	struct kdumpfile *k = calloc(1, sizeof(*k));

	c->file = k;
	if (!k)
		return err_nomem();
	k->parts = calloc(c->num_outputs, sizeof(*k->parts));
	if (!k->parts)
		return err_nomem();
	plan(c, k);
	k->takes_as_is = is_compressed_alike(c->d, c->options);
	for (size_t i = 0; i < c->num_outputs; i++) {
		struct output *o = &c->outputs[i];
		struct err *err = write_headers(c, i);

		if (!err)
			err = write_notes(c, o);
		/* Chunks without RAM are not written; their bits are 0. */
		if (!err)
			err = output_clear(o, k->dd.bitmap1_offset,
					   k->dd.descs_offset - k->dd.bitmap1_offset);
		if (err)
			return err;
	}
	return NULL;
}

static void kdump_close(struct collection *c)
{
	struct kdumpfile *k = c->file;

	if (k)
		free(k->parts);
	free(k);
}

/* Bytes of a bitmap that chunk @first takes. */
static size_t chunk_len(const struct kdumpfile *k, pfn_t first)
{
	return min_u64(CHUNK_BYTES, k->dd.bitmap_size - first / 8);
}

/* Pages kept in the chunk that precede page frame @end. */
static u64 count_before(const struct filter_chunk *chunk, pfn_t end)
{
	return end <= chunk->first
		       ? 0
		       : bits_count(chunk->kept, min_u64(end - chunk->first, CHUNK_PAGES));
}

static struct err *kdump_put_chunk(struct collection *c, struct filter_chunk *chunk)
{
	struct kdumpfile *k = c->file;
	size_t len = chunk_len(k, chunk->first);
	u64 to_image = count_before(chunk, k->image_first);
	u64 to_behind = count_before(chunk, k->image_end);
	struct err *err = NULL;

	pthread_mutex_lock(&c->lock);
	k->rank_image += to_image;
	k->rank_behind += to_behind;
	pthread_mutex_unlock(&c->lock);
	for (size_t i = 0; i < c->num_outputs && !err; i++) {
		u64 at = chunk->first / 8;
		struct output *o = &c->outputs[i];

		err = output_write(o, k->dd.bitmap1_offset + at, chunk->ram, len);
		if (!err)
			err = output_write(o, k->dd.bitmap2_offset + at, chunk->kept, len);
	}
	return err;
}

static struct err *kdump_recall(struct collection *c, pfn_t first, u8 kept[CHUNK_BYTES])
{
	const struct kdumpfile *k = c->file;
	const struct output *o = &c->outputs[0];
	size_t len = chunk_len(k, first), got;
	struct err *err;

	if (o->kind == OUTPUT_STREAM) {
		memcpy(kept, survey_again(c, first)->kept, CHUNK_BYTES);
		return NULL;
	}
	memset(kept, 0, CHUNK_BYTES);
	err = io_pread_some(o->fd, kept, len, k->dd.bitmap2_offset + first / 8, o->name,
			    &got);
	if (!err && got != len)
		err = err_new(ERR_BAD_DATA, "%s: the page bitmap cannot be read back",
			      o->name);
	return err;
}

/* Find the page frame before which there are @rank pages kept: *@place moves on to it, at
 * which *@done are kept before. */
static struct err *seek_rank(struct collection *c, u64 rank, pfn_t *place, u64 *done)
{
	cleanup(freep) u8 *kept = malloc(CHUNK_BYTES);
	pfn_t chunk;

	if (!kept)
		return err_nomem();
	while ((chunk = cursor_find_chunk(c->d, *place)) != UINT64_MAX) {
		struct err *err = pagemap_get(&c->map, chunk, kept);
		u64 bit = max_u64(*place, chunk) - chunk;

		if (err)
			return err;
		for (; bit < CHUNK_PAGES && *done < rank; bit++)
			*done += kept[bit / 8] >> bit % 8 & 1;
		*place = chunk + bit;
		if (*done == rank)
			return NULL;
	}
	return NULL;
}

/* Cut the page frames so that each part gets as many pages as the others. */
static struct err *cut_parts(struct collection *c)
{
	struct kdumpfile *k = c->file;
	pfn_t place = 0;
	u64 done = 0;

	for (size_t i = 0; i < c->num_outputs; i++) {
		struct part *p = &k->parts[i];
		struct err *err;

		p->first = place;
		p->rank = done;
		if (i + 1 < c->num_outputs) {
			u64 share = c->pages_total / c->num_outputs;

			err = seek_rank(c, (i + 1) * share, &place, &done);
			if (err)
				return err;
		} else {
			place = max_u64(place, k->dd.max_pfn);
			done = c->pages_total;
		}
		p->end = place;
		p->num_pages = done - p->rank;
	}
	return NULL;
}

/* A split dump has a stripe per part. Else the image goes first, so that a dump that is cut
 * short has the kernel's log, names and types. */
static struct err *plan_stripes(struct collection *c)
{
	const struct kdumpfile *k = c->file;
	const struct stripe image_first[] = {
		{.first = k->image_first,
		 .end = k->image_end,
		 .rank = k->rank_image,
		 .is_ordered = true},
		{.first = 0, .end = k->image_first},
		{.first = k->image_end, .end = UINT64_MAX, .rank = k->rank_behind},
	};
	bool is_split = c->num_outputs > 1;

	c->num_stripes = is_split ? c->num_outputs : ARRAY_SIZE(image_first);
	c->stripes = calloc(c->num_stripes, sizeof(*c->stripes));
	if (!c->stripes)
		return err_nomem();
	for (size_t i = 0; i < c->num_stripes; i++) {
		c->stripes[i] = is_split ? (struct stripe){.first = k->parts[i].first,
							   .end = k->parts[i].end,
							   .part = i}
					 : image_first[i];
		c->stripes[i].is_ordered |= c->options->is_ordered;
	}
	return NULL;
}

/* Take the space of the descriptors now: without them the data of a file cut short by a
 * full disk would be of no use. They are zero until written. */
static struct err *reserve(const struct kdumpfile *k, struct output *o, u64 descs_len)
{
	if (o->kind == OUTPUT_FILE && descs_len &&
	    fallocate(o->fd, 0, (off_t)k->dd.descs_offset, (off_t)descs_len) < 0 &&
	    errno != EOPNOTSUPP && errno != ENOSYS && errno != EINTR)
		return err_os(errno, "%s: cannot reserve %llu bytes for page descriptors",
			      o->name, (unsigned long long)descs_len);
	return output_clear(o, k->dd.descs_offset, descs_len);
}

/* In the parts of a split dump the data starts where descriptors of the whole dump would
 * end: makedumpfile --reassemble takes what lies there, in every part, for the page of
 * zeros. Between them and the part's own descriptors is a hole. */
static struct err *lay_out_part(struct collection *c, size_t i)
{
	struct kdumpfile *k = c->file;
	cleanup(freep) u8 *zero_page = calloc(1, k->dd.block_size);
	struct part *p = &k->parts[i];
	struct output *o = &c->outputs[i];
	u64 descs_len = p->num_pages * DISKDUMP_PAGE_DESC_LEN;
	struct err *err = zero_page ? reserve(k, o, descs_len) : err_nomem();

	if (err)
		return err;
	p->zero_offset = k->dd.descs_offset + c->pages_total * DISKDUMP_PAGE_DESC_LEN;
	o->end = p->zero_offset + k->dd.block_size;
	err = output_write(o, p->zero_offset, zero_page, k->dd.block_size);
	return err || c->num_outputs == 1 ? err : write_headers(c, i);
}

static struct err *kdump_lay_out(struct collection *c)
{
	struct kdumpfile *k = c->file;
	struct err *err = NULL;

	if (c->num_outputs > 1)
		err = cut_parts(c);
	else
		k->parts[0] =
			(struct part){.end = k->dd.max_pfn, .num_pages = c->pages_total};
	for (size_t i = 0; i < c->num_outputs && !err; i++)
		err = lay_out_part(c, i);
	return err ? err : plan_stripes(c);
}

static struct err *kdump_put_pages(struct collection *c, struct page_batch *b)
{
	const struct kdumpfile *k = c->file;
	const struct batch *which = &b->which;
	struct output *o = &c->outputs[which->part];
	u64 offset;
	size_t len;
	struct err *err;

	len = k->takes_as_is ? page_pack_as_is(c->options->codec, b)
			     : page_pack(c->options->codec, b);
	if (!output_place(o, which->turn, which->is_ordered, len, &offset))
		return err_new(ERR_INCOMPLETE, "%s: given up", o->name);
	page_pack_place(b, offset, k->parts[which->part].zero_offset);
	err = output_write(o, offset, b->packed, len);
	if (err)
		return err;
	return output_write(o, k->dd.descs_offset + which->rank * DISKDUMP_PAGE_DESC_LEN,
			    b->descs, which->num_pages * DISKDUMP_PAGE_DESC_LEN);
}

static struct err *kdump_finish(struct collection *c, bool is_whole)
{
	struct kdumpfile *k = c->file;

	if (!is_whole)
		return NULL;
	k->dd.status &= ~DISKDUMP_INCOMPLETE;
	for (size_t i = 0; i < c->num_outputs; i++) {
		struct err *err = write_headers(c, i);

		if (err)
			return err;
	}
	return NULL;
}

/* What there is can be read as it is: it is marked, and descriptors that were not written
 * are zero. */
static struct err *kdump_rescue(struct collection *c, u64 rank)
{
	return NULL;
}

const struct container container_kdump = {
	.begin = kdump_begin,
	.close = kdump_close,
	.put_chunk = kdump_put_chunk,
	.recall = kdump_recall,
	.lay_out = kdump_lay_out,
	.put_pages = kdump_put_pages,
	.finish = kdump_finish,
	.rescue = kdump_rescue,
};
