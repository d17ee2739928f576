#include "collect/memmap_places_priv.h"

/* An entry: the page frame of the map, then the number of the chunk. */
#define CHUNK_BITS 24
#define CHUNK_MASK (((u64)1 << CHUNK_BITS) - 1)

struct memmap_places {
	size_t num, capacity;
	u64 *entries; /* sorted */
};

void memmap_places_free(struct memmap_places *p)
{
	if (!p)
		return;
	free(p->entries);
	free(p);
}

static struct err *add(struct memmap_places *p, pfn_t at, pfn_t chunk)
{
	u64 number = chunk / CHUNK_PAGES;

	if (p->num == MEMMAP_PLACES_MAX || number > CHUNK_MASK || at >> (64 - CHUNK_BITS))
		return NULL;
	if (p->num == p->capacity) {
		size_t capacity = p->capacity ? 2 * p->capacity : 64;
		u64 *grown = reallocarray(p->entries, capacity, sizeof(*grown));

		if (!grown)
			return err_nomem();
		p->entries = grown;
		p->capacity = capacity;
	}
	p->entries[p->num++] = at << CHUNK_BITS | number;
	return NULL;
}

static struct err *find_one(struct dump_reader *r, struct memmap_cursor *c, pfn_t chunk,
			    struct memmap_places *p)
{
	unsigned shift = dump_page_shift(dump_reader_dump(r));
	struct err *err;
	vaddr_t addr;
	paddr_t at;
	pfn_t end;

	if (!memmap_find(c, chunk, &addr, &end, &err)) {
		err_ignore(err);
		return NULL;
	}
	err = dump_reader_translate(r, addr, &at);
	if (err || at & (((u64)1 << shift) - 1)) {
		err_ignore(err);
		return NULL;
	}
	return add(p, at >> shift, chunk);
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

struct err *memmap_places_read(struct dump_reader *r, const struct memmap *m,
			       struct memmap_places **ret)
{
	cleanup(memmap_places_freep) struct memmap_places *p = calloc(1, sizeof(*p));
	struct memmap_cursor cursor = memmap_cursor_init(m, r);
	struct dump *d = dump_reader_dump(r);
	unsigned shift = dump_page_shift(d);
	pfn_t next = 0; /* chunks before are done */
	size_t count;
	const struct ram_range *ram = dump_ram(d, &count);

	if (!p)
		return err_nomem();
	for (size_t i = 0; i < count; i++) {
		pfn_t end = (ram[i].start + ram[i].len - 1) / ((u64)1 << shift) + 1;
		pfn_t chunk = align_down(ram[i].start >> shift, CHUNK_PAGES);

		for (chunk = max_u64(chunk, next); chunk < end; chunk += CHUNK_PAGES) {
			struct err *err = find_one(r, &cursor, chunk, p);

			if (err)
				return err;
			next = chunk + CHUNK_PAGES;
		}
	}
	if (p->num)
		qsort(p->entries, p->num, sizeof(*p->entries), compare);
	*ret = steal(p);
	return NULL;
}

size_t memmap_places_find(const struct memmap_places *p, pfn_t at)
{
	size_t low = 0, high = p->num;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->entries[middle] >> CHUNK_BITS < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool memmap_places_get(const struct memmap_places *p, size_t index,
		       struct memmap_place *ret)
{
	if (index >= p->num)
		return false;
	ret->at = p->entries[index] >> CHUNK_BITS;
	ret->chunk = (p->entries[index] & CHUNK_MASK) * CHUNK_PAGES;
	return true;
}
