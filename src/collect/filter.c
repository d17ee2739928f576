#include "collect/filter_priv.h"

#include "collect/bits_priv.h"

#include <string.h>

/* Pieces of the memmap read at once; even, so that a compound page's second struct is in
 * the same piece as its first. */
#define STRUCTS_BYTES ((size_t)256 << 10)
#define SKIP_PAGES    64 /* kept unseen where a piece of the memmap cannot be read */

struct err *filter_init(struct filter *f, struct dump *d, unsigned level,
			struct collect_stats *stats)
{
	struct err *err;

	*f = (struct filter){.d = d, .level = level, .stats = stats};
	err = memmap_open(d, &f->memmap);
	if (!err)
		err = pageclass_init(dump_vmcoreinfo(d), dump_notices(d), &f->classes);
	if (err) {
		memmap_close(f->memmap);
		f->memmap = NULL;
		notices_add(dump_notices(d), "every page is kept: %s", err_message(err));
		err_free(err);
		return NULL;
	}
	f->structs = malloc(STRUCTS_BYTES);
	return f->structs ? NULL : err_nomem();
}

void filter_deinit(struct filter *f)
{
	memmap_close(f->memmap);
	free(f->structs);
	*f = (struct filter){0};
}

static bool is_excluded(unsigned level, enum page_class class)
{
	switch (class) {
	case PAGE_FREE:
		return level & COLLECT_FREE;
	case PAGE_CACHE:
		return level & (COLLECT_CACHE | COLLECT_CACHE_PRIVATE);
	case PAGE_CACHE_PRIVATE:
		return level & COLLECT_CACHE_PRIVATE;
	case PAGE_USER:
		return level & COLLECT_USER;
	case PAGE_HWPOISON:
	case PAGE_OFFLINE:
		/* Reading these would end the capture kernel. */
		return true;
	default:
		return false;
	}
}

struct chunk {
	pfn_t first, end;
	u8 *kept;
};

static void exclude(struct filter *f, const struct chunk *c, pfn_t first, pfn_t end)
{
	first = max_u64(first, c->first);
	end = min_u64(end, c->end);
	if (first < end)
		f->stats->excluded[f->block_class] +=
			bits_clear(c->kept, first - c->first, end - c->first);
}

/* Judge page frames [@first, @end), of which @num_structs structs are read, which may be
 * more or fewer; returns the first one not judged. */
static pfn_t judge(struct filter *f, const struct chunk *c, pfn_t first, pfn_t end,
		   u64 num_structs)
{
	size_t size = f->classes.struct_size;
	pfn_t pfn = first;

	end = min_u64(end, first + num_structs);
	while (pfn < end) {
		const u8 *page = f->structs + (pfn - first) * size;
		const u8 *next = pfn + 1 < first + num_structs ? page + size : NULL;
		enum page_class class;
		u64 block;

		class = pageclass_judge(&f->classes, pfn, page, next, &block);
		if (is_excluded(f->level, class)) {
			f->block_class = class;
			f->block_end = pfn + block;
			exclude(f, c, pfn, f->block_end);
			pfn = f->block_end;
		} else {
			pfn++;
		}
	}
	return pfn;
}

/* Judge what can be read of the memmap for [first, end), whose structs begin at @addr. One
 * struct more is read, if the section has it, for the order of a compound page. */
static pfn_t judge_piece(struct filter *f, const struct chunk *c, pfn_t first, pfn_t end,
			 vaddr_t addr, pfn_t section_end)
{
	size_t size = f->classes.struct_size, len;
	u64 at_once = STRUCTS_BYTES / size & ~(u64)1;
	u64 count = min_u64(min_u64(end + 1, section_end) - first, at_once - first % 2);
	struct err *why;

	dump_read_some(f->d, ADDR_VIRTUAL, addr, f->structs, count * size, &len, &why);
	count = len / size;
	if (!why)
		return judge(f, c, first, end, count);
	if (!f->told_unreadable)
		notices_add(
			dump_notices(f->d),
			"pages whose struct page cannot be read are kept, the first at physical "
			"address 0x%llx: %s",
			(unsigned long long)(first + count) << dump_page_shift(f->d),
			err_message(why));
	f->told_unreadable = true;
	err_free(why);
	if (count)
		first = judge(f, c, first, end, count);
	else
		first = align_down(first + SKIP_PAGES, SKIP_PAGES);
	return first;
}

/* Judge the RAM in [first, end). */
static void filter_range(struct filter *f, const struct chunk *c, pfn_t first, pfn_t end)
{
	while (first < end) {
		struct err *why;
		vaddr_t addr;
		pfn_t section_end;

		if (first < f->block_end) {
			first = f->block_end;
			continue;
		}
		if (!memmap_find(f->memmap, first, &addr, &section_end, &why)) {
			notices_add_err(dump_notices(f->d), why);
			first = section_end;
			continue;
		}
		first = judge_piece(f, c, first, min_u64(end, section_end), addr,
				    section_end);
	}
}

void filter_chunk(struct filter *f, pfn_t first, pfn_t end, u8 ram[CHUNK_BYTES],
		  u8 kept[CHUNK_BYTES])
{
	struct chunk c = {
		.first = first, .end = min_u64(end, first + CHUNK_PAGES), .kept = kept};

	memset(ram, 0, CHUNK_BYTES);
	memset(kept, 0, CHUNK_BYTES);
	for (pfn_t pfn = first, next; pfn < c.end; pfn = next) {
		enum pfn_state state = dump_pfn_run(f->d, pfn, &next);

		next = min_u64(next, c.end);
		if (state == PFN_ABSENT)
			continue;
		bits_set(ram, pfn - first, next - first);
		f->stats->pages_ram += next - pfn;
		if (state == PFN_PRESENT)
			bits_set(kept, pfn - first, next - first);
		else
			f->stats->pages_not_in_source += next - pfn;
	}
	if (!f->memmap)
		return;
	memcpy(f->present, kept, CHUNK_BYTES);
	/* What began in the chunk before. */
	exclude(f, &c, first, f->block_end);
	for (u64 bit = 0, num = c.end - first; bit < num;) {
		u64 run = bits_find(f->present, bit, num, true);

		bit = bits_find(f->present, run, num, false);
		if (run < bit)
			filter_range(f, &c, first + run, first + bit);
	}
}
