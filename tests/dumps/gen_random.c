#include "gen_random.h"

#include "base/bytes.h"

#define PAGE_LEN  4096
#define PHDR_LEN  56
#define EHDR_LEN  64
#define MAX_LOADS 2048

static const u32 codecs[] = {0, DISKDUMP_ZLIB, DISKDUMP_LZO, DISKDUMP_SNAPPY,
			     DISKDUMP_ZSTD};

/* splitmix64 */
static u64 next_random(struct gen_random *r)
{
	u64 x = r->state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

u64 gen_random_below(struct gen_random *r, u64 limit)
{
	return next_random(r) % limit;
}

static bool one_in(struct gen_random *r, unsigned n)
{
	return gen_random_below(r, n) == 0;
}

/* The first page frame behind the kernel and its memmap. */
static pfn_t first_free_choice(const struct gen_random *r)
{
	return GEN_KERNEL_STRUCTS_PFN + r->g.max_pfn * 64 / PAGE_LEN + 2;
}

static void set_uses(struct gen_random *r, pfn_t pfn, u64 count, enum gen_use use)
{
	memset(r->uses + pfn, (int)use, count);
}

/* A compound page of the page cache or of a process, or a single page if @order is 0. */
static void use_compound(struct gen_random *r, pfn_t pfn, unsigned order)
{
	static const struct {
		enum gen_use use;
		u64 flags, mapping;
	} kinds[] = {
		{GEN_USE_CACHE, GEN_PG_LRU, 0xffff888000001000},
		{GEN_USE_CACHE, GEN_PG_SWAPCACHE | GEN_PG_SWAPBACKED, 0},
		{GEN_USE_CACHE_PRIVATE, GEN_PG_LRU | GEN_PG_PRIVATE, 0xffff888000001000},
		{GEN_USE_USER, GEN_PG_LRU | GEN_PG_SWAPBACKED, 0xffff888000001001},
		{GEN_USE_USER, GEN_PG_LRU | GEN_PG_PRIVATE, 0xffff888000001001},
		{GEN_USE_KERNEL, 0, 0},
		{GEN_USE_BROKEN, GEN_PG_HWPOISON | GEN_PG_LRU, 0xffff888000001001},
	};
	size_t i = gen_random_below(r, ARRAY_SIZE(kinds));

	if (order)
		gen_kernel_compound(&r->g, r->flavour, pfn, order, kinds[i].flags,
				    kinds[i].mapping);
	else
		gen_kernel_set(&r->g, pfn,
			       (struct gen_page_struct){.flags = kinds[i].flags,
							.mapping = kinds[i].mapping});
	set_uses(r, pfn, (u64)1 << order, kinds[i].use);
}

/* Single pages that look like something else. */
static void use_odd(struct gen_random *r, pfn_t pfn)
{
	bool is_new = r->flavour == GEN_KERNEL_6_12;
	struct gen_page_struct s = {0};

	switch (gen_random_below(r, 4)) {
	case 0: /* a slab page, whose words overlay the mapping */
		s.mapping = 0xffff888000001001;
		s.flags = is_new ? 0 : GEN_PG_SLAB;
		s.type = is_new ? 0xf5000000 : 0;
		break;
	case 1: /* free, of an order that cannot be */
		gen_kernel_free(&r->g, r->flavour, pfn, 40);
		r->uses[pfn] = GEN_USE_FREE;
		return;
	case 2: /* offline */
		s.type = is_new ? 0xf1000000 : (u32)-257;
		r->uses[pfn] = GEN_USE_BROKEN;
		break;
	default: /* mapped by processes, which is a count and not a type */
		s.type = 3;
		break;
	}
	gen_kernel_set(&r->g, pfn, s);
}

/* A block of pages has no holes. */
static bool is_solid(const struct gen_random *r, pfn_t first, u64 count)
{
	for (pfn_t pfn = first; pfn < first + count; pfn++)
		if (pfn >= r->g.max_pfn || r->g.kinds[pfn] == GEN_ABSENT)
			return false;
	return true;
}

/* Give the pages from @pfn on a use; returns how many. */
static u64 use_next(struct gen_random *r, pfn_t pfn)
{
	unsigned max_order = 0, order;

	if (!is_solid(r, pfn, 1))
		return 1;
	while (max_order < 10 && !(pfn >> max_order & 1) &&
	       is_solid(r, pfn, 2u << max_order))
		max_order++;
	order = (unsigned)gen_random_below(r, max_order + 1);
	switch (gen_random_below(r, 8)) {
	case 0:
	case 1:
		gen_kernel_free(&r->g, r->flavour, pfn, order);
		set_uses(r, pfn, (u64)1 << order, GEN_USE_FREE);
		return (u64)1 << order;
	case 2:
	case 3:
	case 4:
		use_compound(r, pfn, order);
		return (u64)1 << order;
	case 5:
		if (!order)
			return 1;
		gen_kernel_hugetlb(&r->g, r->flavour, pfn, order);
		set_uses(r, pfn, (u64)1 << order, GEN_USE_USER);
		return (u64)1 << order;
	case 6:
		use_odd(r, pfn);
		return 1;
	default:
		return 1 + gen_random_below(r, 16);
	}
}

static void fill_page(struct gen_random *r, pfn_t pfn)
{
	u8 *page = gen_page(&r->g, pfn);

	switch (gen_random_below(r, 6)) {
	case 0: /* zero */
		break;
	case 1: /* hard to compress: stored raw */
		for (size_t i = 0; i < PAGE_LEN; i += 8)
			put_le64(page + i, next_random(r));
		break;
	case 2: /* all but zero */
		page[gen_random_below(r, 2) ? PAGE_LEN - 1
					    : gen_random_below(r, PAGE_LEN)] = 1;
		break;
	case 3: /* equal to another */
		memcpy(page, gen_page(&r->g, gen_random_below(r, pfn)), PAGE_LEN);
		break;
	default:
		gen_fill(&r->g, pfn);
	}
}

/* Runs of RAM, holes, and pages that an earlier collector left out. */
static void lay_out_ram(struct gen_random *r)
{
	pfn_t pfn = first_free_choice(r);
	bool has_excluded = one_in(r, 3);

	while (pfn < r->g.max_pfn) {
		u64 left = r->g.max_pfn - pfn;
		u64 len = 1 + gen_random_below(r, min_u64(left, one_in(r, 2) ? 8 : 400));

		if (one_in(r, 4))
			gen_ram(&r->g, pfn, len, GEN_ABSENT);
		else if (has_excluded && one_in(r, 4))
			gen_ram(&r->g, pfn, len, GEN_EXCLUDED);
		pfn += len;
	}
}

static bool is_ram(const struct gen_random *r, pfn_t pfn)
{
	return pfn < r->g.max_pfn && r->g.kinds[pfn] == GEN_PRESENT;
}

/* RAM may begin and end inside a page, where it borders on nothing. */
static void cut_page(struct gen_random *r, pfn_t pfn)
{
	u8 *page = gen_page(&r->g, pfn);
	bool starts = r->g.kinds[pfn - 1] == GEN_ABSENT;
	bool ends = pfn + 1 == r->g.max_pfn || r->g.kinds[pfn + 1] == GEN_ABSENT;

	if (starts && one_in(r, 3))
		r->cut_start[pfn] = (u16)gen_random_below(r, PAGE_LEN / 2);
	if (ends && one_in(r, 3))
		r->cut_end[pfn] = (u16)gen_random_below(r, PAGE_LEN / 2);
	memset(page, 0, r->cut_start[pfn]);
	memset(page + PAGE_LEN - r->cut_end[pfn], 0, r->cut_end[pfn]);
	/* Whether such a page is left out as a zero page is the collector's choice. */
	if (r->cut_start[pfn] || r->cut_end[pfn])
		page[PAGE_LEN / 2] = 1;
}

static void init(struct gen_random *r, pfn_t num_pages)
{
	pfn_t first;

	r->flavour = one_in(r, 2) ? GEN_KERNEL_6_1 : GEN_KERNEL_6_12;
	gen_kernel_init_big(&r->g, r->flavour, num_pages);
	r->g.num_cpus = 1 + (unsigned)gen_random_below(r, 4);
	r->uses = calloc(num_pages, sizeof(*r->uses));
	r->cut_start = calloc(num_pages, sizeof(*r->cut_start));
	r->cut_end = calloc(num_pages, sizeof(*r->cut_end));
	if (!r->uses || !r->cut_start || !r->cut_end)
		abort();
	first = first_free_choice(r);
	for (pfn_t pfn = first; pfn < num_pages; pfn++)
		fill_page(r, pfn);
	lay_out_ram(r);
	for (pfn_t pfn = first; pfn < num_pages;)
		pfn += use_next(r, pfn);
	for (pfn_t pfn = first; pfn < num_pages; pfn++)
		if (is_ram(r, pfn))
			cut_page(r, pfn);
}

void gen_random_init(struct gen_random *r, u64 seed)
{
	u64 max_sections;

	*r = (struct gen_random){.state = seed};
	max_sections = one_in(r, 8) ? 20 : 5;
	init(r, GEN_KERNEL_SECTION * (1 + gen_random_below(r, max_sections)));
}

void gen_random_init_small(struct gen_random *r, u64 seed)
{
	*r = (struct gen_random){.state = seed};
	init(r, GEN_KERNEL_SECTION);
}

void gen_random_deinit(struct gen_random *r)
{
	gen_deinit(&r->g);
	free(r->uses);
	free(r->cut_start);
	free(r->cut_end);
	*r = (struct gen_random){0};
}

/* PT_LOADs of one or more per run; what was left out before is memory without bytes. */
static size_t choose_loads(struct gen_random *r, struct gen_load *loads)
{
	size_t n = 0;

	for (pfn_t pfn = 1; pfn < r->g.max_pfn;) {
		u64 max = one_in(r, 2) ? 1 + gen_random_below(r, 100) : UINT64_MAX;
		struct gen_load load = {.first = pfn,
					.vaddr = 0xff11000000000000ULL + pfn * PAGE_LEN};

		while (is_ram(r, pfn) && load.file_pages < max) {
			load.file_pages++;
			pfn++;
		}
		load.mem_pages = load.file_pages;
		while (pfn < r->g.max_pfn && r->g.kinds[pfn] == GEN_EXCLUDED) {
			load.mem_pages++;
			pfn++;
		}
		if (load.mem_pages && n < MAX_LOADS)
			loads[n++] = load;
		while (pfn < r->g.max_pfn && r->g.kinds[pfn] == GEN_ABSENT)
			pfn++;
	}
	return n;
}

/* What of a segment's first and last page is not RAM goes off its header. */
static void cut_load(const struct gen_random *r, const struct gen_load *load, u8 *phdr)
{
	u64 start, end;

	if (!load->file_pages)
		return;
	start = r->cut_start[load->first];
	end = load->file_pages == load->mem_pages
		      ? r->cut_end[load->first + load->file_pages - 1]
		      : 0;
	for (size_t field = 8; field <= 24; field += 8)
		put_le64(phdr + field, get_le64(phdr + field) + start);
	for (size_t field = 32; field <= 40; field += 8)
		put_le64(phdr + field, get_le64(phdr + field) - start - end);
}

void gen_random_elf(struct gen_random *r, struct buf *out)
{
	static const u32 phoffs[] = {0, 192, 1000};
	struct gen_load *loads = calloc(MAX_LOADS, sizeof(*loads));
	struct gen_elf_options o = {
		.loads = loads,
		.phoff = phoffs[gen_random_below(r, ARRAY_SIZE(phoffs))],
		.misalignment = one_in(r, 2) ? 0 : (unsigned)gen_random_below(r, 4096),
		.num_note_parts = 1 + (unsigned)gen_random_below(r, 3),
	};
	size_t before = out->len, phdrs;

	if (!loads)
		abort();
	/* The section header that has the count lies behind the ELF header. */
	o.count_in_section = o.phoff != 192 && one_in(r, 4);
	if (o.phoff && o.phoff < 192)
		abort();
	o.num_loads = choose_loads(r, loads);
	gen_elf(&r->g, &o, out);
	phdrs = o.phoff ? o.phoff : EHDR_LEN + (o.count_in_section ? EHDR_LEN : 0);
	phdrs += before + o.num_note_parts * PHDR_LEN;
	for (size_t i = 0; i < o.num_loads; i++)
		cut_load(r, &loads[i], (u8 *)out->data + phdrs + i * PHDR_LEN);
	free(loads);
}

void gen_random_kdump(struct gen_random *r, struct buf *out)
{
	struct gen_kdump_options o = {
		.codec = codecs[gen_random_below(r, ARRAY_SIZE(codecs))],
		.shares_zero_pages = one_in(r, 2),
	};

	for (pfn_t pfn = 0; pfn < r->g.max_pfn; pfn++)
		if (r->g.kinds[pfn] == GEN_EXCLUDED)
			o.dump_level = 1;
	gen_kdump(&r->g, &o, out);
}

bool gen_random_is_wanted(const struct gen_random *r, pfn_t pfn, unsigned level)
{
	switch ((enum gen_use)r->uses[pfn]) {
	case GEN_USE_FREE:
		return !(level & 16);
	case GEN_USE_CACHE:
		return !(level & (2 | 4));
	case GEN_USE_CACHE_PRIVATE:
		return !(level & 4);
	case GEN_USE_USER:
		return !(level & 8);
	case GEN_USE_BROKEN:
		return false;
	default:
		return true;
	}
}

bool gen_random_is_zero(const struct gen_random *r, pfn_t pfn)
{
	const u8 *page = r->g.memory + (pfn << r->g.page_shift);

	for (size_t i = 0; i < PAGE_LEN; i++)
		if (page[i])
			return false;
	return true;
}
