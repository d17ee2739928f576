/* kmem -f: free blocks, zone by zone, and the block that a page is part of. */
#include "shell/kmem_priv.h"

#include <string.h>

/* Of both walks. */
struct walk {
	struct shell *s;
	struct memory_pages *pages; /* NULL: there is no memory map */
	struct free_budget budget;
	struct err *err;

	u64 counted, told; /* pages on all lists; pages that the zones count */
	/* What is looked for. */
	bool is_found;
	pfn_t pfn;
	u64 addr;
	const struct memory_zone *zone;
};

/* @number in the middle of @width columns, rather to the right. */
static void add_centered(struct buf *b, const char *number, size_t width)
{
	size_t rest = width - min_u64(width, strlen(number));

	buf_printf(b, "%*s%s%*s", (int)(rest - rest / 2), "", number, (int)(rest / 2), "");
}

static void print_zone_head(struct walk *w, const struct memory_zone *z)
{
	struct buf *b = shell_out(w->s);
	char text[3][24];
	vaddr_t map = 0;

	if (z->spanned_pages && w->pages && !memory_page_find(w->pages, z->start, &map))
		map = 0;
	buf_printf(b,
		   "ZONE  NAME        SIZE    FREE      MEM_MAP       START_PADDR  "
		   "START_MAPNR\n%3u   ",
		   z->index);
	shell_text(w->s, z->name);
	buf_printf(b, "%*s %7llu %7llu  ", (int)(8 - min_u64(8, strlen(z->name))), "",
		   (unsigned long long)z->spanned_pages, (unsigned long long)z->free_pages);
	snprintf(text[0], sizeof(text[0]), map ? "%llx" : "0 ", (unsigned long long)map);
	snprintf(text[1], sizeof(text[1]), "%llx",
		 (unsigned long long)(z->start << dump_page_shift(w->s->d)));
	snprintf(text[2], sizeof(text[2]), "%llu",
		 (unsigned long long)(z->spanned_pages ? z->start - z->node_start : 0));
	add_centered(b, text[0], 16);
	buf_add_str(b, "  ");
	add_centered(b, text[1], strlen("START_PADDR"));
	buf_add_str(b, "  ");
	add_centered(b, text[2], strlen("START_MAPNR"));
	buf_add_char(b, '\n');
}

static u64 block_kb(const struct walk *w, unsigned order)
{
	return (dump_page_size(w->s->d) << order) / 1024;
}

static bool print_list(void *ctx, const struct free_list *l)
{
	struct walk *w = ctx;
	u64 pages = l->num_blocks << l->order;

	buf_printf(shell_out(w->s), "%3u  %6lluk  %16llx  %6llu %6llu\n", l->order,
		   (unsigned long long)block_kb(w, l->order), (unsigned long long)l->addr,
		   (unsigned long long)l->num_blocks, (unsigned long long)pages);
	w->counted += pages;
	return !shell_is_over(w->s);
}

static bool print_zone(void *ctx, const struct memory_zone *z)
{
	struct walk *w = ctx;
	const struct free_visit visit = {.each_list = print_list, .ctx = w};
	struct err *err;

	print_zone_head(w, z);
	w->told += z->free_pages;
	if (z->spanned_pages) {
		buf_add_str(shell_out(w->s),
			    "AREA    SIZE  FREE_AREA_STRUCT  BLOCKS  PAGES\n");
		err = memory_zone_free_lists(w->s->k, z, &w->budget, &visit);
		if (err)
			shell_tell(w->s, "kmem", err);
	}
	buf_add_char(shell_out(w->s), '\n');
	return !shell_is_over(w->s);
}

struct err *kmem_free_lists(struct shell *s)
{
	cleanup(memory_pages_closep) struct memory_pages *pages = NULL;
	struct walk w = {.s = s, .budget = free_budget_of(s->d)};
	struct err *err = memory_pages_open(s->k, &pages);

	err_ignore(err);
	w.pages = pages;
	err = memory_zone_each(s->k, print_zone, &w);
	if (err)
		return err;
	if (w.counted == w.told)
		buf_printf(shell_out(s), "nr_free_pages: %llu  (verified)\n",
			   (unsigned long long)w.told);
	else
		buf_printf(shell_out(s), "nr_free_pages: %llu  (found %llu)\n",
			   (unsigned long long)w.told, (unsigned long long)w.counted);
	return NULL;
}

/* ---- the block of a page ---- */

/* "843rd" */
static const char *ordinal_suffix(u64 number)
{
	u64 ten = number % 100;

	if (ten >= 11 && ten <= 13)
		return "th";
	switch (number % 10) {
	case 1:
		return "st";
	case 2:
		return "nd";
	case 3:
		return "rd";
	default:
		return "th";
	}
}

static void print_block(struct walk *w, const struct free_list *l, vaddr_t page,
			pfn_t first)
{
	struct buf *b = shell_out(w->s);
	u64 number = w->pfn - first + 1;
	vaddr_t start;
	pfn_t pfn;

	print_zone_head(w, w->zone);
	buf_printf(b, "AREA    SIZE  FREE_AREA_STRUCT\n%3u  %6lluk  %llx  \n%llx  ",
		   l->order, (unsigned long long)block_kb(w, l->order),
		   (unsigned long long)l->addr, (unsigned long long)page);
	buf_printf(b, "(%llx is %s%llu%s of %llu pages)\n", (unsigned long long)w->addr,
		   memory_page_find_pfn(w->pages, w->addr, &pfn, &start) ? "" : "in ",
		   (unsigned long long)number, ordinal_suffix(number),
		   (unsigned long long)1 << l->order);
}

static bool find_block(void *ctx, const struct free_list *l, vaddr_t page)
{
	struct walk *w = ctx;
	vaddr_t start;
	pfn_t first;

	if (!memory_page_find_pfn(w->pages, page, &first, &start) || start != page ||
	    w->pfn - first >= (u64)1 << l->order)
		return true;
	print_block(w, l, page, first);
	w->is_found = true;
	return false;
}

static bool find_in_zone(void *ctx, const struct memory_zone *z)
{
	struct walk *w = ctx;
	const struct free_visit visit = {.each_block = find_block, .ctx = w};

	if (w->pfn - z->start >= z->spanned_pages)
		return true;
	w->zone = z;
	/* A list that is broken does not hold what is looked for. */
	err_ignore(memory_zone_free_lists(w->s->k, z, &w->budget, &visit));
	return !w->is_found && !shell_is_over(w->s);
}

struct err *kmem_free_at(struct shell *s, struct memory_pages *pages, pfn_t pfn, u64 addr,
			 bool *ret_is_found)
{
	struct walk w = {.s = s,
			 .pages = pages,
			 .budget = free_budget_of(s->d),
			 .pfn = pfn,
			 .addr = addr};
	struct err *err = memory_zone_each(s->k, find_in_zone, &w);

	*ret_is_found = w.is_found;
	return err;
}
