/*
 * Virtual to physical addresses: the linear mappings first, where they are known, then the
 * page tables, then what the file's own headers say of the direct map.
 */
#include "dump/dump_priv.h"

/* Leaves of at least this many bits above the page have a slot of their own. */
#define LARGE_LEAF_BITS 9

struct err *translation_init(struct dump *d)
{
	struct arch_paging *paging = &d->translation.paging;

	*paging = (struct arch_paging){.page_shift = d->page_shift};
	if (!d->vmcoreinfo)
		return NULL;
	return err_wrap(d->arch->init_paging(d->vmcoreinfo, d->page_shift, paging),
			"%s: paging", d->src->name);
}

void dump_set_direct_map(struct dump *d, vaddr_t base, u64 len)
{
	d->translation.direct_map = base;
	d->translation.direct_map_len = len;
}

static bool linear(vaddr_t addr, vaddr_t start, u64 len, paddr_t phys, paddr_t *ret,
		   u64 *ret_len)
{
	if (addr - start >= len)
		return false;
	*ret = phys + (addr - start);
	*ret_len = len - (addr - start);
	return true;
}

static struct tlb_entry *tlb_slot(struct translation *t, vaddr_t addr, unsigned shift)
{
	u64 n = addr >> shift;

	return &t->tlb[(n ^ n >> 9 ^ shift) % TLB_ENTRIES];
}

static bool tlb_find(const struct tlb_entry *e, vaddr_t addr, paddr_t *ret, u64 *ret_len)
{
	return linear(addr, e->start, e->len, e->paddr, ret, ret_len);
}

static void tlb_add(struct dump *d, vaddr_t addr, paddr_t paddr, u64 len)
{
	struct translation *t = &d->translation;
	u64 in_page = addr & (dump_page_size(d) - 1);
	unsigned large = d->page_shift + LARGE_LEAF_BITS;
	bool is_large = len > dump_page_size(d);

	*tlb_slot(t, addr, is_large ? large : d->page_shift) = (struct tlb_entry){
		.start = addr - in_page, .len = len + in_page, .paddr = paddr - in_page};
}

static struct err *walk(struct dump *d, vaddr_t addr, paddr_t *ret, u64 *ret_len)
{
	struct translation *t = &d->translation;
	struct err *err;

	if (tlb_find(tlb_slot(t, addr, d->page_shift), addr, ret, ret_len) ||
	    tlb_find(tlb_slot(t, addr, d->page_shift + LARGE_LEAF_BITS), addr, ret,
		     ret_len))
		return NULL;
	err = d->arch->walk(&t->paging, dump_read_table_entry, d, addr, ret, ret_len);
	if (!err)
		tlb_add(d, addr, *ret, *ret_len);
	return err;
}

struct err *translation_find(struct dump *d, vaddr_t addr, paddr_t *ret, u64 *ret_len)
{
	const struct translation *t = &d->translation;
	const struct arch_paging *p = &t->paging;
	struct err *err;

	if (p->has_image && linear(addr, p->image_start, p->image_len,
				   p->image_start - p->image_offset, ret, ret_len))
		return NULL;
	if (linear(addr, t->direct_map, t->direct_map_len, 0, ret, ret_len))
		return NULL;
	err = walk(d, addr, ret, ret_len);
	if (err && linear(addr, t->hint_map, t->hint_map_len, 0, ret, ret_len)) {
		err_ignore(err);
		return NULL;
	}
	return err;
}

struct err *dump_translate(struct dump *d, vaddr_t addr, paddr_t *ret)
{
	u64 len;

	return translation_find(d, addr, ret, &len);
}
