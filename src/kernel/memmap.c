#include "kernel/memmap.h"

#include "base/bytes.h"

/* Low bits of section_mem_map are flags (SECTION_MARKED_PRESENT … ; their number grew over
 * time). A memmap begins on a page, and a section's number times its size keeps that. */
#define SECTION_FLAGS_MASK	0xfffULL
#define SECTION_HAS_MEM_MAP	0x2ULL
#define MAX_SECTION_STRUCT_SIZE 4096
#define MAX_PAGE_STRUCT_SIZE	4096

struct memmap {
	struct dump *d;
	size_t page_struct_size;
	unsigned section_shift; /* log2 of a section's page frames */
	u64 num_sections;
	vaddr_t roots;	       /* array of pointers, or of the sections themselves */
	u64 sections_per_root; /* 0: no pointers between */
	u64 section_size;      /* sizeof(struct mem_section) */
	u64 mem_map_offset;    /* of section_mem_map in it */
};

static struct err *need(bool found, const char *key)
{
	return found ? NULL : err_new(ERR_ABSENT, "VMCOREINFO lacks %s", key);
}

/* The shape of mem_section: SPARSEMEM_EXTREME has pointers to pages full of sections. */
static struct err *find_shape(struct memmap *m, u64 length, u64 page_size)
{
	u64 per_root = page_size / m->section_size;
	u64 num_roots = per_root ? (m->num_sections + per_root - 1) / per_root : 0;

	if (length == num_roots)
		m->sections_per_root = per_root;
	else if (length != m->num_sections)
		return err_new(ERR_BAD_DATA,
			       "VMCOREINFO: mem_section of %llu elements fits neither %llu "
			       "sections nor %llu roots",
			       (unsigned long long)length,
			       (unsigned long long)m->num_sections,
			       (unsigned long long)num_roots);
	return NULL;
}

static struct err *read_keys(struct memmap *m)
{
	const struct vmcoreinfo *vi = dump_vmcoreinfo(m->d);
	u64 section_bits, physical_bits, length, page_struct_size;
	struct err *err;

	if (!vi)
		return err_new(ERR_ABSENT, "there is no VMCOREINFO");
	err = need(vmcoreinfo_symbol(vi, "mem_section", &m->roots), "SYMBOL(mem_section)");
	if (!err)
		err = need(vmcoreinfo_length(vi, "mem_section", &length),
			   "LENGTH(mem_section)");
	if (!err)
		err = need(vmcoreinfo_size(vi, "mem_section", &m->section_size),
			   "SIZE(mem_section)");
	if (!err)
		err = need(vmcoreinfo_offset(vi, "mem_section.section_mem_map",
					     &m->mem_map_offset),
			   "OFFSET(mem_section.section_mem_map)");
	if (!err)
		err = need(vmcoreinfo_number(vi, "SECTION_SIZE_BITS", &section_bits),
			   "NUMBER(SECTION_SIZE_BITS)");
	if (!err)
		err = need(vmcoreinfo_number(vi, "MAX_PHYSMEM_BITS", &physical_bits),
			   "NUMBER(MAX_PHYSMEM_BITS)");
	if (!err)
		err = need(vmcoreinfo_size(vi, "page", &page_struct_size), "SIZE(page)");
	if (err)
		return err;
	if (section_bits <= dump_page_shift(m->d) || section_bits > physical_bits ||
	    physical_bits > 56 || !m->section_size ||
	    m->section_size > MAX_SECTION_STRUCT_SIZE ||
	    m->mem_map_offset > m->section_size - 8 || page_struct_size < 8 ||
	    page_struct_size > MAX_PAGE_STRUCT_SIZE)
		return err_new(
			ERR_BAD_DATA,
			"VMCOREINFO: sections of 2^%llu bytes in 2^%llu, described by "
			"%llu bytes each, and a struct page of %llu bytes make no sense",
			(unsigned long long)section_bits, (unsigned long long)physical_bits,
			(unsigned long long)m->section_size,
			(unsigned long long)page_struct_size);
	m->page_struct_size = page_struct_size;
	m->section_shift = (unsigned)section_bits - dump_page_shift(m->d);
	m->num_sections = (u64)1 << (physical_bits - section_bits);
	return find_shape(m, length, dump_page_size(m->d));
}

struct err *memmap_open(struct dump *d, struct memmap **ret)
{
	cleanup(memmap_closep) struct memmap *m = calloc(1, sizeof(*m));
	struct err *err;

	if (!m)
		return err_nomem();
	m->d = d;
	err = read_keys(m);
	if (err)
		return err_wrap(err, "%s: memory model", dump_path(d));
	*ret = steal(m);
	return NULL;
}

void memmap_close(struct memmap *m)
{
	free(m);
}

size_t memmap_page_struct_size(const struct memmap *m)
{
	return m->page_struct_size;
}

static struct err *read_word(struct dump_reader *r, vaddr_t addr, u64 *ret)
{
	u8 bytes[8];
	struct err *err = dump_reader_read(r, ADDR_VIRTUAL, addr, bytes, sizeof(bytes));

	if (!err)
		*ret = get_le64(bytes);
	return err;
}

/* Read mem_section for @section into the cursor. */
static struct err *look_up(struct memmap_cursor *c, u64 section)
{
	const struct memmap *m = c->memmap;
	vaddr_t root = m->roots;
	u64 index = section, coded;
	struct err *err;

	c->section = section;
	c->is_known = true;
	c->has_pages = false;
	if (section >= m->num_sections)
		return NULL;
	if (m->sections_per_root) {
		index = section % m->sections_per_root;
		err = read_word(c->reader, m->roots + section / m->sections_per_root * 8,
				&root);
		if (err || !root)
			return err;
	}
	err = read_word(c->reader, root + index * m->section_size + m->mem_map_offset,
			&coded);
	if (err || !(coded & SECTION_HAS_MEM_MAP))
		return err;
	c->has_pages = true;
	/* The kernel stores the address its first page frame would have if the map began
	 * at page frame 0. */
	c->origin = coded & ~SECTION_FLAGS_MASK;
	return NULL;
}

bool memmap_find(struct memmap_cursor *c, pfn_t pfn, vaddr_t *ret, pfn_t *ret_end,
		 struct err **ret_why)
{
	const struct memmap *m = c->memmap;
	u64 section = pfn >> m->section_shift;

	*ret_why = NULL;
	*ret_end = (section + 1) << m->section_shift;
	if (!c->is_known || c->section != section) {
		struct err *err = look_up(c, section);

		*ret_why = err_wrap(err, "mem_section of page frame 0x%llx",
				    (unsigned long long)pfn);
	}
	if (c->has_pages)
		*ret = c->origin + pfn * m->page_struct_size;
	return c->has_pages;
}

bool memmap_find_pfn(struct memmap_cursor *c, vaddr_t addr, pfn_t *ret)
{
	const struct memmap *m = c->memmap;
	u64 distance = addr - c->origin;
	pfn_t pfn = distance / m->page_struct_size, end;
	struct err *why;
	vaddr_t found;

	if (!c->is_known || distance % m->page_struct_size ||
	    pfn >> m->section_shift >= m->num_sections)
		return false;
	if (!memmap_find(c, pfn, &found, &end, &why)) {
		err_ignore(why);
		return false;
	}
	if (found != addr)
		return false;
	*ret = pfn;
	return true;
}
