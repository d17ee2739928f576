/*
 * gen-dump FILE [PAGES]: write the ELF core of a synthetic machine that has everything the
 * collector's command line can ask for: pages of each class, pages of zeros, a system name,
 * a kernel log of which a part was cleared.
 *
 * For the tests that run programs. PAGES is a multiple of 16,384, which is the default (64
 * MiB).
 */
#include "gen_kernel.h"

#include "base/bytes.h"
#include "base/io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIT_PAGES 16384
#define IMAGE	   0xffffffff80000000ULL

/* Of each 16,384 pages; the kernel's own, memmap included, come first. */
#define FILLED_PFN  2048
#define CACHE_PFN   3072
#define PRIVATE_PFN 5120
#define USER_PFN    5632
#define ZERO_PFN    7680
#define FREE_PFN    8192

/* The log's page: a ring of 8 records and 256 bytes of text. */
#define LOG_PFN	  2000
#define PRB_VAR	  0x10
#define CLEAR_VAR 0x20
#define RINGBUF	  0x100
#define DESCS	  0x200
#define INFOS	  0x400
#define TEXT	  0x800

static const char log_vmcoreinfo[] =
	"SYMBOL(prb)=ffffffff807d0010\nSYMBOL(clear_seq)=ffffffff807d0020\n"
	"SIZE(latched_seq)=24\nOFFSET(latched_seq.val)=8\nSIZE(printk_ringbuffer)=80\n"
	"OFFSET(printk_ringbuffer.desc_ring)=0\nOFFSET(printk_ringbuffer.text_data_ring)=48\n"
	"SIZE(prb_desc_ring)=48\nOFFSET(prb_desc_ring.count_bits)=0\n"
	"OFFSET(prb_desc_ring.descs)=8\nOFFSET(prb_desc_ring.infos)=16\n"
	"OFFSET(prb_desc_ring.head_id)=24\nOFFSET(prb_desc_ring.tail_id)=32\n"
	"SIZE(prb_desc)=24\nOFFSET(prb_desc.state_var)=0\nOFFSET(prb_desc.text_blk_lpos)=8\n"
	"SIZE(prb_data_blk_lpos)=16\nOFFSET(prb_data_blk_lpos.begin)=0\n"
	"OFFSET(prb_data_blk_lpos.next)=8\nSIZE(printk_info)=24\nOFFSET(printk_info.seq)=0\n"
	"OFFSET(printk_info.ts_nsec)=8\nOFFSET(printk_info.text_len)=16\n"
	"OFFSET(printk_info.caller_id)=20\nSIZE(prb_data_ring)=32\n"
	"OFFSET(prb_data_ring.size_bits)=0\nOFFSET(prb_data_ring.data)=8\n"
	"SIZE(atomic_long_t)=8\nOFFSET(atomic_long_t.counter)=0\n";

/* Returns where the next record's text begins. */
static u64 put_record(u8 *page, u64 id, u64 begin, const char *text)
{
	u64 end = begin + align_up(8 + strlen(text), 8);
	u8 *desc = page + DESCS + id * 24, *info = page + INFOS + id * 24;

	put_le64(desc, 2ULL << 62 | id); /* finalized */
	put_le64(desc + 8, begin);
	put_le64(desc + 16, end);
	put_le64(info, id);
	put_le64(info + 8, 1500000000 + id * 1000);
	put_le16(info + 16, (u16)strlen(text));
	put_le64(page + TEXT + begin, id);
	memcpy(page + TEXT + begin + 8, text, strlen(text));
	return end;
}

static void add_log(struct gen *g)
{
	vaddr_t at = IMAGE + (LOG_PFN << 12);
	u8 *page = gen_page(g, LOG_PFN);
	u64 next;

	buf_add_str(&g->vmcoreinfo, log_vmcoreinfo);
	put_le64(page + PRB_VAR, at + RINGBUF);
	put_le64(page + CLEAR_VAR + 8, 1); /* dmesg --clear hid record 0 */
	put_le32(page + RINGBUF, 3);
	put_le64(page + RINGBUF + 8, at + DESCS);
	put_le64(page + RINGBUF + 16, at + INFOS);
	put_le64(page + RINGBUF + 24, 2);
	put_le32(page + RINGBUF + 48, 8);
	put_le64(page + RINGBUF + 56, at + TEXT);
	next = put_record(page, 0, 0, "Linux version 6.1.0-gen");
	next = put_record(page, 1, next, "first line\nsecond line");
	put_record(page, 2, next, "Kernel panic - not syncing: of a test");
}

static void set_pages(struct gen *g, pfn_t first, pfn_t end, struct gen_page_struct s)
{
	for (pfn_t pfn = first; pfn < end; pfn++)
		gen_kernel_set(g, pfn, s);
}

static void add_classes(struct gen *g, pfn_t at)
{
	set_pages(g, at + CACHE_PFN, at + PRIVATE_PFN,
		  (struct gen_page_struct){.flags = GEN_PG_LRU});
	set_pages(g, at + PRIVATE_PFN, at + USER_PFN,
		  (struct gen_page_struct){.flags = GEN_PG_LRU | GEN_PG_PRIVATE});
	set_pages(g, at + USER_PFN, at + ZERO_PFN,
		  (struct gen_page_struct){.flags = GEN_PG_LRU | GEN_PG_SWAPBACKED,
					   .mapping = 0xffff888000001001});
	for (pfn_t pfn = at + FREE_PFN; pfn < at + UNIT_PAGES; pfn += 1024)
		gen_kernel_free(g, GEN_KERNEL_6_1, pfn, 10);
	for (pfn_t pfn = at + FILLED_PFN; pfn < at + UNIT_PAGES; pfn++)
		if (pfn < at + ZERO_PFN || pfn >= at + FREE_PFN)
			gen_fill(g, pfn);
}

int main(int argc, char **argv)
{
	pfn_t num_pages = argc > 2 ? strtoul(argv[2], NULL, 10) : UNIT_PAGES;
	struct buf out = BUF_INIT;
	struct err *err;
	struct gen g;

	if (argc < 2 || argc > 3 || !num_pages || num_pages > 65536 ||
	    num_pages % UNIT_PAGES) {
		fprintf(stderr, "usage: gen-dump FILE [PAGES]\n");
		return 2;
	}
	gen_kernel_init_big(&g, GEN_KERNEL_6_1, num_pages);
	g.num_cpus = 2;
	add_log(&g);
	for (pfn_t at = 0; at < num_pages; at += UNIT_PAGES)
		add_classes(&g, at);
	gen_elf(&g, NULL, &out);
	err = io_write_file(argv[1], 0600, out.data, out.len);
	if (err)
		fprintf(stderr, "gen-dump: %s\n", err_message(err));
	buf_deinit(&out);
	gen_deinit(&g);
	return err ? 1 : 0;
}
