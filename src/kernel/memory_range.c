#include "kernel/memory_range.h"

#include "kernel/memmap.h"
#include "kernel/vmalloc_area.h"

#include <string.h>

#define MAX_RANGES (1u << 20)
/* Longer ones are no areas: 64 TB are all the room that there is for them. */
#define MAX_AREA_LEN ((u64)64 << 40)

struct walk {
	struct kernel *k;
	struct memory_ranges ranges;
	bool is_short; /* of memory */
};

static void add(struct walk *w, enum memory_range_kind kind, vaddr_t start, u64 len)
{
	struct memory_ranges *r = &w->ranges;

	if (!len || start + len < start || r->count == MAX_RANGES)
		return;
	if (r->count == r->room) {
		size_t room = r->room ? 2 * r->room : 64;
		struct memory_range *grown =
			reallocarray(r->ranges, room, sizeof(*r->ranges));

		if (!grown) {
			w->is_short = true;
			return;
		}
		r->ranges = grown;
		r->room = room;
	}
	r->ranges[r->count++] = (struct memory_range){kind, start, len};
}

static struct err *add_direct(struct walk *w)
{
	struct dump *d = kernel_dump(w->k);
	size_t count;
	const struct ram_range *ram = dump_ram(d, &count);
	vaddr_t base;

	if (!dump_direct_map(d, &base))
		return err_new(ERR_ABSENT, "where the kernel maps all RAM is not known");
	for (size_t i = 0; i < count; i++)
		add(w, MEMORY_RANGE_DIRECT, base + ram[i].start, ram[i].len);
	return NULL;
}

static void add_area(void *ctx, const struct vmalloc_area *a)
{
	if (a->len <= MAX_AREA_LEN)
		add(ctx, MEMORY_RANGE_VMALLOC, a->start, a->len);
}

static struct err *add_vmalloc(struct walk *w)
{
	return vmalloc_area_each(w->k, add_area, w);
}

/* The map of each stretch of RAM: where the same answer holds, in one piece. */
static struct err *add_map(struct walk *w)
{
	cleanup(memmap_closep) struct memmap *m = NULL;
	cleanup(dump_reader_closep) struct dump_reader *reader = NULL;
	struct dump *d = kernel_dump(w->k);
	struct memmap_cursor c;
	size_t count;
	const struct ram_range *ram = dump_ram(d, &count);
	pfn_t done = 0;
	struct err *err = memmap_open(d, &m);

	if (!err)
		err = dump_reader_open(d, &reader);
	if (err)
		return err;
	c = memmap_cursor_init(m, reader);
	for (size_t i = 0; i < count && w->ranges.count < MAX_RANGES; i++) {
		pfn_t end = (ram[i].start + ram[i].len) >> dump_page_shift(d), next;

		for (pfn_t pfn = max_u64(done, ram[i].start >> dump_page_shift(d));
		     pfn < end && w->ranges.count < MAX_RANGES; pfn = next) {
			struct err *why;
			vaddr_t at;

			if (memmap_find(&c, pfn, &at, &next, &why))
				add(w, MEMORY_RANGE_MAP, at,
				    (next - pfn) * memmap_page_struct_size(m));
			err_ignore(why);
			done = next;
		}
	}
	return NULL;
}

static struct err *add_image(struct walk *w)
{
	vaddr_t start, end;

	if (!kernel_symbol_find(w->k, "_text", &start) &&
	    !kernel_symbol_find(w->k, "_stext", &start))
		return err_new(ERR_ABSENT, "where the kernel image begins is not known");
	if (!kernel_symbol_find(w->k, "_end", &end) &&
	    !kernel_symbol_find(w->k, "_etext", &end))
		return err_new(ERR_ABSENT, "where the kernel image ends is not known");
	if (end - start <= (u64)1 << 31)
		add(w, MEMORY_RANGE_IMAGE, start, end - start);
	return NULL;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct memory_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* By address; of what overlaps, the first has it. */
static void put_in_order(struct memory_ranges *r)
{
	size_t kept = 0;
	vaddr_t end = 0;

	if (r->count)
		qsort(r->ranges, r->count, sizeof(*r->ranges), compare_ranges);
	for (size_t i = 0; i < r->count; i++) {
		struct memory_range m = r->ranges[i];
		u64 inside = m.start < end ? end - m.start : 0;

		if (inside >= m.len)
			continue;
		m.start += inside;
		m.len -= inside;
		end = m.start + m.len;
		r->ranges[kept++] = m;
	}
	r->count = kept;
}

struct err *memory_ranges_read(struct kernel *k, u32 kinds, struct notices *n,
			       struct memory_ranges *ret)
{
	static struct err *(*const readers[MEMORY_NUM_RANGES])(struct walk * w) = {
		[MEMORY_RANGE_DIRECT] = add_direct,
		[MEMORY_RANGE_VMALLOC] = add_vmalloc,
		[MEMORY_RANGE_MAP] = add_map,
		[MEMORY_RANGE_IMAGE] = add_image,
	};
	struct walk w = {.k = k};

	for (unsigned kind = 0; kind < MEMORY_NUM_RANGES; kind++)
		if (kinds >> kind & 1)
			notices_add_err(n, readers[kind](&w));
	if (w.is_short) {
		memory_ranges_deinit(&w.ranges);
		return err_nomem();
	}
	put_in_order(&w.ranges);
	*ret = w.ranges;
	return NULL;
}

void memory_ranges_deinit(struct memory_ranges *r)
{
	free(r->ranges);
	*r = (struct memory_ranges){0};
}
