/* The kernel log readers over arbitrary memory. The first byte chooses the layout; the rest
 * is the crashed kernel's memory, read modulo its length so that every address leads
 * somewhere. */
#include "fuzz.h"

#include "kernel/printk.h"

#define BASE 0xffffffff82000000ull

static const char ring_vmcoreinfo[] =
	"OSRELEASE=6.1.0\nSYMBOL(prb)=ffffffff82000000\nSIZE(printk_ringbuffer)=80\n"
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

static const char records_vmcoreinfo[] =
	"OSRELEASE=4.19.0\nSYMBOL(log_buf)=ffffffff82000000\nSYMBOL(log_buf_len)=ffffffff82000008\n"
	"SYMBOL(log_first_idx)=ffffffff8200000c\nSYMBOL(log_next_idx)=ffffffff82000010\n"
	"SIZE(printk_log)=16\nOFFSET(printk_log.ts_nsec)=0\nOFFSET(printk_log.len)=8\n"
	"OFFSET(printk_log.text_len)=10\nOFFSET(printk_log.dict_len)=12\n";

struct memory {
	const u8 *data;
	size_t size;
	u64 reads_left;
};

static struct err *read_memory(void *ctx, vaddr_t addr, void *data, size_t len)
{
	struct memory *m = ctx;
	u64 start = addr - BASE;

	if (m->reads_left == 0)
		return err_fault(addr, "enough");
	m->reads_left--;
	for (size_t i = 0; i < len; i++)
		((u8 *)data)[i] = m->data[(start + i) % m->size];
	return NULL;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct memory m = {.data = data + 1, .size = size - 1, .reads_left = 500};
	cleanup(vmcoreinfo_freep) struct vmcoreinfo *vi = NULL;
	cleanup(printk_log_freep) struct printk_log *log = NULL;
	struct printk_source src = {.read = read_memory, .ctx = &m};
	struct printk_record r;
	const char *text;

	if (size < 2)
		return 0;
	text = data[0] & 1 ? records_vmcoreinfo : ring_vmcoreinfo;
	src.is_big_endian = data[0] & 2;
	err_ignore(vmcoreinfo_parse(text, strlen(text), &vi));
	src.vmcoreinfo = vi;
	err_ignore(printk_open(&src, &log));
	for (u64 n = 0; log && n < 2000 && printk_next(log, &r); n++) {
		struct buf b = BUF_INIT;

		if (r.len < 256 || n < 4)
			printk_format(&b, &r, true);
		buf_deinit(&b);
	}
	return 0;
}
