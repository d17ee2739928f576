/*
 * Writing ELF cores: header, program headers, notes, then the pages one behind the other in
 * the order of page frames.
 *
 * A segment is a run of pages that are kept, and describes those behind it that are left
 * out. Its count is bounded: where more would be needed, short gaps are kept as well.
 */
#include "base/bytes.h"
#include "collect/bits_priv.h"
#include "collect/notes_priv.h"
#include "collect/page_batch_priv.h"
#include "format/elfcore.h"
#include "format/status_note.h"
#include "kernel/kernel.h"

#include <elf.h>
#include <string.h>

/* Below 0xffff, past which some readers do not look for the count in section 0. */
#define WANTED_SEGMENTS	 60000
#define SEGMENTS_AT_ONCE 128
#define GAP_SIZES	 16 /* by powers of two, up to a chunk */

/* Where the crashed kernel has an address range, the second time. */
struct range {
	vaddr_t vaddr;
	paddr_t paddr;
	u64 len;
};

struct elffile {
	struct elfcore_layout layout;
	struct elfcore_segment notes;
	u8 *status_note; /* owned */
	size_t status_note_len;
	u64 status_offset; /* in the file */
	vaddr_t direct_map;
	struct range image; /* of the crashed kernel, len 0 if not known */
	u64 data_offset;

	u64 num_segments;
	u64 num_gaps[GAP_SIZES]; /* of at least 2^i pages and less than 2^(i+1) */
	u64 min_gap;		 /* shorter ones are kept */
	bool is_counted_again;
};

/* Where the crashed kernel sees RAM: readers find it by the program headers. */
static void find_direct_map(struct collection *c, struct elffile *e)
{
	struct kernel *k = NULL;
	struct err *err;

	if (dump_direct_map(c->d, &e->direct_map))
		return;
	err = kernel_open(c->d, &k);
	err_ignore(err);
	kernel_close(k);
	if (!dump_direct_map(c->d, &e->direct_map))
		notices_add(
			dump_notices(c->d),
			"it is not known where the crashed kernel maps its memory: the ELF "
			"file has physical in place of virtual addresses");
}

/* The kernel's image has addresses beside those of the direct map. drgn (0.0.22) finds the
 * page tables through them, and through nothing else: swapper_pg_dir is one. In
 * /proc/vmcore they are a segment of their own. */
static void find_image(struct collection *c, struct range *ret)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(c->d);
	u64 size = dump_page_size(c->d);
	vaddr_t start, tables;
	paddr_t first, last;
	struct err *err;

	if (!vi || !vmcoreinfo_symbol(vi, "_stext", &start) ||
	    !vmcoreinfo_symbol(vi, "swapper_pg_dir", &tables))
		return;
	start -= start % size;
	tables -= tables % size;
	if (tables < start)
		return;
	err = dump_translate(c->d, start, &first);
	if (!err)
		err = dump_translate(c->d, tables, &last);
	if (!err && first % size == 0 && last - first == tables - start)
		*ret = (struct range){start, first, tables - start + size};
	err_ignore(err);
}

static struct err *make_status_note(struct collection *c, struct elffile *e, bool is_whole)
{
	const struct status_note status = {.is_incomplete = !is_whole,
					   .dump_level = c->options->dump_level |
							 dump_level(c->d)};
	u8 desc[STATUS_NOTE_DESC_LEN];

	e->status_note_len = note_size(strlen(STATUS_NOTE_NAME), sizeof(desc));
	if (!e->status_note)
		e->status_note = malloc(e->status_note_len);
	if (!e->status_note)
		return err_nomem();
	status_note_format(&status, desc);
	note_format(STATUS_NOTE_NAME, STATUS_NOTE_TYPE, desc, sizeof(desc), e->status_note);
	return NULL;
}

static struct err *elf_begin(struct collection *c)
{
	struct elffile *e = calloc(1, sizeof(*e));

	c->file = e;
	if (!e)
		return err_nomem();
	e->min_gap = 1;
	e->layout.machine = dump_arch(c->d)->elf_machine;
	find_direct_map(c, e);
	find_image(c, &e->image);
	return make_status_note(c, e, false);
}

static void elf_close(struct collection *c)
{
	struct elffile *e = c->file;

	if (e)
		free(e->status_note);
	free(e);
}

/* The end of the segment that begins at @bit: of the pages kept at its start in *@ret_kept,
 * and of those left out behind them. */
static u64 find_segment(const u8 *ram, const u8 *kept, u64 bit, u64 *ret_kept)
{
	u64 end = bits_find(ram, bit, CHUNK_PAGES, false);

	*ret_kept = bits_find(kept, bit, end, false);
	return bits_find(kept, *ret_kept, end, true);
}

/* The part of [@first, @end), page frames, that is in the kernel's image: false if none is.
 */
static bool clip_to_image(const struct collection *c, pfn_t *first, pfn_t *end)
{
	const struct elffile *e = c->file;
	u64 size = dump_page_size(c->d);

	*first = max_u64(*first, e->image.paddr / size);
	*end = min_u64(*end, (e->image.paddr + e->image.len) / size);
	return *first < *end;
}

/* Pages of these must not be read, or are not there. */
static bool may_keep_gaps(const struct filter_chunk *chunk)
{
	return !chunk->excluded[PAGE_HWPOISON] && !chunk->excluded[PAGE_OFFLINE] &&
	       !chunk->pages_not_in_source;
}

/* Keep gaps of less than min_gap pages. */
static void close_gaps(const struct elffile *e, struct filter_chunk *chunk)
{
	u64 bit = 0;

	if (e->min_gap <= 1 || !may_keep_gaps(chunk))
		return;
	for (;;) {
		u64 kept_end, end;

		bit = bits_find(chunk->kept, bit, CHUNK_PAGES, true);
		if (bit == CHUNK_PAGES)
			return;
		end = find_segment(chunk->ram, chunk->kept, bit, &kept_end);
		if (end < CHUNK_PAGES && end - kept_end < e->min_gap && end > kept_end &&
		    bits_find(chunk->ram, kept_end, end + 1, false) > end) {
			bits_set(chunk->kept, kept_end, end);
			chunk->num_kept += end - kept_end;
		}
		bit = end;
	}
}

static struct err *elf_put_chunk(struct collection *c, struct filter_chunk *chunk)
{
	struct elffile *e = c->file;
	u64 num = 0, num_gaps[GAP_SIZES] = {0};

	close_gaps(e, chunk);
	for (u64 bit = 0, kept_end, end; bit < CHUNK_PAGES; bit = end) {
		pfn_t from, to;

		bit = bits_find(chunk->ram, bit, CHUNK_PAGES, true);
		if (bit == CHUNK_PAGES)
			break;
		end = find_segment(chunk->ram, chunk->kept, bit, &kept_end);
		from = chunk->first + bit;
		to = chunk->first + end;
		num += 1 + clip_to_image(c, &from, &to);
		if (end > kept_end)
			num_gaps[63 - __builtin_clzll(end - kept_end)]++;
	}
	pthread_mutex_lock(&c->lock);
	e->num_segments += num;
	for (size_t i = 0; i < GAP_SIZES; i++)
		e->num_gaps[i] += num_gaps[i];
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* Are there few enough segments? If not, the next survey keeps gaps. */
static bool elf_is_settled(struct collection *c)
{
	struct elffile *e = c->file;
	u64 left = e->num_segments;
	size_t size = 0;

	if (left <= WANTED_SEGMENTS || e->is_counted_again)
		return true;
	while (left > WANTED_SEGMENTS && size < GAP_SIZES)
		left -= e->num_gaps[size++];
	e->min_gap = (u64)1 << size;
	e->num_segments = 0;
	memset(e->num_gaps, 0, sizeof(e->num_gaps));
	e->is_counted_again = true;
	return false;
}

static struct err *elf_recall(struct collection *c, pfn_t first, u8 kept[CHUNK_BYTES])
{
	const struct filter_chunk *chunk = survey_again(c, first);
	struct filter_chunk copy = *chunk;

	close_gaps(c->file, &copy);
	memcpy(kept, copy.kept, CHUNK_BYTES);
	return NULL;
}

/* The program headers on their way out. */
struct headers {
	struct collection *c;
	u64 offset; /* in the file */
	size_t count;
	u8 bytes[SEGMENTS_AT_ONCE * ELFCORE_SEGMENT_LEN];
};

static struct err *flush(struct headers *h)
{
	size_t len = h->count * ELFCORE_SEGMENT_LEN;
	struct err *err = output_write(&h->c->outputs[0], h->offset, h->bytes, len);

	h->offset += len;
	h->count = 0;
	return err;
}

static struct err *add_header(struct headers *h, const struct elfcore_segment *s)
{
	elfcore_format_segment(s, h->bytes + h->count++ * ELFCORE_SEGMENT_LEN);
	return h->count == SEGMENTS_AT_ONCE ? flush(h) : NULL;
}

/* One run of pages: page frames [@first, @end), of which the first @num_kept are in the
 * file at @offset. */
static struct err *add_run(struct headers *h, pfn_t first, pfn_t end, u64 num_kept,
			   u64 offset)
{
	const struct elffile *e = h->c->file;
	u64 size = dump_page_size(h->c->d);
	pfn_t kept_end = first + num_kept, from = first, to = end;
	struct elfcore_segment s = {.type = PT_LOAD,
				    .flags = PF_R | PF_W | PF_X,
				    .offset = offset,
				    .vaddr = e->direct_map + first * size,
				    .paddr = first * size,
				    .filesz = num_kept * size,
				    .memsz = (end - first) * size};
	struct err *err = add_header(h, &s);

	if (err || !clip_to_image(h->c, &from, &to))
		return err;
	s.vaddr = e->image.vaddr + (from * size - e->image.paddr);
	s.paddr = from * size;
	s.offset = offset + (min_u64(from, kept_end) - first) * size;
	s.filesz = (min_u64(to, kept_end) - min_u64(from, kept_end)) * size;
	s.memsz = (to - from) * size;
	return add_header(h, &s);
}

/* Program headers of one chunk; *@rank pages are kept before it. */
static struct err *write_chunk_headers(struct headers *h, pfn_t first, const u8 *ram,
				       const u8 *kept, u64 *rank)
{
	const struct elffile *e = h->c->file;
	u64 size = dump_page_size(h->c->d);

	for (u64 bit = 0, kept_end, end; bit < CHUNK_PAGES; bit = end) {
		struct err *err;

		bit = bits_find(ram, bit, CHUNK_PAGES, true);
		if (bit == CHUNK_PAGES)
			break;
		end = find_segment(ram, kept, bit, &kept_end);
		err = add_run(h, first + bit, first + end, kept_end - bit,
			      e->data_offset + *rank * size);
		if (err)
			return err;
		*rank += kept_end - bit;
	}
	return NULL;
}

/* RAM of one chunk, once more. */
static void find_ram(struct dump *d, pfn_t first, u8 ram[CHUNK_BYTES])
{
	pfn_t end = min_u64(dump_max_pfn(d), first + CHUNK_PAGES), next;

	memset(ram, 0, CHUNK_BYTES);
	for (pfn_t pfn = first; pfn < end; pfn = next) {
		enum pfn_state state = dump_pfn_run(d, pfn, &next);

		next = min_u64(next, end);
		if (state != PFN_ABSENT)
			bits_set(ram, pfn - first, next - first);
	}
}

static struct err *write_segments(struct collection *c)
{
	struct elffile *e = c->file;
	struct headers h = {.c = c, .offset = e->layout.segments_offset};
	struct err *err = add_header(&h, &e->notes);
	u64 rank = 0;
	pfn_t next = 0;

	while (!err && (next = cursor_find_chunk(c->d, next)) != UINT64_MAX) {
		u8 ram[CHUNK_BYTES], kept[CHUNK_BYTES];

		find_ram(c->d, next, ram);
		err = pagemap_get(&c->map, next, kept);
		if (!err)
			err = write_chunk_headers(&h, next, ram, kept, &rank);
		next += CHUNK_PAGES;
	}
	return err ? err : flush(&h);
}

static struct err *write_headers(struct collection *c)
{
	struct elffile *e = c->file;
	struct output *o = &c->outputs[0];
	u8 header[ELFCORE_HEADER_LEN], section[ELFCORE_SECTION_LEN];
	struct err *err;

	elfcore_format_header(&e->layout, header);
	err = output_write(o, 0, header, sizeof(header));
	if (err)
		return err;
	elfcore_format_section(&e->layout, section);
	return output_write(o, e->layout.section_offset, section, sizeof(section));
}

/* VMCOREINFO that came by itself becomes a note. */
static struct err *make_vmcoreinfo_note(struct collection *c, u8 **ret, size_t *ret_len)
{
	static const char name[] = "VMCOREINFO";
	const struct vmcoreinfo *vi = dump_vmcoreinfo(c->d);
	size_t near_len, text_len;
	const void *notes = dump_notes(c->d, &near_len);
	struct note_iter it = note_iter_init(notes, near_len);
	struct note n;
	const char *text;

	*ret_len = 0;
	*ret = NULL;
	while (note_next(&it, &n))
		if (note_has_name(&n, name))
			return NULL;
	if (!vi)
		return NULL;
	text = vmcoreinfo_text(vi, &text_len);
	*ret_len = note_size(strlen(name), text_len);
	*ret = malloc(*ret_len);
	if (!*ret)
		return err_nomem();
	note_format(name, 0, text, text_len, *ret);
	return NULL;
}

/* The status, then everything the source has. */
static struct err *write_notes(struct collection *c, u64 offset)
{
	struct elffile *e = c->file;
	struct output *o = &c->outputs[0];
	cleanup(freep) u8 *vmcoreinfo = NULL;
	size_t vmcoreinfo_len;
	u64 len = notes_len(c->d);
	struct err *err = make_vmcoreinfo_note(c, &vmcoreinfo, &vmcoreinfo_len);

	if (err)
		return err;
	e->status_offset = offset;
	e->notes = (struct elfcore_segment){
		.type = PT_NOTE,
		.offset = offset,
		.filesz = e->status_note_len + vmcoreinfo_len + len,
		.memsz = e->status_note_len + vmcoreinfo_len + len,
	};
	err = output_write(o, offset, e->status_note, e->status_note_len);
	offset += e->status_note_len;
	if (!err)
		err = output_write(o, offset, vmcoreinfo, vmcoreinfo_len);
	offset += vmcoreinfo_len;
	return err ? err : notes_write(c->d, o, offset);
}

static struct err *elf_lay_out(struct collection *c)
{
	struct elffile *e = c->file;
	struct elfcore_layout *l = &e->layout;
	u64 size = dump_page_size(c->d);
	struct err *err;

	l->num_segments = e->num_segments + 1;
	if (l->num_segments > ELFCORE_MAX_SEGMENTS)
		return err_new(
			ERR_UNSUPPORTED,
			"%s: an ELF file would need %llu segments, more than %u: the "
			"pages are too scattered; write a kdump-compressed file",
			c->outputs[0].name, (unsigned long long)l->num_segments,
			ELFCORE_MAX_SEGMENTS);
	l->segments_offset = ELFCORE_HEADER_LEN;
	l->section_offset = l->segments_offset + l->num_segments * ELFCORE_SEGMENT_LEN;
	err = write_notes(c, l->section_offset + ELFCORE_SECTION_LEN);
	if (err)
		return err;
	e->data_offset = align_up(e->notes.offset + e->notes.filesz, size);
	err = write_segments(c);
	if (!err)
		err = output_clear(&c->outputs[0], e->data_offset, c->pages_total * size);
	/* From here on it is an ELF core: what a device held before is not in it. */
	if (!err)
		err = write_headers(c);
	if (err)
		return err;
	c->outputs[0].end = e->data_offset;
	c->stripes = calloc(1, sizeof(*c->stripes));
	if (!c->stripes)
		return err_nomem();
	c->num_stripes = 1;
	c->stripes[0].end = UINT64_MAX;
	return NULL;
}

/* Every page has its place; runs of zeros stay holes in a file. */
static struct err *elf_put_pages(struct collection *c, struct page_batch *b)
{
	const struct elffile *e = c->file;
	struct output *o = &c->outputs[0];
	size_t size = b->page_size, num = b->which.num_pages;
	u64 offset = e->data_offset + b->which.rank * size, place;
	bool may_skip = o->kind == OUTPUT_FILE;

	page_batch_read(b);
	if (!output_place(o, 0, false, num * size, &place))
		return err_new(ERR_INCOMPLETE, "%s: given up", o->name);
	for (size_t i = 0, end; i < num; i = end) {
		bool zero = page_is_zero(b->pages + i * size, size);
		struct err *err;

		for (end = i + 1; end < num; end++)
			if (page_is_zero(b->pages + end * size, size) != zero)
				break;
		if (zero) {
			b->num_zero += end - i;
			if (may_skip)
				continue;
		}
		err = output_write(o, offset + i * size, b->pages + i * size,
				   (end - i) * size);
		if (err)
			return err;
	}
	return NULL;
}

static struct err *write_status(struct collection *c, bool is_whole)
{
	struct elffile *e = c->file;
	struct err *err = make_status_note(c, e, is_whole);

	return err ? err
		   : output_write(&c->outputs[0], e->status_offset, e->status_note,
				  e->status_note_len);
}

static struct err *elf_finish(struct collection *c, bool is_whole)
{
	return is_whole ? write_status(c, true) : NULL;
}

/* Holes would read as zeros: the file ends before the first page that is missing. */
static struct err *elf_rescue(struct collection *c, u64 rank)
{
	const struct elffile *e = c->file;

	return output_cut(&c->outputs[0], e->data_offset + rank * dump_page_size(c->d));
}

const struct container container_elf = {
	.omits_zero_pages = true,
	.begin = elf_begin,
	.close = elf_close,
	.put_chunk = elf_put_chunk,
	.is_settled = elf_is_settled,
	.recall = elf_recall,
	.lay_out = elf_lay_out,
	.put_pages = elf_put_pages,
	.finish = elf_finish,
	.rescue = elf_rescue,
};
