#include "gen_kernel.h"

#include "base/bytes.h"

#define IMAGE	     0xffffffff80000000ULL
#define STRUCT_LEN   64
#define ROOTS_PFN    1
#define SECTIONS_PFN 2
#define UTS_PFN	     3

static const char common[] =
	"OSRELEASE=6.1.0-gen\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=ffffffff80003000\n"
	"OFFSET(uts_namespace.name)=4\nNUMBER(phys_base)=0\n"
	"SYMBOL(swapper_pg_dir)=ffffffff80004000\nNUMBER(KERNEL_IMAGE_SIZE)=1073741824\n"
	"SYMBOL(mem_section)=ffffffff80001000\nLENGTH(mem_section)=1\nSIZE(mem_section)=16\n"
	"OFFSET(mem_section.section_mem_map)=8\nNUMBER(SECTION_SIZE_BITS)=20\n"
	"NUMBER(MAX_PHYSMEM_BITS)=28\nSIZE(page)=64\nOFFSET(page.flags)=0\n"
	"OFFSET(page._refcount)=52\nOFFSET(page.mapping)=24\nOFFSET(page._mapcount)=48\n"
	"OFFSET(page.private)=40\nOFFSET(page.compound_head)=8\nLENGTH(zone.free_area)=11\n"
	"NUMBER(PG_lru)=4\nNUMBER(PG_private)=13\nNUMBER(PG_swapcache)=10\n"
	"NUMBER(PG_swapbacked)=17\nNUMBER(PG_hwpoison)=23\nNUMBER(PG_head_mask)=64\n"
	"CRASHTIME=1700000000\n";

static const char *const flavours[] = {
	[GEN_KERNEL_6_1] = "OFFSET(page.compound_dtor)=16\nOFFSET(page.compound_order)=17\n"
			   "NUMBER(PG_slab)=9\nNUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\n"
			   "NUMBER(HUGETLB_PAGE_DTOR)=2\n"
			   "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\n",
	[GEN_KERNEL_6_12] = "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-184549376\n"
			    "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\n"
			    "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-201326592\n"
			    "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-251658240\n",
};

static const u32 buddy_types[] = {
	[GEN_KERNEL_6_1] = (u32)-129, [GEN_KERNEL_6_12] = 0xf0000000};

static vaddr_t struct_addr(pfn_t pfn)
{
	return IMAGE + (GEN_KERNEL_STRUCTS_PFN << 12) + pfn * STRUCT_LEN;
}

static void init(struct gen *g, enum gen_kernel_flavour flavour, pfn_t num_pages,
		 pfn_t with_memmap)
{
	static const char *const uts[] = {"Linux",  "gen-host", "6.1.0-gen",
					  "#1 SMP", "x86_64",	"(none)"};

	gen_init(g, 12, num_pages);
	gen_ram(g, 1, num_pages - 1, GEN_PRESENT);
	buf_add_str(&g->vmcoreinfo, common);
	buf_add_str(&g->vmcoreinfo, flavours[flavour]);
	gen_put64(g, ROOTS_PFN << 12, IMAGE + (SECTIONS_PFN << 12));
	/* The map of all sections is one array, so each has the same coded address. */
	for (unsigned i = 0; i < with_memmap / GEN_KERNEL_SECTION; i++)
		gen_put64(g, (SECTIONS_PFN << 12) + i * 16 + 8, struct_addr(0) | 0xf);
	for (unsigned i = 0; i < 6; i++)
		memcpy(gen_page(g, UTS_PFN) + 4 + i * DISKDUMP_UTS_FIELD_LEN, uts[i],
		       strlen(uts[i]));
	for (pfn_t pfn = 0; pfn < with_memmap; pfn++)
		gen_kernel_set(g, pfn, (struct gen_page_struct){0});
}

void gen_kernel_init(struct gen *g, enum gen_kernel_flavour flavour)
{
	init(g, flavour, GEN_KERNEL_PAGES, GEN_KERNEL_NO_MEMMAP);
	for (pfn_t pfn = 32; pfn < GEN_KERNEL_PAGES; pfn++)
		gen_fill(g, pfn);
}

void gen_kernel_init_big(struct gen *g, enum gen_kernel_flavour flavour, pfn_t num_pages)
{
	init(g, flavour, num_pages, num_pages);
}

void gen_kernel_forget(struct gen *g, const char *key)
{
	struct buf old = g->vmcoreinfo;
	char *line, *rest = old.data;

	g->vmcoreinfo = BUF_INIT;
	while ((line = strsep(&rest, "\n")))
		if (*line && !strstr(line, key))
			buf_printf(&g->vmcoreinfo, "%s\n", line);
	buf_deinit(&old);
}

void gen_kernel_set(struct gen *g, pfn_t pfn, struct gen_page_struct s)
{
	paddr_t at = struct_addr(pfn) - IMAGE;
	u8 *p = gen_page(g, at >> 12) + (at & 4095);

	put_le64(p, s.flags);
	put_le64(p + 8, s.compound_head);
	if (s.dtor || s.order) {
		p[16] = s.dtor;
		p[17] = s.order;
	}
	put_le64(p + 24, s.mapping);
	put_le64(p + 40, s.private);
	put_le32(p + 48, s.type ? s.type : UINT32_MAX);
	put_le32(p + 52, 1);
}

void gen_kernel_free(struct gen *g, enum gen_kernel_flavour flavour, pfn_t pfn,
		     unsigned order)
{
	gen_kernel_set(
		g, pfn,
		(struct gen_page_struct){.type = buddy_types[flavour], .private = order});
}

static void compound(struct gen *g, enum gen_kernel_flavour flavour, pfn_t pfn,
		     unsigned order, struct gen_page_struct head, u8 dtor)
{
	head.flags |= GEN_PG_HEAD;
	gen_kernel_set(g, pfn, head);
	for (pfn_t tail = pfn + 1; tail < pfn + (1u << order); tail++) {
		struct gen_page_struct s = {.compound_head = struct_addr(pfn) | 1,
					    .mapping = 0xdead000000000400};

		if (tail == pfn + 1 && flavour == GEN_KERNEL_6_1) {
			s.order = (u8)order;
			s.dtor = dtor;
		} else if (tail == pfn + 1) {
			s.flags = 0x17ffffc0000000 | order;
		}
		gen_kernel_set(g, tail, s);
	}
}

void gen_kernel_compound(struct gen *g, enum gen_kernel_flavour flavour, pfn_t pfn,
			 unsigned order, u64 flags, u64 mapping)
{
	compound(g, flavour, pfn, order,
		 (struct gen_page_struct){.flags = flags, .mapping = mapping}, 1);
}

void gen_kernel_hugetlb(struct gen *g, enum gen_kernel_flavour flavour, pfn_t pfn,
			unsigned order)
{
	compound(g, flavour, pfn, order,
		 (struct gen_page_struct){.type = flavour == GEN_KERNEL_6_12 ? 0xf4000000
									     : 0},
		 2);
}
