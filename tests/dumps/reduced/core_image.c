#include "core_image.h"

#include "base/bytes.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define MAGIC	  0x31637265u
#define PAGE_LEN  4096u
#define MAX_BYTES ((size_t)4 << 20)
/* Bytes nobody read between two that somebody did are cheaper than one more run. */
#define MAX_GAP 16

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "core image: %s\n", what);
	abort();
}

static void *must_alloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size);

	if (!p)
		die("out of memory");
	return p;
}

void core_image_init(struct core_image *c, const void *notes, size_t notes_len,
		     struct core_run *runs, size_t num)
{
	u64 at = sizeof(Elf64_Ehdr) + (num + 1) * sizeof(Elf64_Phdr);
	Elf64_Ehdr header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT},
			     .e_type = ET_CORE,
			     .e_machine = EM_X86_64,
			     .e_version = EV_CURRENT,
			     .e_phoff = sizeof(Elf64_Ehdr),
			     .e_ehsize = sizeof(Elf64_Ehdr),
			     .e_phentsize = sizeof(Elf64_Phdr),
			     .e_phnum = (Elf64_Half)(num + 1)};
	Elf64_Phdr *segments = must_alloc(num + 1, sizeof(*segments));

	if (num + 1 >= PN_XNUM)
		die("too many runs");
	segments[0] =
		(Elf64_Phdr){.p_type = PT_NOTE, .p_offset = at, .p_filesz = notes_len};
	at += notes_len;
	for (size_t i = 0; i < num; i++) {
		runs[i].offset = at;
		segments[i + 1] = (Elf64_Phdr){.p_type = PT_LOAD,
					       .p_offset = at,
					       .p_paddr = runs[i].start,
					       .p_filesz = runs[i].len,
					       .p_memsz = runs[i].len};
		at += runs[i].len;
	}
	*c = (struct core_image){must_alloc(1, at), at, runs, num};
	memcpy(c->file, &header, sizeof(header));
	memcpy(c->file + sizeof(header), segments, (num + 1) * sizeof(*segments));
	memcpy(c->file + segments[0].p_offset, notes, notes_len);
	free(segments);
}

void core_image_deinit(struct core_image *c)
{
	free(c->file);
	free(c->runs);
	*c = (struct core_image){0};
}

u8 *core_image_at(const struct core_image *c, paddr_t addr, u64 *ret_len)
{
	size_t low = 0, high = c->num_runs;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->runs[middle].start <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || addr - c->runs[low - 1].start >= c->runs[low - 1].len)
		return NULL;
	addr -= c->runs[low - 1].start;
	if (ret_len)
		*ret_len = c->runs[low - 1].len - addr;
	return c->file + c->runs[low - 1].offset + addr;
}

static int compare_runs(const void *a, const void *b)
{
	const struct core_run *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

void core_image_add(struct core_image *c, paddr_t start, u64 len)
{
	struct core_run *runs = must_alloc(c->num_runs + 1, sizeof(*runs));
	const Elf64_Phdr *note = (const void *)(c->file + sizeof(Elf64_Ehdr));
	struct core_image old = *c;
	size_t num = 0;

	memcpy(runs, c->runs, c->num_runs * sizeof(*runs));
	runs[c->num_runs] = (struct core_run){.start = start, .len = len};
	qsort(runs, c->num_runs + 1, sizeof(*runs), compare_runs);
	for (size_t i = 0; i < old.num_runs + 1; i++) {
		u64 end = runs[i].start + runs[i].len;

		if (num && runs[i].start <= runs[num - 1].start + runs[num - 1].len)
			runs[num - 1].len =
				max_u64(runs[num - 1].len, end - runs[num - 1].start);
		else
			runs[num++] = runs[i];
	}
	core_image_init(c, old.file + note->p_offset, note->p_filesz, runs, num);
	for (size_t i = 0; i < old.num_runs; i++)
		memcpy(core_image_at(c, old.runs[i].start, NULL),
		       old.file + old.runs[i].offset, old.runs[i].len);
	core_image_deinit(&old);
}

/* ---- reduced ----
 *
 * All of it packed by zstd: MAGIC, length of the notes, number of pieces (u32 each), the
 * notes, a header per piece (its address, u64, and length, u32), the bytes of all pieces.
 */

static void add_u32(struct buf *b, u64 value)
{
	u8 bytes[4];

	put_le32(bytes, (u32)value);
	buf_add(b, bytes, sizeof(bytes));
}

static void add_piece(struct buf *heads, struct buf *bytes, paddr_t start, const u8 *data,
		      size_t len)
{
	add_u32(heads, start);
	add_u32(heads, start >> 32);
	add_u32(heads, len);
	buf_add(bytes, data, len);
}

static bool is_touched(const u8 *touched, u64 offset)
{
	return touched[offset / 8] >> offset % 8 & 1;
}

static u32 add_pieces(const struct core_image *c, const struct core_run *r,
		      const u8 *touched, struct buf *heads, struct buf *bytes)
{
	u32 count = 0;

	for (u64 at = 0, end, gap; at < r->len; at = end) {
		end = at + 1;
		if (!is_touched(touched, r->offset + at))
			continue;
		for (gap = 0; end + gap < r->len && gap < MAX_GAP; gap++)
			if (is_touched(touched, r->offset + end + gap)) {
				end += gap + 1;
				gap = (u64)-1;
			}
		add_piece(heads, bytes, r->start + at, c->file + r->offset + at, end - at);
		count++;
	}
	return count;
}

static void write_packed(const struct buf *b, const char *path)
{
	size_t room = ZSTD_compressBound(b->len);
	void *packed = must_alloc(1, room);
	size_t len = ZSTD_compress(packed, room, b->data, b->len, 19);

	if (ZSTD_isError(len))
		die("zstd");
	err_ignore(io_write_file(path, 0644, packed, len));
	free(packed);
}

void core_image_write_reduced(const struct core_image *c, const u8 *touched,
			      const void *notes, size_t notes_len, const char *path)
{
	cleanup(buf_deinit) struct buf heads = BUF_INIT, bytes = BUF_INIT, all = BUF_INIT;
	u32 count = 0;

	for (size_t i = 0; i < c->num_runs; i++)
		count += add_pieces(c, &c->runs[i], touched, &heads, &bytes);
	add_u32(&all, MAGIC);
	add_u32(&all, notes_len);
	add_u32(&all, count);
	buf_add(&all, notes, notes_len);
	buf_add(&all, heads.data, heads.len);
	buf_add(&all, bytes.data, bytes.len);
	write_packed(&all, path);
	printf("%s: %u pieces, %zu bytes of memory\n", path, count, bytes.len);
}

static u8 *read_packed(const char *path, size_t *ret_len)
{
	cleanup(freep) char *packed = NULL;
	size_t packed_len, len;
	u8 *data = must_alloc(1, MAX_BYTES);
	struct err *err = io_read_file(path, MAX_BYTES, &packed, &packed_len);

	if (err)
		die(err_message(err));
	len = ZSTD_decompress(data, MAX_BYTES, packed, packed_len);
	if (ZSTD_isError(len) || len < 12 || get_le32(data) != MAGIC)
		die("this is no reduced dump");
	*ret_len = len;
	return data;
}

/* The pages that pieces lie in, joined where they touch. */
static struct core_run *find_runs(const u8 *heads, u32 count, size_t *ret_num)
{
	struct core_run *runs = must_alloc(count, sizeof(*runs));
	size_t num = 0;

	for (u32 i = 0; i < count; i++) {
		u64 addr = get_le64(heads + 12 * (size_t)i);
		u64 start = align_down(addr, PAGE_LEN);
		u64 end = align_up(addr + get_le32(heads + 12 * (size_t)i + 8), PAGE_LEN);

		if (num && start <= runs[num - 1].start + runs[num - 1].len)
			runs[num - 1].len =
				max_u64(runs[num - 1].len, end - runs[num - 1].start);
		else
			runs[num++] = (struct core_run){.start = start, .len = end - start};
	}
	*ret_num = num;
	return runs;
}

static void read_pieces(struct core_image *c, const u8 *data)
{
	size_t num;
	u32 notes_len = get_le32(data + 4), count = get_le32(data + 8);
	const u8 *heads = data + 12 + notes_len, *bytes = heads + 12 * (size_t)count;
	struct core_run *runs = find_runs(heads, count, &num);

	core_image_init(c, data + 12, notes_len, runs, num);
	for (u32 i = 0; i < count; i++) {
		u32 piece = get_le32(heads + 12 * (size_t)i + 8);

		memcpy(core_image_at(c, get_le64(heads + 12 * (size_t)i), NULL), bytes,
		       piece);
		bytes += piece;
	}
}

void core_image_read_seed(struct core_image *c, const char *name)
{
	char path[4096];
	size_t len;
	u8 *data;

	snprintf(path, sizeof(path), REDUCED_DUMPS "/%s.reduced", name);
	data = read_packed(path, &len);
	read_pieces(c, data);
	free(data);
}
