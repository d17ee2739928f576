/* The page classes and the CPUs' lists of free pages of a small machine. Each 10 bytes of
 * the input are an offset in its memory map or its lists, and what to write there. */
#include "fuzz.h"

#include "base/bytes.h"
#include "gen_pcp.h"
#include "kernel/pcp.h"

#include <assert.h>

#define RECORD_LEN 10
#define FIRST_PFN  GEN_KERNEL_STRUCTS_PFN
#define REGION_LEN ((GEN_PCP_FIRST_PFN + 4 - FIRST_PFN) * 4096u)
#define CHUNK	   512 /* pages judged at once */

static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};

/* The healthy machine, made once. */
static struct buf whole, file;

static void make_whole(void)
{
	struct gen g;

	gen_pcp_init(&g);
	gen_pcp_push(&g, 0, 0, 0, 100, 0);
	gen_pcp_push(&g, 0, 0, 0, 60, 0);
	gen_pcp_push(&g, 0, 1, 5, 200, 1);
	gen_pcp_push(&g, 1, 0, 11, 304, 3);
	gen_pcp_push(&g, 1, 1, 2, 59, 0);
	gen_kernel_free(&g, GEN_KERNEL_6_1, 512, 6);
	gen_kernel_compound(&g, GEN_KERNEL_6_1, 640, 5, GEN_PG_LRU, 0xffff888000001001);
	gen_elf(&g, NULL, &whole);
	gen_deinit(&g);
}

static void damage(const uint8_t *data, size_t size)
{
	/* Page frame 0 does not exist, all others follow each other to the end. */
	char *memory = file.data + file.len - (GEN_KERNEL_PAGES - FIRST_PFN) * 4096u;

	for (; size >= RECORD_LEN; data += RECORD_LEN, size -= RECORD_LEN)
		put_le64(memory + get_le16(data) * 4u % (REGION_LEN - 8),
			 get_le64(data + 2));
}

static void judge_all(struct dump *d, struct dump_reader *r, const struct memmap *m,
		      const struct pageclass *pc)
{
	static u8 structs[CHUNK * 64];
	struct memmap_cursor cursor = memmap_cursor_init(m, r);
	struct page_walk w = {.structs = structs, .num = CHUNK};
	struct page_run run;
	struct err *why;
	vaddr_t addr;
	pfn_t end;

	if (!memmap_find(&cursor, 0, &addr, &end, &why)) {
		err_free(why);
		return;
	}
	err_free(dump_read(d, ADDR_VIRTUAL, addr, structs, sizeof(structs)));
	while (pageclass_find_run(pc, UINT32_MAX & ~(1u << PAGE_KERNEL), &w, &run))
		assert(run.first < run.end && run.class < PAGE_NUM_CLASSES);
	assert(w.num_judged <= 2 * CHUNK); /* what ends a run is seen again */
}

static void read_lists(struct dump *d, const struct memmap *m, const struct pageclass *pc)
{
	const struct typelist types = gen_pcp_types();
	struct pcp *pcp = NULL;
	struct err *err = pcp_read(d, &types, m, pc, &pcp);
	pfn_t first, end, last = 0;
	u64 num = 0;

	assert(!err == !!pcp);
	err_free(err);
	for (; pcp && pcp_find(pcp, last, &first, &end); last = end) {
		assert(first >= last && end > first && end <= GEN_KERNEL_PAGES);
		num += end - first;
	}
	assert(!pcp || num == pcp_num_pages(pcp));
	pcp_free(pcp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct typelist no_types = {0};
	struct byte_source src;
	struct dump *d = NULL;
	struct dump_reader *r = NULL;
	struct memmap *m = NULL;
	struct pageclass pc;

	if (!whole.len)
		make_whole();
	file.len = 0;
	buf_add(&file, whole.data, whole.len);
	damage(data, size);
	src = source_from_memory(file.data, file.len, "source");
	err_free(dump_open_source(&src, formats, &d));
	err_free(dump_reader_open(d, &r));
	err_free(memmap_open(d, &m));
	err_free(pageclass_init(dump_vmcoreinfo(d), &no_types, dump_notices(d), &pc));
	judge_all(d, r, m, &pc);
	read_lists(d, m, &pc);
	memmap_close(m);
	dump_reader_close(r);
	dump_close(d);
	return 0;
}
