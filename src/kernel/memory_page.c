#include "kernel/memory_page.h"

#include "base/bytes.h"
#include "base/str.h"
#include "kernel/field.h"
#include "kernel/memmap.h"
#include "kernel/memory_zone.h"

#include <string.h>

#define MAX_FLAG_NAMES 128
#define FLAG_NAME_SIZE 64
#define MAX_SPANS      256 /* zones that are told apart by node */
#define STRUCTS_LEN    ((size_t)32 << 10)
#define MAX_GAPS       (1u << 22) /* reads of the memory map that fail */

/* What a zone covers. */
struct span {
	pfn_t start, len;
	unsigned node;
};

struct memory_pages {
	struct kernel *k;
	struct memmap *memmap;
	struct dump_reader *reader;
	struct memmap_cursor cursor;
	struct field flags, mapping, index, count, head;
	bool are_spans_known;
	struct span spans[MAX_SPANS];
	size_t num_spans;
};

struct err *memory_pages_open(struct kernel *k, struct memory_pages **ret)
{
	cleanup(memory_pages_closep) struct memory_pages *p = calloc(1, sizeof(*p));
	struct err *err;

	if (!p)
		return err_nomem();
	p->k = k;
	err = memmap_open(kernel_dump(k), &p->memmap);
	if (!err)
		err = dump_reader_open(kernel_dump(k), &p->reader);
	if (err)
		return err;
	p->cursor = memmap_cursor_init(p->memmap, p->reader);
	p->flags = field_find(k, "page", "flags");
	p->mapping = field_find(k, "page", "mapping");
	p->index = field_find(k, "page", "index");
	p->count = field_find(k, "page", "_refcount.counter");
	p->head = field_find(k, "page", "compound_head");
	*ret = steal(p);
	return NULL;
}

void memory_pages_close(struct memory_pages *p)
{
	if (!p)
		return;
	dump_reader_close(p->reader);
	memmap_close(p->memmap);
	free(p);
}

bool memory_page_find(struct memory_pages *p, pfn_t pfn, vaddr_t *ret)
{
	struct err *why;
	pfn_t end;
	bool is_found = memmap_find(&p->cursor, pfn, ret, &end, &why);

	err_ignore(why);
	return is_found;
}

/* Any page, for the cursor to know how the memmap is laid out. */
static bool find_origin(struct memory_pages *p)
{
	struct dump *d = kernel_dump(p->k);
	size_t count;
	const struct ram_range *ram = dump_ram(d, &count);
	vaddr_t addr;

	for (size_t i = 0; i < count; i++)
		if (memory_page_find(p, ram[i].start >> dump_page_shift(d), &addr))
			return true;
	return false;
}

bool memory_page_find_pfn(struct memory_pages *p, vaddr_t addr, pfn_t *ret,
			  vaddr_t *ret_start)
{
	size_t size = memmap_page_struct_size(p->memmap);
	vaddr_t start;

	if (!p->cursor.has_pages && !find_origin(p))
		return false;
	start = addr - (addr - p->cursor.origin) % size;
	if (!memmap_find_pfn(&p->cursor, start, ret))
		return false;
	*ret_start = start;
	return true;
}

bool memory_page_of_direct_map(struct kernel *k, vaddr_t addr, pfn_t *ret)
{
	struct dump *d = kernel_dump(k);
	vaddr_t base;

	if (!dump_direct_map(d, &base) || addr < base)
		return false;
	*ret = (addr - base) >> dump_page_shift(d);
	return *ret < dump_max_pfn(d);
}

vaddr_t memory_page_head(struct memory_pages *p, vaddr_t page)
{
	u64 head = 0;

	if (p->head.present)
		err_ignore(field_read(p->k, page, &p->head, &head));
	return head & 1 ? head - 1 : page;
}

static bool take_span(void *ctx, const struct memory_zone *z)
{
	struct memory_pages *p = ctx;

	if (z->spanned_pages)
		p->spans[p->num_spans++] =
			(struct span){z->start, z->spanned_pages, z->node};
	return p->num_spans < MAX_SPANS;
}

unsigned memory_page_node(struct memory_pages *p, pfn_t pfn)
{
	if (!p->are_spans_known)
		err_ignore(memory_zone_each(p->k, take_span, p));
	p->are_spans_known = true;
	for (size_t i = 0; i < p->num_spans; i++)
		if (pfn - p->spans[i].start < p->spans[i].len)
			return p->spans[i].node;
	return 0;
}

static u64 read_optional(struct kernel *k, vaddr_t base, const struct field *f)
{
	u64 value = 0;

	if (f->present)
		err_ignore(field_read(k, base, f, &value));
	return value;
}

struct err *memory_page_read(struct memory_pages *p, vaddr_t addr, pfn_t pfn,
			     struct memory_page *ret)
{
	struct memory_page page = {.addr = addr, .pfn = pfn};
	struct err *err = field_read(p->k, addr, &p->flags, &page.flags);

	if (err)
		return err_wrap(err, "struct page at 0x%llx", (unsigned long long)addr);
	page.mapping = read_optional(p->k, addr, &p->mapping);
	page.index = read_optional(p->k, addr, &p->index);
	page.count = (u32)read_optional(p->k, addr, &p->count);
	*ret = page;
	return NULL;
}

/* ---- flags ---- */

/* Row @at of the table. False behind the last. */
static bool read_flag(struct kernel *k, vaddr_t at, u64 *mask, char name[FLAG_NAME_SIZE])
{
	vaddr_t text = 0;
	struct err *err = field_read_by_name(k, at, "trace_print_flags", "name", &text);

	if (!err && text)
		err = field_read_by_name(k, at, "trace_print_flags", "mask", mask);
	if (!err && text)
		err = kernel_read_str(k, text, name, FLAG_NAME_SIZE);
	if (err)
		text = 0;
	err_ignore(err);
	return text != 0;
}

void memory_flag_names(struct kernel *k, const char *table, u64 flags, struct buf *b)
{
	vaddr_t at;
	u64 size, mask;
	char name[FLAG_NAME_SIZE];
	const char *separator = "";

	if (!kernel_symbol_find(k, table, &at) ||
	    !type_size_find(k, "trace_print_flags", &size))
		return;
	for (unsigned i = 0; i < MAX_FLAG_NAMES && read_flag(k, at, &mask, name);
	     i++, at += size) {
		if (!(flags & mask))
			continue;
		buf_add_str(b, separator);
		str_escape(b, name, strlen(name), false);
		separator = ",";
	}
}

/* ---- counting ---- */

/* Where the two members that are looked at lie, and what is reserved. */
struct sharing {
	size_t struct_size;
	u64 flags, count, reserved;
};

static u64 count_shared(const struct sharing *s, const u8 *structs, u64 num)
{
	u64 shared = 0;

	for (u64 i = 0; i < num; i++, structs += s->struct_size)
		shared += !(get_le64(structs + s->flags) & s->reserved) &&
			  (s32)get_le32(structs + s->count) > 1;
	return shared;
}

static struct err *find_sharing(struct memory_pages *p, struct sharing *s)
{
	u64 bit;

	s->struct_size = memmap_page_struct_size(p->memmap);
	s->flags = p->flags.offset;
	s->count = p->count.offset;
	if (!p->flags.present || !p->count.present ||
	    !constant_find(p->k, "PG_reserved", &bit) || bit > 63 ||
	    !range_fits(s->flags, 8, s->struct_size) ||
	    !range_fits(s->count, 4, s->struct_size))
		return err_new(ERR_ABSENT, "struct page is not known well enough to count "
					   "users");
	s->reserved = (u64)1 << bit;
	return NULL;
}

struct err *memory_pages_shared(struct memory_pages *p, bool (*should_stop)(void *ctx),
				void *ctx, u64 *ret)
{
	cleanup(freep) u8 *structs = malloc(STRUCTS_LEN);
	pfn_t end = dump_max_pfn(kernel_dump(p->k)), next, at_once;
	struct sharing s = {0};
	u64 shared = 0;
	unsigned gaps = 0;
	struct err *err = structs ? find_sharing(p, &s) : err_nomem();

	if (err)
		return err;
	at_once = STRUCTS_LEN / s.struct_size;
	for (pfn_t pfn = 0; pfn < end && !(should_stop && should_stop(ctx)); pfn = next) {
		struct err *why;
		vaddr_t addr;
		size_t len;

		if (!memmap_find(&p->cursor, pfn, &addr, &next, &why)) {
			err_ignore(why);
			continue;
		}
		next = min_u64(min_u64(next, end), pfn + at_once);
		dump_reader_read_some(p->reader, ADDR_VIRTUAL, addr, structs,
				      (next - pfn) * s.struct_size, &len, &why);
		err_ignore(why);
		shared += count_shared(&s, structs, len / s.struct_size);
		if (len == (next - pfn) * s.struct_size)
			continue;
		next = min_u64(next, pfn + len / s.struct_size + 1);
		if (++gaps == MAX_GAPS)
			return err_new(ERR_INCOMPLETE, "the memory map cannot be read in "
						       "too many places");
	}
	*ret = shared;
	return NULL;
}
