/* A whole report of a small crashed kernel that VMCOREINFO alone describes. Each 10 bytes
 * of the input are an offset in its memory and what to write there. */
#include "fuzz.h"

#include "analyse/brief.h"
#include "analyse/render_text.h"
#include "analyse/report.h"
#include "base/bytes.h"
#include "gen.h"

#define IMAGE	    0xffffffff80000000ULL
#define NUM_PAGES   16
#define NUM_TASKS   8
#define TASK(n)	    (0x1000 + (n)*0x100)
#define SIGNAL(n)   (0x2000 + (n)*0x10)
#define TASKS	    32
#define THREAD_NODE 48
#define RING	    0x3000
#define RUNQUEUES   0x4000
#define VARIABLES   0x5000

static const char vmcoreinfo[] =
	"OSRELEASE=6.1.0-fuzz\nPAGESIZE=4096\nNUMBER(phys_base)=0\nCRASHTIME=1\n"
	"NUMBER(KERNEL_IMAGE_SIZE)=1073741824\nLENGTH(node_data)=4\n"
	"SYMBOL(swapper_pg_dir)=ffffffff8000f000\n"
	"SYMBOL(init_task)=ffffffff80001000\n"
	"SYMBOL(prb)=ffffffff80005000\n"
	"SYMBOL(runqueues)=ffffffff80004000\n"
	"SYMBOL(__per_cpu_offset)=ffffffff80005010\n"
	"SYMBOL(nr_cpu_ids)=ffffffff80005050\n"
	"SYMBOL(__cpu_possible_mask)=ffffffff80005060\n"
	"SYMBOL(__cpu_present_mask)=ffffffff80005060\n"
	"SYMBOL(__cpu_online_mask)=ffffffff80005060\n"
	"SYMBOL(panic_cpu)=ffffffff80005070\n"
	"SYMBOL(crash_notes)=ffffffff80005080\n"
	"SYMBOL(init_uts_ns)=ffffffff80005200\n"
	"SYMBOL(tk_core)=ffffffff80005400\n"
	"SYMBOL(jiffies_64)=ffffffff80005410\n"
	"SYMBOL(tick_nsec)=ffffffff80005420\n"
	"SYMBOL(avenrun)=ffffffff80005430\n"
	"SYMBOL(node_data)=ffffffff80005500\n"
	"SYMBOL(cpu_khz)=ffffffff80005520\n"
	"SYMBOL(tainted_mask)=ffffffff80005528\n"
	"SYMBOL(saved_command_line)=ffffffff80005530\n"
	"SYMBOL(modules)=ffffffff80005600\n"
	"OFFSET(uts_namespace.name)=4\nOFFSET(timekeeper.xtime_sec)=0\n"
	"OFFSET(timekeeper.ktime_sec)=8\nOFFSET(pglist_data.node_present_pages)=0\n"
	"OFFSET(rq.curr)=0\nOFFSET(rq.idle)=8\nOFFSET(task_struct.pid)=0\n"
	"OFFSET(task_struct.comm)=8\nOFFSET(task_struct.__state)=24\n"
	"OFFSET(task_struct.tasks)=32\nOFFSET(task_struct.thread_node)=48\n"
	"OFFSET(task_struct.signal)=64\nOFFSET(task_struct.on_cpu)=72\n"
	"OFFSET(task_struct.cpu)=80\nOFFSET(task_struct.stack)=88\n"
	"OFFSET(signal_struct.thread_head)=0\nOFFSET(list_head.next)=0\n"
	"OFFSET(list_head.prev)=8\nOFFSET(module.list)=0\nOFFSET(module.name)=16\n"
	"OFFSET(module.state)=80\nOFFSET(module.taints)=88\n"
	"SIZE(printk_ringbuffer)=80\nOFFSET(printk_ringbuffer.desc_ring)=0\n"
	"OFFSET(printk_ringbuffer.text_data_ring)=48\nSIZE(prb_desc_ring)=48\n"
	"OFFSET(prb_desc_ring.count_bits)=0\nOFFSET(prb_desc_ring.descs)=8\n"
	"OFFSET(prb_desc_ring.infos)=16\nOFFSET(prb_desc_ring.head_id)=24\n"
	"OFFSET(prb_desc_ring.tail_id)=32\nSIZE(prb_desc)=24\nOFFSET(prb_desc.state_var)=0\n"
	"OFFSET(prb_desc.text_blk_lpos)=8\nSIZE(prb_data_blk_lpos)=16\n"
	"OFFSET(prb_data_blk_lpos.begin)=0\nOFFSET(prb_data_blk_lpos.next)=8\n"
	"SIZE(printk_info)=24\nOFFSET(printk_info.seq)=0\nOFFSET(printk_info.ts_nsec)=8\n"
	"OFFSET(printk_info.text_len)=16\nOFFSET(printk_info.caller_id)=20\n"
	"SIZE(prb_data_ring)=32\nOFFSET(prb_data_ring.size_bits)=0\n"
	"OFFSET(prb_data_ring.data)=8\nSIZE(atomic_long_t)=8\n"
	"OFFSET(atomic_long_t.counter)=0\n";

static void link_nodes(struct gen *g, u64 node, u64 next)
{
	gen_put64(g, node, IMAGE + next);
	gen_put64(g, next + 8, IMAGE + node);
}

/* One CPU that runs task 1, processes in a ring, a log without records. */
static void put_world(struct gen *g)
{
	for (unsigned n = 0; n < NUM_TASKS; n++) {
		gen_put64(g, TASK(n), n);
		gen_put64(g, TASK(n) + 64, IMAGE + SIGNAL(n));
		link_nodes(g, TASK(n) + TASKS, TASK((n + 1) % NUM_TASKS) + TASKS);
		link_nodes(g, SIGNAL(n), TASK(n) + THREAD_NODE);
		link_nodes(g, TASK(n) + THREAD_NODE, SIGNAL(n));
	}
	gen_put64(g, RUNQUEUES, IMAGE + TASK(1));
	gen_put64(g, RUNQUEUES + 8, IMAGE + TASK(0));
	gen_put64(g, VARIABLES, IMAGE + RING);
	gen_put64(g, VARIABLES + 0x50, 4);
	gen_put64(g, VARIABLES + 0x60, 1);
	gen_put64(g, VARIABLES + 0x500, IMAGE + 0x6000);
	gen_put64(g, VARIABLES + 0x530, IMAGE + 0x6100);
	link_nodes(g, VARIABLES + 0x600, VARIABLES + 0x600);
	gen_put64(g, RING, 3);
	gen_put64(g, RING + 8, IMAGE + 0x7000);
	gen_put64(g, RING + 16, IMAGE + 0x7100);
	gen_put64(g, RING + 48, 8);
	gen_put64(g, RING + 56, IMAGE + 0x7200);
}

static void apply(struct gen *g, const uint8_t *data, size_t size)
{
	for (; size >= 10; data += 10, size -= 10) {
		u64 at = get_le16(data) % (NUM_PAGES << 12);

		if (at <= (NUM_PAGES << 12) - 8)
			gen_put64(g, at, get_le64(data + 2));
	}
}

static void report(struct dump *d)
{
	cleanup(kernel_closep) struct kernel *k = NULL;
	cleanup(json_decrefp) json_t *tree = NULL;
	cleanup(buf_deinit) struct buf text = BUF_INIT, brief = BUF_INIT;
	struct report_options options = {.log_records = 5};

	err_ignore(kernel_open(d, &k));
	if (!k)
		return;
	err_ignore(report_build(k, &options, &tree));
	if (tree)
		report_render_text(&text, tree);
	err_ignore(brief_format(&brief, k));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dump_format *const formats[] = {&dump_format_elfcore, NULL};
	cleanup(dump_closep) struct dump *d = NULL;
	cleanup(buf_deinit) struct buf file = BUF_INIT;
	struct byte_source src;
	struct gen g;

	gen_init(&g, 12, NUM_PAGES);
	gen_ram(&g, 0, NUM_PAGES, GEN_PRESENT);
	buf_add_str(&g.vmcoreinfo, vmcoreinfo);
	g.num_cpus = 1;
	put_world(&g);
	apply(&g, data, size);
	gen_elf(&g, NULL, &file);
	gen_deinit(&g);
	src = source_from_memory(file.data, file.len, "fuzz");
	err_ignore(dump_open_source(&src, formats, &d));
	if (d)
		report(d);
	return 0;
}
