#include "kernel/pageclass.h"

#include "base/bytes.h"

/* Bit 0 of `mapping`: anonymous (PAGE_MAPPING_ANON). Bit 0 of compound_head: a tail page.
 */
#define MAPPING_ANON 1u
#define TAIL_PAGE    1u

/* 2^18 pages of 4 KiB are a hugetlb page of 1 GiB, the largest compound page there is. */
#define MAX_COMPOUND_ORDER 18

/* Since the page type is the top byte (kernel commit 4ffca5a96678 "mm: support only one
 * page_type per page", 6.12), the rest of the word may hold data. */
#define TYPE_DATA_MASK 0x00ffffffu

/* Where facts come from: VMCOREINFO, and then the types of the dump. */
struct sources {
	const struct vmcoreinfo *vi;
	const struct typelist *types;
};

static struct maybe find_offset(const struct sources *s, const char *type,
				const char *member)
{
	const struct btf_want *w = typelist_member(s->types, type, member);
	struct maybe m = {0};
	char name[64];

	snprintf(name, sizeof(name), "%s.%s", type, member);
	m.present = vmcoreinfo_offset(s->vi, name, &m.value);
	if (!m.present && w)
		m = (struct maybe){.present = true, .value = w->value};
	return m;
}

static struct maybe find_number(const struct sources *s, const char *name)
{
	struct maybe m = {0};

	m.present = vmcoreinfo_number(s->vi, name, &m.value) ||
		    typelist_number(s->types, name, &m.value);
	return m;
}

static u64 find_flag(const struct sources *s, const char *name)
{
	struct maybe bit = find_number(s, name);

	return bit.present && bit.value < 64 ? (u64)1 << bit.value : 0;
}

/* The value of a page type as it is stored. VMCOREINFO calls it @number; the types know
 * PGTY_@name, the top byte, since 4ffca5a96678 ("mm: support only one page_type per page",
 * 6.12), and before that, once it was an enumerator, PG_@name, of which the complement is
 * stored. Numbers of page->flags are less than 64. */
static struct maybe find_type(const struct sources *s, const char *number, const char *name)
{
	struct maybe m = {0};
	char key[64];
	u64 value;

	m.present = vmcoreinfo_number(s->vi, number, &m.value);
	if (m.present)
		return m;
	snprintf(key, sizeof(key), "PGTY_%s", name);
	if (typelist_number(s->types, key, &value) && value <= 0xff)
		return (struct maybe){.present = true, .value = value << 24};
	snprintf(key, sizeof(key), "PG_%s", name);
	if (typelist_number(s->types, key, &value) && value >= 64)
		return (struct maybe){.present = true, .value = (u32)~value};
	return m;
}

/* Where the order of a compound page is written. */
static void find_order(const struct sources *s, struct pageclass *pc)
{
	pc->order = find_offset(s, "page", "compound_order");
	pc->dtor = find_offset(s, "page", "compound_dtor");
	pc->order_mask = UINT64_MAX;
	/* Since 1c5509be58f6 ("mm: remove 'First tail page' members from struct page",
	 * 6.3) they are members of struct folio, which begins with the head page. */
	if (!pc->order.present) {
		pc->order = find_offset(s, "folio", "_folio_order");
		pc->dtor = find_offset(s, "folio", "_folio_dtor");
		pc->order.value -= pc->struct_size;
		pc->dtor.value -= pc->struct_size;
	}
	pc->order_size = 1;
	if (pc->order.present) {
		/* They stand side by side and had two bytes each in older kernels. */
		if (pc->dtor.present && pc->order.value - pc->dtor.value <= 4 &&
		    pc->order.value > pc->dtor.value)
			pc->order_size = (unsigned)(pc->order.value - pc->dtor.value);
		return;
	}
	/* Since ebc1baf5c9b4 ("mm: free up a word in the first tail page", 6.6) the order
	 * is the low byte of the first tail page's flags, and is no longer exported. */
	pc->order = (struct maybe){.present = true, .value = pc->flags};
	pc->order_size = 8;
	pc->order_mask = 0xff;
}

static bool fits(const struct pageclass *pc, struct maybe offset, size_t size)
{
	return !offset.present || range_fits(offset.value, size, pc->struct_size);
}

static struct err *check(const struct pageclass *pc)
{
	struct maybe flags = {true, pc->flags}, mapping = {true, pc->mapping};

	if (fits(pc, flags, 8) && fits(pc, mapping, 8) && fits(pc, pc->mapcount, 4) &&
	    fits(pc, pc->private, 8) && fits(pc, pc->compound_head, 8) &&
	    fits(pc, pc->order, pc->order_size) && fits(pc, pc->dtor, 1))
		return NULL;
	return err_new(ERR_BAD_DATA, "members of struct page lie outside its %zu bytes",
		       pc->struct_size);
}

static void tell_gaps(const struct pageclass *pc, struct notices *notices)
{
	if (!pc->mapcount.present || !pc->private.present || !pc->buddy_type.present)
		notices_add(notices, "it is not known how to tell free pages; they "
				     "are kept");
	if (!pc->lru || !pc->private_flag)
		notices_add(notices, "it is not known how to tell the page cache; it "
				     "is kept");
	if (!pc->slab && !pc->slab_type.present)
		notices_add(notices,
			    "it is not known how to tell slab pages, which look like "
			    "processes' memory; both are kept");
	if (!pc->compound_head.present || !pc->head)
		notices_add(notices, "it is not known how to tell compound pages; "
				     "only their first page is filtered");
	if (!pc->hugetlb_type.present && !(pc->hugetlb_dtor.present && pc->dtor.present))
		notices_add(notices, "it is not known how to tell hugetlb pages; they "
				     "are kept");
	if (!pc->hwpoison)
		notices_add(notices, "it is not known how to tell pages of broken memory");
}

static void find_flags(const struct sources *s, struct pageclass *pc)
{
	u64 head_mask;

	pc->lru = find_flag(s, "PG_lru");
	pc->private_flag = find_flag(s, "PG_private");
	pc->swapcache = find_flag(s, "PG_swapcache");
	pc->swapbacked = find_flag(s, "PG_swapbacked");
	pc->slab = find_flag(s, "PG_slab");
	pc->hwpoison = find_flag(s, "PG_hwpoison");
	pc->head = find_flag(s, "PG_head");
	if (vmcoreinfo_number(s->vi, "PG_head_mask", &head_mask))
		pc->head = head_mask;
}

static u64 find_max_order(const struct sources *s)
{
	const struct btf_want *areas = typelist_member(s->types, "zone", "free_area");
	u64 num_orders;

	if (!vmcoreinfo_length(s->vi, "zone.free_area", &num_orders))
		num_orders = areas ? areas->count : 0;
	return num_orders && num_orders <= MAX_COMPOUND_ORDER + 1 ? num_orders - 1
								  : MAX_COMPOUND_ORDER;
}

struct err *pageclass_init(const struct vmcoreinfo *vi, const struct typelist *types,
			   struct notices *notices, struct pageclass *ret)
{
	const struct sources s = {vi, types};
	struct pageclass pc = {0};
	struct maybe flags = find_offset(&s, "page", "flags");
	struct maybe mapping = find_offset(&s, "page", "mapping");
	u64 size;
	struct err *err;

	if (!(vmcoreinfo_size(vi, "page", &size) || typelist_size(types, "page", &size)) ||
	    !flags.present || !mapping.present)
		return err_new(ERR_ABSENT, "neither VMCOREINFO nor the types tell "
					   "SIZE(page), OFFSET(page.flags) and "
					   "OFFSET(page.mapping)");
	pc.struct_size = size;
	pc.flags = flags.value;
	pc.mapping = mapping.value;
	pc.mapcount = find_offset(&s, "page", "_mapcount");
	pc.private = find_offset(&s, "page", "private");
	pc.compound_head = find_offset(&s, "page", "compound_head");
	find_order(&s, &pc);
	find_flags(&s, &pc);
	pc.buddy_type = find_type(&s, "PAGE_BUDDY_MAPCOUNT_VALUE", "buddy");
	pc.slab_type = find_type(&s, "PAGE_SLAB_MAPCOUNT_VALUE", "slab");
	pc.hugetlb_type = find_type(&s, "PAGE_HUGETLB_MAPCOUNT_VALUE", "hugetlb");
	pc.offline_type = find_type(&s, "PAGE_OFFLINE_MAPCOUNT_VALUE", "offline");
	pc.hugetlb_dtor = find_number(&s, "HUGETLB_PAGE_DTOR");
	pc.max_order = find_max_order(&s);
	err = check(&pc);
	if (err)
		return err;
	tell_gaps(&pc, notices);
	*ret = pc;
	return NULL;
}

bool pageclass_is_told(const struct vmcoreinfo *vi)
{
	const struct typelist no_types = {0};
	struct notices gaps = {0};
	struct pageclass pc;
	struct err *err = pageclass_init(vi, &no_types, &gaps, &pc);
	bool is_told = !err && !gaps.count;

	err_ignore(err);
	notices_deinit(&gaps);
	return is_told;
}

static inline bool has_type(struct maybe type, u32 mapcount)
{
	u32 value = (u32)type.value;

	if (!type.present)
		return false;
	if (value & TYPE_DATA_MASK)
		return mapcount == value;
	return (mapcount & ~TYPE_DATA_MASK) == value;
}

/* The length of a block of 2^@order page frames at @pfn; 1 if that cannot be. */
static inline u64 block_len(pfn_t pfn, u64 order, u64 max_order)
{
	if (order > max_order || pfn & (((u64)1 << order) - 1))
		return 1;
	return (u64)1 << order;
}

static u64 read_order(const struct pageclass *pc, const u8 *tail)
{
	const u8 *p = tail + pc->order.value;

	if (pc->order_size == 8)
		return get_le64(p) & pc->order_mask;
	return pc->order_size == 1 ? *p : get_le16(p);
}

static inline bool is_tail(const struct pageclass *pc, const u8 *page)
{
	return pc->compound_head.present &&
	       get_le64(page + pc->compound_head.value) & TAIL_PAGE;
}

/* Page frames of the compound page that has its head at @pfn, 1 if there is none. */
static u64 compound_len(const struct pageclass *pc, pfn_t pfn, const u8 *next)
{
	/* The page behind a head is its tail, or the flag is stale. */
	if (!next || !pc->order.present || !is_tail(pc, next))
		return 1;
	return block_len(pfn, read_order(pc, next), MAX_COMPOUND_ORDER);
}

static inline bool is_cache(const struct pageclass *pc, u64 flags)
{
	if (!pc->lru || !pc->private_flag)
		return false;
	if (flags & pc->lru)
		return true;
	/* PG_swapcache shares its bit with others; it counts together with PG_swapbacked
	 * since 6326fec1122c ("mm: Use owner_priv bit for PageSwapCache, valid when
	 * PageSwapBacked"). */
	return flags & pc->swapcache && (!pc->swapbacked || flags & pc->swapbacked);
}

/* A slab page's words overlay `mapping`; so may those of any page that has a type. */
static inline bool is_anonymous(const struct pageclass *pc, const u8 *page, u64 flags,
				bool is_typed)
{
	return get_le64(page + pc->mapping) & MAPPING_ANON && !is_typed &&
	       !(flags & pc->slab) && (pc->slab || pc->slab_type.present);
}

static inline bool is_hugetlb(const struct pageclass *pc, u64 count, const u8 *next)
{
	return count > 1 && pc->dtor.present && pc->hugetlb_dtor.present &&
	       next[pc->dtor.value] == pc->hugetlb_dtor.value;
}

/* As pageclass_judge(). Everything that most pages need is one cache line of the struct. */
static inline enum page_class judge(const struct pageclass *pc, pfn_t pfn, const u8 *page,
				    const u8 *next, u64 *ret_count)
{
	u64 flags = get_le64(page + pc->flags);
	u32 mapcount = UINT32_MAX; /* of a page that is not mapped and has no type */
	bool is_typed;

	*ret_count = 1;
	/* A tail shares its head's class, which was told with the head. */
	if (is_tail(pc, page))
		return flags & pc->hwpoison ? PAGE_HWPOISON : PAGE_KERNEL;
	if (flags & pc->head)
		*ret_count = compound_len(pc, pfn, next);
	/* A hugetlb page is marked at its head, whichever of its pages is broken. */
	if (flags & pc->hwpoison)
		return PAGE_HWPOISON;
	if (pc->mapcount.present)
		mapcount = get_le32(page + pc->mapcount.value);
	/* Types are stored in the place of _mapcount and look like large negative counts.
	 */
	is_typed = (s32)mapcount < -1;
	if (is_typed && pc->private.present && has_type(pc->buddy_type, mapcount)) {
		*ret_count =
			block_len(pfn, get_le64(page + pc->private.value), pc->max_order);
		return PAGE_FREE;
	}
	if (is_anonymous(pc, page, flags, is_typed))
		return PAGE_USER;
	if (is_cache(pc, flags))
		return flags & pc->private_flag ? PAGE_CACHE_PRIVATE : PAGE_CACHE;
	if (is_hugetlb(pc, *ret_count, next))
		return PAGE_USER;
	if (!is_typed)
		return PAGE_KERNEL;
	if (has_type(pc->hugetlb_type, mapcount))
		return PAGE_USER;
	return has_type(pc->offline_type, mapcount) ? PAGE_OFFLINE : PAGE_KERNEL;
}

enum page_class pageclass_judge(const struct pageclass *pc, pfn_t pfn, const u8 *page,
				const u8 *next, u64 *ret_count)
{
	return judge(pc, pfn, page, next, ret_count);
}

bool pageclass_is_tail(const struct pageclass *pc, const u8 *page, vaddr_t *ret_head)
{
	if (!is_tail(pc, page))
		return false;
	*ret_head = get_le64(page + pc->compound_head.value) - TAIL_PAGE;
	return true;
}

/* What makes a page worth a closer look, few words that the compiler keeps in registers. */
struct glance {
	size_t flags, mapping, mapcount; /* offsets */
	u64 any_flag, any_mapping;
	s32 min_mapcount; /* of a page without a type */
};

static struct glance glance_init(const struct pageclass *pc, u32 wanted)
{
	const u32 cache = 1u << PAGE_CACHE | 1u << PAGE_CACHE_PRIVATE;
	struct glance g = {
		.flags = pc->flags,
		.mapping = pc->mapping,
		.mapcount = pc->mapcount.value,
		.any_flag = pc->hwpoison,
		.min_mapcount = pc->mapcount.present ? -1 : INT32_MIN,
	};

	if (wanted & cache)
		g.any_flag |= pc->lru | pc->swapcache;
	if (wanted & 1u << PAGE_USER) {
		g.any_flag |= pc->head;
		g.any_mapping = MAPPING_ANON;
	}
	return g;
}

/* May the page be of a wanted class? Most are not, and never get to judge(). */
static inline bool is_worth_a_look(const struct glance *g, const u8 *page)
{
	return get_le64(page + g->flags) & g->any_flag ||
	       get_le64(page + g->mapping) & g->any_mapping ||
	       (s32)get_le32(page + g->mapcount) < g->min_mapcount;
}

bool pageclass_find_run(const struct pageclass *pc, u32 wanted, struct page_walk *w,
			struct page_run *ret)
{
	const struct glance glance = glance_init(pc, wanted);
	const pfn_t end = w->first + w->num;
	const size_t size = pc->struct_size;
	struct page_run run = {.class = PAGE_NUM_CLASSES};
	pfn_t pfn = w->pos;
	u64 num_judged = 0, count;

	for (; pfn < end; pfn += count) {
		const u8 *page = w->structs + (pfn - w->first) * size;
		enum page_class class = PAGE_KERNEL;

		count = 1;
		num_judged++;
		if (is_worth_a_look(&glance, page))
			class = judge(pc, pfn, page, pfn + 1 < end ? page + size : NULL,
				      &count);
		if (class == run.class)
			continue;
		if (run.class != PAGE_NUM_CLASSES)
			break;
		if (wanted >> class & 1)
			run = (struct page_run){.first = pfn, .class = class};
		else
			count = 1; /* a page of broken memory may be inside */
	}
	w->pos = pfn;
	w->num_judged += num_judged;
	run.end = pfn;
	*ret = run;
	return run.class != PAGE_NUM_CLASSES;
}
