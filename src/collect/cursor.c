#include "collect/cursor_priv.h"

#include "collect/bits_priv.h"

/* Where we are in one stripe. */
struct place {
	struct stripe stripe; /* `first` moves on, and `rank` with it */
	u64 turn;
	bool is_done;
	bool has_chunk;
	pfn_t chunk;
	u8 kept[CHUNK_BYTES];
};

struct cursor {
	struct dump *d;
	const struct pagemap *map;
	size_t batch_pages;
	bool takes_turns;
	size_t next;
	size_t num_places;
	struct place places[];
};

struct err *cursor_open(struct dump *d, const struct pagemap *map,
			const struct stripe *stripes, size_t num_stripes, bool takes_turns,
			struct cursor **ret)
{
	struct cursor *c = calloc(1, sizeof(*c) + num_stripes * sizeof(struct place));

	if (!c)
		return err_nomem();
	c->d = d;
	c->map = map;
	c->batch_pages = min_u64(BATCH_MAX_PAGES, BATCH_BYTES / dump_page_size(d));
	c->takes_turns = takes_turns;
	c->num_places = num_stripes;
	for (size_t i = 0; i < num_stripes; i++)
		c->places[i].stripe = stripes[i];
	*ret = c;
	return NULL;
}

void cursor_close(struct cursor *c)
{
	free(c);
}

pfn_t cursor_find_chunk(struct dump *d, pfn_t first)
{
	pfn_t max_pfn = dump_max_pfn(d), next;

	while (first < max_pfn) {
		if (dump_pfn_run(d, first, &next) != PFN_ABSENT)
			return align_down(first, CHUNK_PAGES);
		first = next;
	}
	return UINT64_MAX;
}

/* Have the bits of the chunk in which the place's next page lies. */
static struct err *load_chunk(struct cursor *c, struct place *p)
{
	pfn_t chunk = align_down(p->stripe.first, CHUNK_PAGES);
	struct err *err;

	if (p->has_chunk && p->chunk == chunk)
		return NULL;
	chunk = cursor_find_chunk(c->d, chunk);
	if (chunk >= p->stripe.end) {
		p->is_done = true;
		return NULL;
	}
	err = pagemap_get(c->map, chunk, p->kept);
	if (err)
		return err;
	p->chunk = chunk;
	p->has_chunk = true;
	p->stripe.first = max_u64(p->stripe.first, chunk);
	return NULL;
}

/* Add runs of the chunk at hand until the batch is full or the chunk at its end. */
static void add_runs(struct cursor *c, struct place *p, struct batch *b)
{
	u64 end = min_u64(CHUNK_PAGES, p->stripe.end - p->chunk);
	u64 bit = p->stripe.first - p->chunk;

	while (b->num_pages < c->batch_pages) {
		u64 first = bits_find(p->kept, bit, end, true);
		u64 room = c->batch_pages - b->num_pages;

		if (first == end) {
			bit = end;
			break;
		}
		bit = bits_find(p->kept, first, min_u64(end, first + room), false);
		b->runs[b->num_runs++] =
			(struct run){.first = p->chunk + first, .count = bit - first};
		b->num_pages += bit - first;
	}
	p->stripe.first = p->chunk + bit;
	p->is_done = p->stripe.first >= p->stripe.end;
}

static struct err *take_from(struct cursor *c, struct place *p, struct batch *b)
{
	*b = (struct batch){.part = p->stripe.part,
			    .rank = p->stripe.rank,
			    .turn = p->turn,
			    .is_ordered = p->stripe.is_ordered};
	p->is_done |= p->stripe.first >= p->stripe.end;
	while (!p->is_done && b->num_pages < c->batch_pages) {
		struct err *err = load_chunk(c, p);

		if (err)
			return err;
		if (!p->is_done)
			add_runs(c, p, b);
	}
	p->stripe.rank += b->num_pages;
	return NULL;
}

/* Turns are counted per part; stripes of one part follow each other. */
static void count_turn(struct cursor *c, const struct place *p)
{
	for (size_t i = 0; i < c->num_places; i++)
		if (c->places[i].stripe.part == p->stripe.part)
			c->places[i].turn++;
}

struct err *cursor_take(struct cursor *c, struct batch *ret)
{
	ret->num_pages = 0;
	for (size_t tried = 0; tried < c->num_places; tried++) {
		struct place *p = &c->places[c->next];
		struct err *err = take_from(c, p, ret);

		if (err)
			return err;
		if (ret->num_pages && ret->is_ordered)
			count_turn(c, p);
		if (c->takes_turns || p->is_done)
			c->next = (c->next + 1) % c->num_places;
		if (ret->num_pages)
			return NULL;
	}
	return NULL;
}
