#include "gen.h"

#include "base/bytes.h"
#include "format/flattened.h"

#include <elf.h>
#include <libdeflate.h>
#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <zstd.h>

#define MAX_PFN	 65536
#define EHDR_LEN 64
#define PHDR_LEN 56
#define SHDR_LEN 64
#ifndef NT_VMCOREDD
#	define NT_VMCOREDD 0x700 /* since 4.18, include/uapi/linux/vmcore.h */
#endif
#define PRSTATUS_LEN	  336
#define PRSTATUS_RIP	  (112 + 16 * 8)
#define FIRST_DATA	  4096
#define MAX_LOADS	  4096
#define SUB_HEADER_BLOCKS 4

static void require(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "gen: %s\n", what);
		abort();
	}
}

static void *require_memory(size_t count, size_t size)
{
	void *p = calloc(count, size);

	require(p != NULL, "out of memory");
	return p;
}

void gen_init(struct gen *g, unsigned page_shift, pfn_t max_pfn)
{
	require(max_pfn <= MAX_PFN, "too many pages");
	*g = (struct gen){.page_shift = page_shift, .max_pfn = max_pfn, .num_cpus = 1};
	g->kinds = require_memory(max_pfn + 1, 1);
	g->memory = require_memory(max_pfn + 1, (size_t)1 << page_shift);
}

void gen_deinit(struct gen *g)
{
	free(g->kinds);
	free(g->memory);
	buf_deinit(&g->vmcoreinfo);
	*g = (struct gen){0};
}

void gen_ram(struct gen *g, pfn_t first, pfn_t count, enum gen_kind kind)
{
	require(range_fits(first, count, g->max_pfn), "pages past max_pfn");
	memset(g->kinds + first, (int)kind, count);
}

u8 *gen_page(struct gen *g, pfn_t pfn)
{
	require(pfn < g->max_pfn, "page past max_pfn");
	return g->memory + (pfn << g->page_shift);
}

void gen_fill(struct gen *g, pfn_t pfn)
{
	u8 *page = gen_page(g, pfn);
	u64 x = pfn * 0x9e3779b97f4a7c15ULL + 1;

	/* Runs of equal words, so that each codec has something to do. */
	for (size_t i = 0; i < (size_t)1 << g->page_shift; i += 8) {
		if (i % 64 == 0)
			x = x * 6364136223846793005ULL + 1442695040888963407ULL;
		put_le64(page + i, x);
	}
}

void gen_put64(struct gen *g, paddr_t addr, u64 value)
{
	require(range_fits(addr, 8, g->max_pfn << g->page_shift), "address past the end");
	put_le64(g->memory + addr, value);
}

void gen_put32(struct gen *g, paddr_t addr, u32 value)
{
	require(range_fits(addr, 4, g->max_pfn << g->page_shift), "address past the end");
	put_le32(g->memory + addr, value);
}

static void pad(struct buf *out, size_t len)
{
	static const u8 zeros[256];

	while (out->len < len)
		buf_add(out, zeros, min_u64(sizeof(zeros), len - out->len));
}

static void add_note(struct buf *out, const char *name, u32 type, const void *desc,
		     size_t len)
{
	u8 header[12];

	put_le32(header, (u32)strlen(name) + 1);
	put_le32(header + 4, (u32)len);
	put_le32(header + 8, type);
	buf_add(out, header, sizeof(header));
	buf_add(out, name, strlen(name) + 1);
	pad(out, align_up(out->len, 4));
	buf_add(out, desc, len);
	pad(out, align_up(out->len, 4));
}

u8 gen_device_dump_byte(size_t i)
{
	return (u8)(i * 7 + (i >> 8));
}

static void add_device_dump(const struct gen *g, struct buf *out)
{
	u8 *desc = malloc(g->device_dump_len);

	require(desc != NULL, "memory");
	for (size_t i = 0; i < g->device_dump_len; i++)
		desc[i] = gen_device_dump_byte(i);
	add_note(out, "LINUX", NT_VMCOREDD, desc, g->device_dump_len);
	free(desc);
}

static void make_notes(const struct gen *g, struct buf *out)
{
	if (g->device_dump_len)
		add_device_dump(g, out);
	for (unsigned cpu = 0; cpu < g->num_cpus; cpu++) {
		u8 desc[PRSTATUS_LEN] = {0};

		put_le32(desc + 32, cpu + 1);
		put_le64(desc + PRSTATUS_RIP, GEN_RIP + cpu);
		add_note(out, "CORE", NT_PRSTATUS, desc, sizeof(desc));
	}
	if (g->vmcoreinfo.len)
		add_note(out, "VMCOREINFO", 0, g->vmcoreinfo.data, g->vmcoreinfo.len);
}

/* One PT_LOAD per run of present pages; kdump gives them addresses in the direct map. */
static size_t default_loads(const struct gen *g, struct gen_load *loads)
{
	size_t n = 0;

	for (pfn_t pfn = 0; pfn < g->max_pfn; pfn++) {
		if (g->kinds[pfn] != GEN_PRESENT)
			continue;
		if (!n || loads[n - 1].first + loads[n - 1].mem_pages != pfn) {
			require(n < MAX_LOADS, "too many runs of pages");
			loads[n++] = (struct gen_load){.first = pfn,
						       .vaddr = 0xff11000000000000ULL +
								(pfn << g->page_shift)};
		}
		loads[n - 1].file_pages = ++loads[n - 1].mem_pages;
	}
	return n;
}

static void add_phdr(struct buf *out, u32 type, u64 offset, vaddr_t vaddr, paddr_t paddr,
		     u64 filesz, u64 memsz)
{
	u8 p[PHDR_LEN] = {0};

	put_le32(p, type);
	put_le64(p + 8, offset);
	put_le64(p + 16, vaddr);
	put_le64(p + 24, paddr);
	put_le64(p + 32, filesz);
	put_le64(p + 40, memsz);
	buf_add(out, p, sizeof(p));
}

static void add_ehdr(struct buf *out, const struct gen_elf_options *o, u64 phoff,
		     size_t phnum)
{
	u8 h[EHDR_LEN] = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT};

	put_le16(h + 16, ET_CORE);
	put_le16(h + 18, o->machine ? o->machine : EM_X86_64);
	put_le32(h + 20, EV_CURRENT);
	put_le64(h + 32, phoff);
	put_le16(h + 52, EHDR_LEN);
	put_le16(h + 54, PHDR_LEN);
	put_le16(h + 56, (u16)phnum);
	if (o->count_in_section) {
		put_le64(h + 40, EHDR_LEN);
		put_le16(h + 56, PN_XNUM);
		put_le16(h + 58, SHDR_LEN);
		put_le16(h + 60, 1);
	}
	buf_add(out, h, sizeof(h));
	if (o->count_in_section) {
		u8 section[SHDR_LEN] = {0};

		put_le32(section + 44, (u32)phnum);
		buf_add(out, section, sizeof(section));
	}
}

static void add_load_headers(const struct gen *g, const struct gen_load *loads, size_t num,
			     u64 data, struct buf *out)
{
	for (size_t i = 0; i < num; i++) {
		add_phdr(out, PT_LOAD, data, loads[i].vaddr,
			 loads[i].first << g->page_shift,
			 loads[i].file_pages << g->page_shift,
			 loads[i].mem_pages << g->page_shift);
		data += loads[i].file_pages << g->page_shift;
	}
}

void gen_elf(const struct gen *g, const struct gen_elf_options *options, struct buf *out)
{
	struct gen_elf_options o = options ? *options : (struct gen_elf_options){0};
	struct gen_load *found = require_memory(MAX_LOADS, sizeof(*found));
	const struct gen_load *loads = o.loads ? o.loads : found;
	size_t num = o.loads ? o.num_loads : default_loads(g, found);
	size_t parts = o.num_note_parts ? o.num_note_parts : 1;
	u64 phoff = o.phoff ? o.phoff : EHDR_LEN + (o.count_in_section ? SHDR_LEN : 0);
	struct buf notes = BUF_INIT, file = BUF_INIT;
	u64 notes_offset, data;

	for (size_t i = 0; i < parts; i++)
		if (i == 0)
			make_notes(g, &notes);
		else
			add_note(&notes, "OTHER", (u32)i, "part", 4);
	add_ehdr(&file, &o, phoff, num + parts);
	pad(&file, phoff);
	notes_offset = phoff + (num + parts) * PHDR_LEN;
	data = align_up(notes_offset + notes.len, FIRST_DATA) + o.misalignment;
	/* All but the first part are 24 bytes each: see add_note() above. */
	for (size_t i = 0; i < parts; i++) {
		u64 rest = (parts - 1) * 24, first = notes.len - rest;

		add_phdr(&file, PT_NOTE, notes_offset + (i ? first + (i - 1) * 24 : 0), 0,
			 0, i ? 24 : first, 0);
	}
	add_load_headers(g, loads, num, data, &file);
	buf_add(&file, notes.data, notes.len);
	pad(&file, data);
	for (size_t i = 0; i < num; i++)
		buf_add(&file, g->memory + (loads[i].first << g->page_shift),
			loads[i].file_pages << g->page_shift);
	require(!file.failed, "out of memory");
	buf_add(out, file.data, file.len);
	buf_deinit(&file);
	buf_deinit(&notes);
	free(found);
}

static size_t compress_page(u32 codec, const u8 *page, size_t size, u8 *ret,
			    size_t capacity)
{
	size_t len = capacity;

	if (codec == DISKDUMP_ZLIB) {
		struct libdeflate_compressor *c = libdeflate_alloc_compressor(1);

		len = libdeflate_zlib_compress(c, page, size, ret, capacity);
		libdeflate_free_compressor(c);
	} else if (codec == DISKDUMP_ZSTD) {
		len = ZSTD_compress(ret, capacity, page, size, 1);
		require(!ZSTD_isError(len), "zstd");
	} else if (codec == DISKDUMP_LZO) {
		void *work = require_memory(1, LZO1X_1_MEM_COMPRESS);
		lzo_uint out = capacity;

		require(lzo1x_1_compress(page, size, ret, &out, work) == LZO_E_OK, "lzo");
		len = out;
		free(work);
	} else if (codec == DISKDUMP_SNAPPY) {
		require(snappy_compress((const char *)page, size, (char *)ret, &len) ==
				SNAPPY_OK,
			"snappy");
	}
	return len;
}

static bool is_zero(const u8 *page, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (page[i])
			return false;
	return true;
}

static void add_page(const struct gen *g, const struct gen_kdump_options *o, pfn_t pfn,
		     struct buf *descs, struct buf *data, u64 data_start)
{
	size_t size = (size_t)1 << g->page_shift, capacity = 2 * size + 4096;
	const u8 *page = g->memory + pfn * size;
	u8 *packed = require_memory(1, capacity);
	u8 bytes[DISKDUMP_PAGE_DESC_LEN];
	struct diskdump_page_desc desc = {.offset = data_start + data->len};

	if (o->shares_zero_pages && is_zero(page, size)) {
		/* The first page of data is the zero page. */
		desc.offset = data_start;
		desc.size = (u32)size;
	} else {
		size_t len = o->codec
				     ? compress_page(o->codec, page, size, packed, capacity)
				     : size;

		desc.flags = len && len < size ? o->codec : 0;
		desc.size = (u32)(desc.flags ? len : size);
		buf_add(data, desc.flags ? packed : page, desc.size);
	}
	diskdump_format_page_desc(&desc, bytes);
	buf_add(descs, bytes, sizeof(bytes));
	free(packed);
}

/* Does this file hold the page, and not another part of a split dump? */
static bool is_here(const struct gen *g, const struct gen_kdump_options *o, pfn_t pfn)
{
	return g->kinds[pfn] == GEN_PRESENT &&
	       (!o->is_split || (pfn >= o->split_start && pfn < o->split_end));
}

static void add_bitmap(const struct gen *g, enum gen_kind least, u64 end, struct buf *out)
{
	u8 *bits = require_memory(g->max_pfn / 8 + 1, 1);

	for (pfn_t pfn = 0; pfn < g->max_pfn; pfn++)
		if (g->kinds[pfn] >= least)
			bits[pfn / 8] |= (u8)(1u << pfn % 8);
	buf_add(out, bits, (g->max_pfn + 7) / 8);
	pad(out, end);
	free(bits);
}

static void make_header(const struct gen *g, const struct gen_kdump_options *o,
			size_t notes_len, struct diskdump *dd)
{
	u64 block = (u64)1 << g->page_shift;
	u64 bitmap_blocks = ((g->max_pfn + 7) / 8 + block - 1) / block;

	*dd = (struct diskdump){
		.version = o->version ? o->version : DISKDUMP_LATEST_VERSION,
		.timestamp_s = 1700000000,
		.status = o->status | o->codec,
		.block_size = (u32)block,
		.sub_header_blocks = SUB_HEADER_BLOCKS,
		.bitmap_blocks = (u32)(2 * bitmap_blocks),
		.num_cpus = g->num_cpus,
		.max_pfn = g->max_pfn,
		.dump_level = o->dump_level,
		.is_split = o->is_split,
		.split_start = o->split_start,
		.split_end = o->split_end,
		.notes_offset = block + DISKDUMP_SUB_HEADER_LEN,
		.notes_size = notes_len,
	};
	snprintf(dd->uts[DISKDUMP_SYSNAME], DISKDUMP_UTS_FIELD_LEN, "Linux");
	snprintf(dd->uts[DISKDUMP_RELEASE], DISKDUMP_UTS_FIELD_LEN, "6.1.0-gen");
	snprintf(dd->uts[DISKDUMP_MACHINE], DISKDUMP_UTS_FIELD_LEN, "%s",
		 o->machine ? o->machine : "x86_64");
	diskdump_lay_out(dd);
}

void gen_kdump(const struct gen *g, const struct gen_kdump_options *options,
	       struct buf *out)
{
	struct gen_kdump_options o = options ? *options : (struct gen_kdump_options){0};
	struct buf notes = BUF_INIT, file = BUF_INIT, descs = BUF_INIT, data = BUF_INIT;
	struct diskdump dd;
	u8 header[DISKDUMP_HEADER_LEN], sub[DISKDUMP_SUB_HEADER_LEN];
	u64 num = 0, data_start;

	make_notes(g, &notes);
	make_header(g, &o, notes.len, &dd);
	require(notes.len < (SUB_HEADER_BLOCKS - 1) * dd.block_size, "long notes");
	diskdump_format_header(&dd, header);
	diskdump_format_sub_header(&dd, sub);
	buf_add(&file, header, sizeof(header));
	pad(&file, dd.block_size);
	buf_add(&file, sub, sizeof(sub));
	buf_add(&file, notes.data, notes.len);
	pad(&file, dd.bitmap1_offset);
	add_bitmap(g, GEN_EXCLUDED, dd.bitmap2_offset, &file);
	add_bitmap(g, GEN_PRESENT, dd.descs_offset, &file);
	for (pfn_t pfn = 0; pfn < g->max_pfn; pfn++)
		num += is_here(g, &o, pfn);
	data_start = dd.descs_offset + num * DISKDUMP_PAGE_DESC_LEN;
	if (o.shares_zero_pages)
		pad(&data, dd.block_size);
	for (pfn_t pfn = 0; pfn < g->max_pfn; pfn++)
		if (is_here(g, &o, pfn))
			add_page(g, &o, pfn, &descs, &data, data_start);
	buf_add(&file, descs.data, descs.len);
	buf_add(&file, data.data, data.len);
	require(!file.failed && !descs.failed && !data.failed, "out of memory");
	buf_add(out, file.data, file.len);
	buf_deinit(&file);
	buf_deinit(&notes);
	buf_deinit(&descs);
	buf_deinit(&data);
}

struct flattener {
	const struct buf *file;
	const struct gen_flatten_options *options;
	struct buf *out;
};

static void add_segment(struct flattener *f, size_t offset, const void *data, size_t len)
{
	u8 header[FLATTENED_SEGMENT_LEN];

	flattened_format_segment(offset, len, header);
	buf_add(f->out, header, sizeof(header));
	buf_add(f->out, data, len);
}

/* Write the next segment of [*at, end). */
static void add_next(struct flattener *f, size_t *at, size_t end)
{
	size_t wanted = f->options->segment_len ? f->options->segment_len : 16384;
	size_t len = min_u64(wanted, end - *at);
	const u8 *data = (const u8 *)f->file->data + *at;

	if (len && !(f->options->skips_zeros && is_zero(data, len)))
		add_segment(f, *at, data, len);
	*at += len;
}

void gen_flatten(const struct buf *file, const struct gen_flatten_options *options,
		 struct buf *out)
{
	static const struct gen_flatten_options usual;
	struct flattener f = {file, options ? options : &usual, out};
	size_t half = f.options->interleaves ? file->len / 2 : file->len;
	size_t low = f.options->rewrites_header ? 4096 : 0, high = half;
	u8 header[FLATTENED_HEADER_LEN];

	flattened_format_header(header);
	buf_add(out, header, sizeof(header));
	if (low)
		add_segment(&f, 0, header, sizeof(header));
	while (low < half || high < file->len) {
		add_next(&f, &low, half);
		add_next(&f, &high, file->len);
	}
	if (f.options->rewrites_header)
		add_segment(&f, 0, file->data, 4096);
	if (!f.options->has_no_end) {
		flattened_format_end(header);
		buf_add(out, header, FLATTENED_SEGMENT_LEN);
	}
	require(!out->failed, "out of memory");
}
