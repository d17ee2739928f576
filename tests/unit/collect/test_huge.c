/*
 * A machine with 24 TB of RAM, whose memory is made up as it is read: the collector must
 * need no more memory of its own for it than for a small one.
 */
#include "testing.h"

#include "base/bytes.h"
#include "collect/collect.h"
#include "format/elfcore.h"
#include "format/note.h"

#include <elf.h>
#include <fcntl.h>

#define DIRECT_MAP    0xffff888000000000ULL
#define STRUCT_LEN    64
#define BUDGET_KB     5000
#define DATA_OFFSET   65536
#define BLOCK_PAGES   1024 /* free blocks */
#define BUSY_BLOCKS   4096 /* every so manyth block has pages that are in use */
#define BUSY_IN_BLOCK 2

/* Where the kernel's tables lie in its physical memory. */
#define ROOTS	 0x200000ULL
#define SECTIONS 0x400000ULL
#define PGD	 0x4000ULL
#define PUDS	 0x100000ULL
#define MEMMAP	 (1ULL << 40)

static const char vmcoreinfo[] =
	"OSRELEASE=6.1.0-huge\nPAGESIZE=4096\nCRASHTIME=1700000000\nNUMBER(phys_base)=0\n"
	"SYMBOL(swapper_pg_dir)=ffffffff80004000\nNUMBER(KERNEL_IMAGE_SIZE)=1073741824\n"
	"SYMBOL(mem_section)=ffffffff80200000\nLENGTH(mem_section)=2048\n"
	"SIZE(mem_section)=16\nOFFSET(mem_section.section_mem_map)=8\n"
	"NUMBER(SECTION_SIZE_BITS)=27\nNUMBER(MAX_PHYSMEM_BITS)=46\nSIZE(page)=64\n"
	"OFFSET(page.flags)=0\nOFFSET(page._refcount)=52\nOFFSET(page.mapping)=24\n"
	"OFFSET(page._mapcount)=48\nOFFSET(page.private)=40\n"
	"OFFSET(page.compound_head)=8\nLENGTH(zone.free_area)=11\nNUMBER(PG_lru)=4\n"
	"NUMBER(PG_private)=13\nNUMBER(PG_swapcache)=10\nNUMBER(PG_swapbacked)=17\n"
	"NUMBER(PG_hwpoison)=23\nNUMBER(PG_head_mask)=64\n"
	"OFFSET(page.compound_dtor)=16\nOFFSET(page.compound_order)=17\nNUMBER(PG_slab)=9\n"
	"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\nNUMBER(HUGETLB_PAGE_DTOR)=2\n"
	"NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\n";

struct huge {
	u8 front[DATA_OFFSET]; /* headers and the note */
	u64 ram_len;
	long peak_kb;
	u64 num_reads;
};

static long anonymous_kb(void)
{
	char line[128];
	long kb = -1;
	FILE *f = fopen("/proc/self/status", "r");

	assert_non_null(f);
	while (kb < 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, "RssAnon:", 8) == 0)
			kb = atol(line + 8);
	fclose(f);
	return kb;
}

static bool is_busy(pfn_t pfn)
{
	return pfn / BLOCK_PAGES % BUSY_BLOCKS == 0 && pfn % BLOCK_PAGES < BUSY_IN_BLOCK;
}

/* 8 bytes of the struct page of @pfn. */
static u64 struct_word(pfn_t pfn, u64 offset)
{
	bool is_whole_block = pfn / BLOCK_PAGES % BUSY_BLOCKS != 0;
	bool is_block = is_whole_block ? pfn % BLOCK_PAGES == 0 : !is_busy(pfn);

	if (offset == 40)
		return is_block && is_whole_block ? 10 : 0;
	if (offset == 48) /* _mapcount, _refcount */
		return is_busy(pfn) ? 0x1ffffffffULL : is_block ? (u32)-129 : UINT32_MAX;
	return 0;
}

static bool is_memmap(const struct huge *h, paddr_t addr)
{
	return addr >= MEMMAP && addr - MEMMAP < (h->ram_len >> 12) * STRUCT_LEN;
}

static u64 memory_word(const struct huge *h, paddr_t addr)
{
	if (is_memmap(h, addr))
		return struct_word((addr - MEMMAP) / STRUCT_LEN, addr % STRUCT_LEN);
	if (addr >= PGD && addr < PGD + 4096) {
		u64 index = (addr - PGD) / 8, first = DIRECT_MAP >> 39 & 511;

		return index >= first && index < first + (h->ram_len >> 39)
			       ? (PUDS + (index - first) * 4096) | 1
			       : 0;
	}
	if (addr >= PUDS && addr < PUDS + (h->ram_len >> 39) * 4096)
		return ((addr - PUDS) / 8 << 30) | 0x81; /* pages of 1 GiB */
	if (addr >= ROOTS && addr < ROOTS + 2048 * 8)
		return DIRECT_MAP + SECTIONS + (addr - ROOTS) / 8 * 4096;
	if (addr >= SECTIONS && addr < SECTIONS + 2048 * 4096)
		return addr % 16 ? (DIRECT_MAP + MEMMAP) | 0xf : 0;
	return addr >> 12;
}

/* A whole struct page at once, as most of what is read is of these. */
static void make_struct(pfn_t pfn, u8 *p)
{
	memset(p, 0, STRUCT_LEN);
	put_le64(p + 40, struct_word(pfn, 40));
	put_le64(p + 48, struct_word(pfn, 48));
}

/* Make up to @len bytes at @addr; returns how many. */
static size_t make_bytes(const struct huge *h, paddr_t addr, u8 *p, size_t len)
{
	size_t in_word = addr % 8, n = min_u64(len, 8 - in_word);
	u8 bytes[8];

	if (is_memmap(h, addr) && addr % STRUCT_LEN == 0 && len >= STRUCT_LEN) {
		make_struct((addr - MEMMAP) / STRUCT_LEN, p);
		return STRUCT_LEN;
	}
	put_le64(bytes, memory_word(h, align_down(addr, 8)));
	memcpy(p, bytes + in_word, n);
	return n;
}

static struct err *read_huge(const struct byte_source *src, u64 offset, void *data,
			     size_t len)
{
	struct huge *h = src->ctx;
	u8 *p = data;

	if (h->num_reads++ % 4096 == 0 && h->peak_kb < anonymous_kb())
		h->peak_kb = anonymous_kb();
	while (len) {
		size_t n;

		if (offset < DATA_OFFSET) {
			n = min_u64(len, DATA_OFFSET - offset);
			memcpy(p, h->front + offset, n);
		} else {
			n = make_bytes(h, offset - DATA_OFFSET, p, len);
		}
		p += n;
		offset += n;
		len -= n;
	}
	return NULL;
}

static void make_front(struct huge *h)
{
	const struct elfcore_layout layout = {
		.machine = EM_X86_64, .num_segments = 2, .segments_offset = 64};
	const size_t len = note_size(strlen("VMCOREINFO"), strlen(vmcoreinfo));

	elfcore_format_header(&layout, h->front);
	elfcore_format_segment(
		&(struct elfcore_segment){
			.type = PT_NOTE, .offset = 4096, .filesz = len, .memsz = len},
		h->front + 64);
	elfcore_format_segment(&(struct elfcore_segment){.type = PT_LOAD,
							 .offset = DATA_OFFSET,
							 .vaddr = DIRECT_MAP,
							 .filesz = h->ram_len,
							 .memsz = h->ram_len},
			       h->front + 64 + ELFCORE_SEGMENT_LEN);
	note_format("VMCOREINFO", 0, vmcoreinfo, strlen(vmcoreinfo), h->front + 4096);
}

static void assert_fits(u64 ram_len, const struct collect_options *o)
{
	static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};
	cleanup(closep) int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct huge *h = calloc(1, sizeof(*h));
	struct byte_source src = {.read_at = read_huge,
				  .ctx = h,
				  .size = DATA_OFFSET + ram_len,
				  .name = "much RAM"};
	struct collect_stats stats;
	struct dump *d = NULL;
	u64 num_pages = ram_len >> 12;
	long before;

	assert_non_null(h);
	h->ram_len = ram_len;
	assert_true(fd >= 0);
	make_front(h);
	before = anonymous_kb();
	assert_success(dump_open_source(&src, formats, &d));
	assert_success(collect_to_stream(d, fd, "nowhere", o, &stats));
	assert_int_equal(stats.pages_ram, num_pages);
	assert_int_equal(stats.pages_total,
			 num_pages / BLOCK_PAGES / BUSY_BLOCKS * BUSY_IN_BLOCK);
	assert_int_equal(stats.excluded[PAGE_FREE], num_pages - stats.pages_total);
	assert_int_equal(stats.pages_written, stats.pages_total);
	print_message("%u workers: %ld kB at most\n", stats.num_workers,
		      h->peak_kb - before);
#ifndef __SANITIZE_ADDRESS__
	assert_in_range(h->peak_kb - before, 1, BUDGET_KB);
#endif
	dump_close(d);
	free(h);
}

static void the_memory_map_of_24_terabytes_fits_the_budget(void **state)
{
	assert_fits(24ULL << 40, &(struct collect_options){.dump_level = 31,
							   .codec = &collect_codec_zstd,
							   .num_workers = 1});
}

static void so_does_that_of_2_in_an_elf_core(void **state)
{
	assert_fits(2ULL << 40, &(struct collect_options){.dump_level = 30,
							  .format = COLLECT_ELF,
							  .num_workers = 1});
}

static void more_ram_than_any_machine_has_is_refused_at_once(void **state)
{
	static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};
	struct huge *h = calloc(1, sizeof(*h));
	struct byte_source src = {
		.read_at = read_huge, .ctx = h, .size = DATA_OFFSET, .name = "a claim"};
	struct collect_stats stats;
	struct dump *d = NULL;

	assert_non_null(h);
	h->ram_len = 1ULL << 51;
	make_front(h);
	assert_success(dump_open_source(&src, formats, &d));
	assert_failure(
		collect_to_stream(d, -1, "nowhere",
				  &(struct collect_options){.codec = &collect_codec_zstd},
				  &stats),
		ERR_BAD_DATA, "more than 256 TB of RAM");
	dump_close(d);
	free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_memory_map_of_24_terabytes_fits_the_budget),
		cmocka_unit_test(so_does_that_of_2_in_an_elf_core),
		cmocka_unit_test(more_ram_than_any_machine_has_is_refused_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
