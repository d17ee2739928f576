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

bool dump_direct_map(const struct dump *d, vaddr_t *ret)
{
	const struct translation *t = &d->translation;

	if (!t->direct_map_len && !t->hint_map_len)
		return false;
	*ret = t->direct_map_len ? t->direct_map : t->hint_map;
	return true;
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

static struct tlb_entry *tlb_slot(struct dump_reader *r, vaddr_t addr, unsigned shift)
{
	u64 n = addr >> shift;

	return &r->tlb[(n ^ n >> 9 ^ shift) % TLB_ENTRIES];
}

static bool tlb_find(const struct tlb_entry *e, vaddr_t addr, paddr_t *ret, u64 *ret_len)
{
	return linear(addr, e->start, e->len, e->paddr, ret, ret_len);
}

static void tlb_add(struct dump_reader *r, vaddr_t addr, paddr_t paddr, u64 len)
{
	u64 page_size = dump_page_size(r->d), in_page = addr & (page_size - 1);
	unsigned shift = r->d->page_shift + (len > page_size ? LARGE_LEAF_BITS : 0);

	*tlb_slot(r, addr, shift) = (struct tlb_entry){
		.start = addr - in_page, .len = len + in_page, .paddr = paddr - in_page};
}

static struct err *walk(struct dump_reader *r, vaddr_t addr, paddr_t *ret, u64 *ret_len)
{
	const struct dump *d = r->d;
	struct err *err;

	if (tlb_find(tlb_slot(r, addr, d->page_shift), addr, ret, ret_len) ||
	    tlb_find(tlb_slot(r, addr, d->page_shift + LARGE_LEAF_BITS), addr, ret,
		     ret_len))
		return NULL;
	err = d->arch->walk(&d->translation.paging, reader_read_table_entry, r, addr, ret,
			    ret_len);
	if (!err)
		tlb_add(r, addr, *ret, *ret_len);
	return err;
}

struct err *translation_find(struct dump_reader *r, vaddr_t addr, paddr_t *ret,
			     u64 *ret_len)
{
	const struct translation *t = &r->d->translation;
	const struct arch_paging *p = &t->paging;
	struct err *err;

	if (p->has_image && linear(addr, p->image_start, p->image_len,
				   p->image_start - p->image_offset, ret, ret_len))
		return NULL;
	if (linear(addr, t->direct_map, t->direct_map_len, 0, ret, ret_len))
		return NULL;
	err = walk(r, addr, ret, ret_len);
	if (err && linear(addr, t->hint_map, t->hint_map_len, 0, ret, ret_len)) {
		err_ignore(err);
		return NULL;
	}
	return err;
}

struct err *dump_reader_translate(struct dump_reader *r, vaddr_t addr, paddr_t *ret)
{
	u64 len;

	return translation_find(r, addr, ret, &len);
}

struct err *dump_translate(struct dump *d, vaddr_t addr, paddr_t *ret)
{
	u64 len;

	return translation_find(&d->own, addr, ret, &len);
}
