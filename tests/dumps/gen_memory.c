#include "gen_memory.h"

#include <string.h>

#define IMAGE	     GEN_SESSION_IMAGE
#define DIRECT_MAP   0xffff888000000000ULL
#define OBJECT_SIZE  256
#define NUM_OBJECTS  4
#define FREE_POINTER 128	     /* in an object */
#define CPU_CACHE    (0x4000 + 0x80) /* struct kmem_cache_cpu, behind the run queue */
#define MAP_SECTION  (GEN_MEMORY_NODE + 0x800)

static const char vmcoreinfo[] =
	"SYMBOL(mem_section)=ffffffff80012800\nLENGTH(mem_section)=4\nSIZE(mem_section)=16\n"
	"OFFSET(mem_section.section_mem_map)=0\nNUMBER(SECTION_SIZE_BITS)=18\n"
	"NUMBER(MAX_PHYSMEM_BITS)=20\nSIZE(page)=128\nOFFSET(page.flags)=0\n"
	"OFFSET(page.compound_head)=8\nOFFSET(page._refcount.counter)=40\n"
	"OFFSET(page.mapping)=48\nOFFSET(page.index)=56\nOFFSET(page.buddy_list)=96\n"
	"NUMBER(PG_reserved)=12\n"
	"OFFSET(slab.slab_cache)=8\nOFFSET(slab.freelist)=16\nOFFSET(slab.objects)=24\n"
	"OFFSET(slab.inuse)=32\nOFFSET(slab.next)=64\nOFFSET(slab.slab_list)=72\n"
	"SYMBOL(slab_caches)=ffffffff80013000\n"
	"OFFSET(kmem_cache.name)=0\nOFFSET(kmem_cache.size)=8\n"
	"OFFSET(kmem_cache.object_size)=16\nOFFSET(kmem_cache.oo.x)=24\n"
	"OFFSET(kmem_cache.offset)=32\nOFFSET(kmem_cache.cpu_slab)=40\n"
	"OFFSET(kmem_cache.list)=48\nOFFSET(kmem_cache.node)=64\n"
	"OFFSET(kmem_cache_node.nr_slabs.counter)=0\n"
	"OFFSET(kmem_cache_node.total_objects.counter)=8\n"
	"OFFSET(kmem_cache_node.partial)=16\nOFFSET(kmem_cache_node.nr_partial)=32\n"
	"OFFSET(kmem_cache_cpu.slab)=0\nOFFSET(kmem_cache_cpu.freelist)=8\n"
	"OFFSET(kmem_cache_cpu.partial)=16\n"
	"OFFSET(pglist_data.node_zones)=64\nLENGTH(pglist_data.node_zones)=2\n"
	"OFFSET(pglist_data.node_start_pfn)=8\nSIZE(zone)=256\n"
	"OFFSET(zone.zone_start_pfn)=0\nOFFSET(zone.spanned_pages)=8\n"
	"OFFSET(zone.present_pages)=16\nOFFSET(zone.managed_pages.counter)=24\n"
	"OFFSET(zone.name)=32\nOFFSET(zone._watermark)=40\n"
	"OFFSET(zone.watermark_boost)=64\nOFFSET(zone.vm_stat)=72\n"
	"OFFSET(zone.free_area)=96\nLENGTH(zone.free_area)=4\nSIZE(free_area)=16\n"
	"OFFSET(free_area.free_list)=0\nLENGTH(free_area.free_list)=1\n"
	"SYMBOL(vm_zone_stat)=ffffffff80014000\nSYMBOL(vm_node_stat)=ffffffff80014100\n"
	"SYMBOL(_totalram_pages)=ffffffff80014200\n"
	"SYMBOL(totalreserve_pages)=ffffffff80014208\n"
	"SYMBOL(total_swap_pages)=ffffffff80014210\nSYMBOL(nr_swap_pages)=ffffffff80014218\n"
	"SYMBOL(sysctl_overcommit_ratio)=ffffffff80014220\n"
	"SYMBOL(sysctl_overcommit_kbytes)=ffffffff80014230\n"
	"SYMBOL(vm_committed_as)=ffffffff80014228\nOFFSET(percpu_counter.count)=0\n"
	"NUMBER(NR_FREE_PAGES)=0\nNUMBER(NR_FILE_PAGES)=0\nNUMBER(NR_ACTIVE_FILE)=1\n"
	"NUMBER(NR_INACTIVE_FILE)=2\nNUMBER(NR_SLAB_RECLAIMABLE_B)=3\n"
	"NUMBER(NR_SLAB_UNRECLAIMABLE_B)=4\n"
	"SYMBOL(vmap_area_list)=ffffffff80015000\nOFFSET(vmap_area.list)=0\n"
	"OFFSET(mm_struct.mmap)=56\nOFFSET(vm_area_struct.vm_start)=0\n"
	"OFFSET(vm_area_struct.vm_end)=8\nOFFSET(vm_area_struct.vm_next)=16\n"
	"OFFSET(vm_area_struct.vm_flags)=24\nOFFSET(vm_area_struct.vm_file)=32\n"
	"OFFSET(vm_area_struct.vm_pgoff)=40\n"
	"SYMBOL(swap_info)=ffffffff80014300\nSYMBOL(nr_swapfiles)=ffffffff80014320\n"
	"OFFSET(swap_info_struct.flags)=0\nOFFSET(swap_info_struct.prio)=8\n"
	"OFFSET(swap_info_struct.pages)=16\nOFFSET(swap_info_struct.inuse_pages)=24\n"
	"NUMBER(SWP_BLKDEV)=64\n"
	"OFFSET(vmap_area.vm)=16\nOFFSET(vm_struct.addr)=0\nOFFSET(vm_struct.size)=8\n"
	"OFFSET(vm_struct.caller)=16\nOFFSET(vm_struct.nr_pages)=24\n";

static void put_string(struct gen *g, u64 at, const char *text)
{
	strcpy((char *)gen_page(g, at >> 12) + (at & 4095), text);
}

/* A list: its head, and nodes in this order; addresses of the image. */
static void put_list(struct gen *g, u64 head, const u64 *nodes, size_t count)
{
	u64 before = head;

	for (size_t i = 0; i <= count; i++) {
		u64 next = i < count ? nodes[i] : head;

		gen_put64(g, before, IMAGE + next);
		gen_put64(g, next + 8, IMAGE + before);
		before = next;
	}
}

/* ---- zones ---- */

static void put_zone(struct gen *g, unsigned n, const char *name, pfn_t start, u64 pages,
		     u64 free_pages)
{
	u64 at = GEN_MEMORY_ZONE(n);

	gen_put64(g, at, start);
	gen_put64(g, at + 8, pages);
	gen_put64(g, at + 16, pages);
	gen_put64(g, at + 24, pages);
	gen_put64(g, at + 32, IMAGE + GEN_MEMORY_NODE + 0x900 + n * 32);
	put_string(g, GEN_MEMORY_NODE + 0x900 + n * 32, name);
	for (unsigned i = 0; i < 3; i++)
		gen_put64(g, at + 40 + i * 8, 2 + n + i);
	gen_put64(g, at + 72, free_pages);
	for (unsigned order = 0; order < 4; order++)
		put_list(g, at + 96 + order * 16, NULL, 0);
}

static void put_zones(struct gen *g)
{
	const u64 block = GEN_MEMORY_PAGE(GEN_MEMORY_FREE) + GEN_PAGE_BUDDY_LIST;
	const u64 page = GEN_MEMORY_PAGE(GEN_MEMORY_FREE + 4) + GEN_PAGE_BUDDY_LIST;

	gen_put64(g, 0x5500, IMAGE + GEN_MEMORY_NODE); /* node_data */
	gen_put64(g, GEN_MEMORY_NODE, 47);
	gen_put64(g, GEN_MEMORY_NODE + 8, 1);
	put_zone(g, 0, "DMA", 1, 15, 0);
	put_zone(g, 1, "Normal", 16, 32, 5);
	put_list(g, GEN_MEMORY_LIST(2), &block, 1);
	put_list(g, GEN_MEMORY_LIST(0), &page, 1);
}

static void put_map(struct gen *g)
{
	/* Present, and with a map. */
	gen_put64(g, MAP_SECTION, (IMAGE + GEN_MEMORY_MAP) | 3);
	for (pfn_t pfn = 0; pfn < GEN_SESSION_PAGES; pfn++)
		gen_put64(g, GEN_MEMORY_PAGE(pfn) + GEN_PAGE_COUNT, 1);
	for (pfn_t pfn = GEN_MEMORY_FREE; pfn < GEN_MEMORY_FREE + 5; pfn++)
		gen_put64(g, GEN_MEMORY_PAGE(pfn) + GEN_PAGE_COUNT, 0);
	gen_put64(g, GEN_MEMORY_PAGE(1) + GEN_PAGE_FLAGS, 1 << 12);
	gen_put64(g, GEN_MEMORY_PAGE(1) + GEN_PAGE_COUNT, 9);
	gen_put64(g, GEN_MEMORY_PAGE(0x2a) + GEN_PAGE_COUNT, 3);
}

/* ---- slabs ---- */

static void put_cache(struct gen *g, unsigned n, const char *name, u64 num_slabs)
{
	u64 at = GEN_MEMORY_CACHE(n), node = GEN_MEMORY_CACHE_NODE(n);

	gen_put64(g, at, IMAGE + GEN_MEMORY_CACHES + 0x800 + n * 32);
	put_string(g, GEN_MEMORY_CACHES + 0x800 + n * 32, name);
	gen_put64(g, at + 8, OBJECT_SIZE);
	gen_put64(g, at + 16, OBJECT_SIZE - 8);
	gen_put64(g, at + 24, NUM_OBJECTS);
	gen_put64(g, at + 32, FREE_POINTER);
	gen_put64(g, at + 40, n ? IMAGE + CPU_CACHE + 0x20 : IMAGE + CPU_CACHE);
	gen_put64(g, at + 64, IMAGE + node);
	gen_put64(g, node, num_slabs);
	gen_put64(g, node + 8, num_slabs * NUM_OBJECTS);
	put_list(g, node + 16, NULL, 0);
}

static u64 object(unsigned slab, unsigned n)
{
	return DIRECT_MAP + GEN_MEMORY_SLAB + slab * 4096 + n * OBJECT_SIZE;
}

/* Slab @n of the first cache, whose own list of free objects begins with @first. */
static u64 put_slab(struct gen *g, unsigned n, u64 in_use, u64 first)
{
	u64 at = GEN_MEMORY_PAGE((GEN_MEMORY_SLAB >> 12) + n);

	gen_put64(g, at + GEN_PAGE_CACHE, IMAGE + GEN_MEMORY_CACHE(0));
	gen_put64(g, at + GEN_PAGE_FREELIST, first);
	gen_put64(g, at + GEN_PAGE_OBJECTS, NUM_OBJECTS);
	gen_put64(g, at + GEN_PAGE_INUSE, in_use);
	return at;
}

/* The object that is free behind object @n of slab @slab, 0 if it is the last. */
static void put_next_free(struct gen *g, unsigned slab, unsigned n, u64 next, u64 random)
{
	u64 at = object(slab, n) + FREE_POINTER;

	gen_put64(g, at - DIRECT_MAP,
		  random ? next ^ random ^ __builtin_bswap64(at) : next);
}

static void put_slabs(struct gen *g, u64 random)
{
	const u64 links[] = {GEN_MEMORY_CACHE(0) + 48, GEN_MEMORY_CACHE(1) + 48};
	u64 node = GEN_MEMORY_CACHE_NODE(0), partial;

	put_cache(g, 0, "thing", 3);
	put_cache(g, 1, "\033[31mred", 0);
	put_list(g, GEN_MEMORY_CACHES, links, 2);
	for (unsigned n = 0; n < 2 && random; n++)
		gen_put64(g, GEN_MEMORY_CACHE(n) + 80, random);
	/* Of CPU 0: objects 1 and 3 are free, in this order. */
	gen_put64(g, CPU_CACHE, IMAGE + put_slab(g, 0, NUM_OBJECTS, 0));
	gen_put64(g, CPU_CACHE + 8, object(0, 1));
	put_next_free(g, 0, 1, object(0, 3), random);
	put_next_free(g, 0, 3, 0, random);
	partial = put_slab(g, 1, NUM_OBJECTS - 1, object(1, 2)) + GEN_PAGE_SLAB_LIST;
	put_next_free(g, 1, 2, 0, random);
	put_list(g, node + 16, &partial, 1);
	gen_put64(g, node + 32, 1);
	put_slab(g, 2, NUM_OBJECTS, 0);
}

/* ---- the rest ---- */

static void put_areas(struct gen *g)
{
	const u64 nodes[] = {GEN_MEMORY_AREAS + 0x40, GEN_MEMORY_AREAS + 0x80};

	put_list(g, GEN_MEMORY_AREAS, nodes, 2);
	for (unsigned i = 0; i < 2; i++) {
		u64 vm = GEN_MEMORY_AREAS + 0x100 + i * 0x40;

		gen_put64(g, nodes[i] + 16, IMAGE + vm);
		/* Not in order. */
		gen_put64(g, vm, 0xffffc90000000000 + (1 - i) * 0x10000);
		gen_put64(g, vm + 8, 0x3000);
		gen_put64(g, vm + 24, 2);
	}
}

static void put_counters(struct gen *g)
{
	static const u64 node_stats[] = {8, 2, 4, 6, 3};

	gen_put64(g, GEN_MEMORY_STATS, 20); /* free */
	for (size_t i = 0; i < ARRAY_SIZE(node_stats); i++)
		gen_put64(g, GEN_MEMORY_STATS + 0x100 + i * 8, node_stats[i]);
	gen_put64(g, GEN_MEMORY_STATS + 0x200, 40);
	gen_put64(g, GEN_MEMORY_STATS + 0x208, 7);
	gen_put64(g, GEN_MEMORY_STATS + 0x210, 10);
	gen_put64(g, GEN_MEMORY_STATS + 0x218, 4);
	gen_put64(g, GEN_MEMORY_STATS + 0x220, 50);
	gen_put64(g, GEN_MEMORY_STATS + 0x228, 15);
}

static void put_vmas(struct gen *g)
{
	u64 first = GEN_MEMORY_VMAS, second = GEN_MEMORY_VMAS + 0x40;

	gen_put64(g, GEN_SESSION_MM + 56, IMAGE + first);
	gen_put64(g, first, GEN_SESSION_USER);
	gen_put64(g, first + 8, GEN_SESSION_USER + 0x2000);
	gen_put64(g, first + 16, IMAGE + second);
	gen_put64(g, first + 24, 0x75);
	gen_put64(g, second, 0x7ffc00000000);
	gen_put64(g, second + 8, 0x7ffc00001000);
	gen_put64(g, second + 24, 0x100173);
}

/* Two areas, of which one was switched off. */
static void put_swap(struct gen *g)
{
	for (unsigned i = 0; i < 2; i++) {
		u64 at = GEN_MEMORY_STATS + 0x400 + i * 0x40;

		gen_put64(g, GEN_MEMORY_STATS + 0x300 + i * 8, IMAGE + at);
		gen_put64(g, at, i ? 0 : 64 + 1);
		gen_put64(g, at + 8, (u64)-2);
		gen_put64(g, at + 16, 100);
		gen_put64(g, at + 24, 25);
	}
	gen_put64(g, GEN_MEMORY_STATS + 0x320, 2);
}

void gen_memory_init(struct gen *g, u64 random)
{
	gen_session_init(g);
	buf_add_str(&g->vmcoreinfo, vmcoreinfo);
	if (random)
		buf_add_str(&g->vmcoreinfo, "OFFSET(kmem_cache.random)=80\n");
	put_map(g);
	put_zones(g);
	put_slabs(g, random);
	put_areas(g);
	put_counters(g);
	put_vmas(g);
	put_swap(g);
}
