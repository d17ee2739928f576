#include "collect/filter_priv.h"

#include "collect/bits_priv.h"
#include "collect/memmap_places_priv.h"
#include "kernel/memmap.h"
#include "kernel/pcp.h"

#include <string.h>

/* The memmap is read in windows: at most so large that they stay in a CPU's own cache on
 * the way through, and small where large blocks are skipped, because reading costs several
 * times as much as judging. Multiples of 64 page frames, so that a compound page's second
 * struct is in the same window as its first. */
#define WINDOW_MAX_BYTES ((size_t)128 << 10)
#define WINDOW_MIN_PAGES 64
#define SKIP_PAGES	 64 /* kept unseen where a window cannot be read */

#define MAX_PAGE_STRUCT 4096

struct filter {
	struct dump *d;
	u32 excluded;	       /* classes, bit 1 << class */
	struct memmap *memmap; /* NULL: every page is kept */
	struct pageclass classes;
	struct pcp *pcp;	      /* NULL: such pages are kept */
	struct memmap_places *places; /* NULL: the memmap is kept */
	u64 max_window_pages;
	u64 block_pages; /* of the largest free block */
};

/* For leaving out the memory map of one chunk, bit by page of it. */
struct memmap_bits {
	struct filter_chunk described; /* the chunk */
	u8 dead[CHUNK_BYTES];	       /* describes only pages left out */
	u8 shared[CHUNK_BYTES];	       /* is in the map more than once */
};

struct filter_scan {
	const struct filter *f;
	struct dump_reader *reader;
	struct memmap_cursor cursor;
	struct filter_chunk *chunk; /* at work on */
	pfn_t chunk_end;
	u64 window_pages;
	struct notices notices;
	bool told_unreadable;
	struct memmap_bits *memmap_bits; /* NULL: the memmap is kept */
	u8 structs[];			 /* a window */
};

/* ---- the constant part ---- */

static u32 excluded_classes(unsigned level)
{
	/* Reading these would end the capture kernel. */
	u32 classes = 1u << PAGE_HWPOISON | 1u << PAGE_OFFLINE;

	if (level & COLLECT_FREE)
		classes |= 1u << PAGE_FREE | 1u << PAGE_PCP_FREE;
	if (level & (COLLECT_CACHE | COLLECT_CACHE_PRIVATE))
		classes |= 1u << PAGE_CACHE;
	if (level & COLLECT_CACHE_PRIVATE)
		classes |= 1u << PAGE_CACHE_PRIVATE;
	if (level & COLLECT_USER)
		classes |= 1u << PAGE_USER;
	return classes;
}

static void open_pcp(struct filter *f, const struct typelist *types)
{
	struct err *err = pcp_read(f->d, types, f->memmap, &f->classes, &f->pcp);

	notices_add_err(
		dump_notices(f->d),
		err_wrap(err, "free pages on CPUs' own lists are kept, all of them"));
}

static struct err *open_places(struct filter *f)
{
	cleanup(dump_reader_closep) struct dump_reader *r = NULL;
	struct err *err = dump_reader_open(f->d, &r);

	return err ? err : memmap_places_read(r, f->memmap, &f->places);
}

static struct err *open_classes(struct filter *f, const struct filter_options *options)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(f->d);
	bool wants_pcp = options->level & COLLECT_FREE && !options->keeps_pcp;
	struct typelist types = {0};
	struct err *err = memmap_open(f->d, &f->memmap);

	if (err)
		return err;
	/* Without types there may be less to leave out, which is told where it shows. */
	if (wants_pcp || !pageclass_is_told(vi))
		err_ignore(typelist_read(f->d, &types));
	err = pageclass_init(vi, &types, dump_notices(f->d), &f->classes);
	if (err)
		return err;
	f->max_window_pages =
		max_u64(align_down(WINDOW_MAX_BYTES / f->classes.struct_size, 64),
			WINDOW_MIN_PAGES);
	f->block_pages = (u64)1 << f->classes.max_order;
	if (wants_pcp)
		open_pcp(f, &types);
	return NULL;
}

struct err *filter_open(struct dump *d, const struct filter_options *options,
			struct filter **ret)
{
	cleanup(filter_closep) struct filter *f = calloc(1, sizeof(*f));
	struct err *err;

	if (!f)
		return err_nomem();
	f->d = d;
	f->excluded = excluded_classes(options->level);
	err = open_classes(f, options);
	if (err) {
		memmap_close(f->memmap);
		f->memmap = NULL;
		notices_add(dump_notices(d), "every page is kept: %s", err_message(err));
		err_free(err);
	}
	if (f->memmap && options->excludes_memmap) {
		err = open_places(f);
		if (err)
			return err;
	}
	*ret = steal(f);
	return NULL;
}

void filter_close(struct filter *f)
{
	if (!f)
		return;
	memmap_places_free(f->places);
	pcp_free(f->pcp);
	memmap_close(f->memmap);
	free(f);
}

/* ---- one thread's part ---- */

struct err *filter_scan_open(const struct filter *f, struct dump_reader *r,
			     struct filter_scan **ret)
{
	struct filter_scan *s =
		malloc(sizeof(*s) + f->max_window_pages * f->classes.struct_size);

	if (!s)
		return err_nomem();
	*s = (struct filter_scan){.f = f,
				  .reader = r,
				  .cursor = memmap_cursor_init(f->memmap, r),
				  .window_pages = WINDOW_MIN_PAGES};
	if (f->places) {
		s->memmap_bits = malloc(sizeof(*s->memmap_bits));
		if (!s->memmap_bits) {
			free(s);
			return err_nomem();
		}
	}
	*ret = s;
	return NULL;
}

void filter_scan_close(struct filter_scan *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->notices.count; i++)
		notices_add(dump_notices(s->f->d), "%s", s->notices.texts[i]);
	notices_deinit(&s->notices);
	free(s->memmap_bits);
	free(s);
}

static void exclude(struct filter_scan *s, const struct page_run *run)
{
	struct filter_chunk *c = s->chunk;
	pfn_t first = max_u64(run->first, c->first);
	pfn_t end = min_u64(run->end, s->chunk_end);

	if (first < end)
		c->excluded[run->class] +=
			bits_clear(c->kept, first - c->first, end - c->first);
}

/* The compound page of which the struct at @tail is a tail, if its head is one. Nothing of
 * what the tail says is believed before it is looked at. */
static bool find_compound(struct filter_scan *s, pfn_t pfn, vaddr_t head_addr,
			  struct page_run *ret)
{
	const struct pageclass *pc = &s->f->classes;
	u8 head[2 * MAX_PAGE_STRUCT];
	struct err *why;
	size_t len, size = 2 * pc->struct_size;
	u64 count;

	if (!memmap_find_pfn(&s->cursor, head_addr, &ret->first) || ret->first >= pfn)
		return false;
	dump_reader_read_some(s->reader, ADDR_VIRTUAL, head_addr, head, size, &len, &why);
	err_ignore(why);
	if (len < size)
		return false;
	ret->class = pageclass_judge(pc, ret->first, head, head + pc->struct_size, &count);
	ret->end = ret->first + count;
	return ret->end > pfn;
}

/* If the window begins inside a compound page that is left out: leave it out, and return
 * its end. */
static pfn_t judge_begun(struct filter_scan *s, pfn_t pfn)
{
	struct page_run run;
	vaddr_t head;

	if (!pageclass_is_tail(&s->f->classes, s->structs, &head) ||
	    !find_compound(s, pfn, head, &run) || !(s->f->excluded >> run.class & 1))
		return pfn;
	exclude(s, &run);
	return run.end;
}

/* The next window is small where most structs need not be looked at, else larger. */
static void adapt_window(struct filter_scan *s, const struct page_walk *w)
{
	if (w->num_judged < w->num / 8)
		s->window_pages = WINDOW_MIN_PAGES;
	else if (w->num_judged > w->num / 2)
		s->window_pages = min_u64(2 * s->window_pages, s->f->max_window_pages);
}

/* Judge the page frames whose @num structs have been read; returns the first that is not
 * judged, which may lie behind them. */
static pfn_t judge(struct filter_scan *s, pfn_t first, u64 num)
{
	struct page_walk w = {.structs = s->structs, .first = first, .num = num};
	struct page_run run;

	w.pos = judge_begun(s, first);
	while (pageclass_find_run(&s->f->classes, s->f->excluded, &w, &run))
		exclude(s, &run);
	adapt_window(s, &w);
	return w.pos;
}

static bool has_kept(const struct filter_scan *s, pfn_t first, pfn_t end)
{
	const struct filter_chunk *c = s->chunk;

	return bits_find(c->kept, first - c->first, end - c->first, true) < end - c->first;
}

/* Judge what can be read of the memmap for [first, end), whose structs begin at @addr. */
static pfn_t judge_window(struct filter_scan *s, pfn_t first, pfn_t end, vaddr_t addr)
{
	size_t size = s->f->classes.struct_size, len;
	struct err *why;

	end = min_u64(end, align_down(first, 64) + s->window_pages);
	dump_reader_read_some(s->reader, ADDR_VIRTUAL, addr, s->structs,
			      (end - first) * size, &len, &why);
	if (why && !s->told_unreadable && has_kept(s, first + len / size, end)) {
		notices_add(
			&s->notices,
			"pages whose struct page cannot be read are kept, the first at physical "
			"address 0x%llx: %s",
			(unsigned long long)(first + len / size)
				<< dump_page_shift(s->f->d),
			err_message(why));
		s->told_unreadable = true;
	}
	err_ignore(why);
	if (!(len / size))
		return align_down(first + SKIP_PAGES, SKIP_PAGES);
	return judge(s, first, len / size);
}

/* Judge the RAM in [first, end), as far as there is something to be left out. */
static void judge_ram(struct filter_scan *s, pfn_t first, pfn_t end)
{
	const struct filter_chunk *c = s->chunk;

	while (first < end) {
		struct err *why;
		vaddr_t addr;
		pfn_t section_end;
		pfn_t kept = c->first +
			     bits_find(c->kept, first - c->first, end - c->first, true);

		if (kept == end)
			return;
		/* A free block is known by its first struct alone, and an earlier collector
		 * may have left out that page but not all of the block. */
		first = max_u64(first, align_down(kept, s->f->block_pages));
		if (memmap_find(&s->cursor, first, &addr, &section_end, &why))
			first = judge_window(s, first, min_u64(end, section_end), addr);
		else
			first = section_end;
		notices_add_err(&s->notices, why);
	}
}

/* Leave out what the CPUs' lists hold of the chunk. */
static void exclude_pcp(struct filter_scan *s)
{
	struct page_run run = {.class = PAGE_PCP_FREE};
	pfn_t pfn = s->chunk->first;

	while (s->f->pcp && pcp_find(s->f->pcp, pfn, &run.first, &run.end) &&
	       run.first < s->chunk_end) {
		exclude(s, &run);
		pfn = run.end;
	}
}

/* What the source says of the page frames, before any is judged. */
static void find_ram(struct filter_scan *s)
{
	struct filter_chunk *c = s->chunk;

	for (pfn_t pfn = c->first, next; pfn < s->chunk_end; pfn = next) {
		enum pfn_state state = dump_reader_pfn_run(s->reader, pfn, &next);

		next = min_u64(next, s->chunk_end);
		if (state == PFN_ABSENT)
			continue;
		bits_set(c->ram, pfn - c->first, next - c->first);
		c->pages_ram += next - pfn;
		if (state == PFN_PRESENT)
			bits_set(c->kept, pfn - c->first, next - c->first);
		else
			c->pages_not_in_source += next - pfn;
	}
}

/* By the classes of pages alone. */
static void decide(struct filter_scan *s, pfn_t first, pfn_t end, struct filter_chunk *ret)
{
	*ret = (struct filter_chunk){.first = first};
	s->chunk = ret;
	s->chunk_end = min_u64(end, first + CHUNK_PAGES);
	find_ram(s);
	for (u64 bit = 0, num = s->chunk_end - first; s->f->memmap && bit < num;) {
		u64 run = bits_find(ret->ram, bit, num, true);

		bit = bits_find(ret->ram, run, num, false);
		judge_ram(s, first + run, first + bit);
	}
	exclude_pcp(s);
}

/* ---- the memory map itself ---- */

/* How many structs follow each other from that of page frame @first, at *@ret_addr, on. */
static u64 count_structs(struct filter_scan *s, pfn_t first, vaddr_t *ret_addr)
{
	size_t size = s->f->classes.struct_size;
	pfn_t pfn = first, end;
	struct err *why;
	vaddr_t addr = 0;

	for (; pfn < first + CHUNK_PAGES; pfn = end) {
		bool is_found = memmap_find(&s->cursor, pfn, &addr, &end, &why);

		err_ignore(why);
		if (pfn == first)
			*ret_addr = addr;
		if (!is_found || addr != *ret_addr + (pfn - first) * size)
			break;
	}
	return min_u64(pfn - first, CHUNK_PAGES);
}

/* Mark the pages of the map of s->memmap_bits->described that describe nothing kept.
 * Returns how many pages there are. */
static u64 find_dead(struct filter_scan *s, u64 num_structs)
{
	struct memmap_bits *m = s->memmap_bits;
	u64 size = s->f->classes.struct_size, page_size = dump_page_size(s->f->d);
	u64 num = min_u64(num_structs * size / page_size, CHUNK_PAGES);

	memset(m->dead, 0, sizeof(m->dead));
	for (u64 i = 0; i < num; i++) {
		u64 bit = i * page_size / size;
		u64 end = ((i + 1) * page_size + size - 1) / size;

		if (end <= num_structs &&
		    bits_find(m->described.kept, bit, end, true) == end)
			bits_set(m->dead, i, i + 1);
	}
	return num;
}

/* The map should lie at page frame @at on. Where it does not, because the kernel let go of
 * the tails of a hugetlb page and maps one page several times, nothing is touched: neither
 * the page that is there now, nor the one that is mapped instead. */
static void find_shared(struct filter_scan *s, vaddr_t addr, pfn_t at, u64 num)
{
	struct memmap_bits *m = s->memmap_bits;
	unsigned shift = dump_page_shift(s->f->d);

	memset(m->shared, 0, sizeof(m->shared));
	for (u64 i = 0; i < num; i++) {
		paddr_t paddr = 0;
		struct err *err =
			dump_reader_translate(s->reader, addr + (i << shift), &paddr);
		u64 found = (paddr >> shift) - at;

		if (!err && found == i)
			continue;
		bits_set(m->shared, i, i + 1);
		if (!err && found < num)
			bits_set(m->shared, found, found + 1);
		err_ignore(err);
	}
}

/* Leave out what the chunk at work on holds of the map at @place. */
static void exclude_map(struct filter_scan *s, const struct memmap_place *place)
{
	struct memmap_bits *m = s->memmap_bits;
	struct filter_chunk *chunk = s->chunk;
	pfn_t chunk_end = s->chunk_end;
	vaddr_t addr = 0;
	u64 num;

	decide(s, place->chunk, dump_max_pfn(s->f->d), &m->described);
	s->chunk = chunk;
	s->chunk_end = chunk_end;
	/* Without any RAM nothing is known of what is described. */
	num = find_dead(s, count_structs(s, place->chunk, &addr));
	if (!m->described.pages_ram || bits_find(m->dead, 0, num, true) == num)
		return;
	find_shared(s, addr, place->at, num);
	for (u64 i = 0; i < num; i++) {
		struct page_run run = {place->at + i, place->at + i + 1, PAGE_DEAD_MEMMAP};

		if (bits_find(m->dead, i, i + 1, true) == i &&
		    bits_find(m->shared, i, i + 1, false) == i)
			exclude(s, &run);
	}
}

static void exclude_memmap(struct filter_scan *s)
{
	const struct memmap_places *places = s->f->places;
	u64 len = CHUNK_PAGES * s->f->classes.struct_size / dump_page_size(s->f->d);
	pfn_t first = s->chunk->first;
	struct memmap_place place;

	/* A map that begins before the chunk may reach into it. */
	for (size_t i = memmap_places_find(places, first - min_u64(first, len));
	     memmap_places_get(places, i, &place) && place.at < s->chunk_end; i++)
		exclude_map(s, &place);
}

void filter_scan_chunk(struct filter_scan *s, pfn_t first, pfn_t end,
		       struct filter_chunk *ret)
{
	decide(s, first, end, ret);
	if (s->f->places)
		exclude_memmap(s);
	ret->num_kept = bits_count(ret->kept, CHUNK_PAGES);
}
