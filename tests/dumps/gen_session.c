#include "gen_session.h"

#include "base/bytes.h"

#define IMAGE	  GEN_SESSION_IMAGE
#define RING	  0x3000
#define DESCS	  0x3100
#define INFOS	  0x3200
#define TEXT	  0x3400
#define RUNQUEUES 0x4000
#define VARIABLES 0x5000
#define TABLES	  0x6000 /* the kernel's top table, then the process's four */
#define FINALIZED ((u64)2 << 62)

static const char vmcoreinfo[] =
	"OSRELEASE=6.1.0-gen\nPAGESIZE=4096\nNUMBER(phys_base)=0\nCRASHTIME=1700000000\n"
	"BUILD-ID=0123456789abcdef0123456789abcdef01234567\n"
	"NUMBER(KERNEL_IMAGE_SIZE)=1073741824\nLENGTH(node_data)=4\n"
	"NUMBER(MM_FILEPAGES)=0\nNUMBER(MM_ANONPAGES)=1\nNUMBER(MM_SHMEMPAGES)=3\n"
	"SYMBOL(_stext)=ffffffff80021000\nSYMBOL(_etext)=ffffffff80022000\n"
	"SYMBOL(linux_banner)=ffffffff80021800\n"
	"SYMBOL(swapper_pg_dir)=ffffffff80006000\n"
	"SYMBOL(init_task)=ffffffff80001000\nSYMBOL(prb)=ffffffff80005000\n"
	"SYMBOL(runqueues)=ffffffff80004000\n"
	"SYMBOL(__per_cpu_offset)=ffffffff80005010\nSYMBOL(nr_cpu_ids)=ffffffff80005050\n"
	"SYMBOL(__cpu_possible_mask)=ffffffff80005060\n"
	"SYMBOL(__cpu_present_mask)=ffffffff80005060\n"
	"SYMBOL(__cpu_online_mask)=ffffffff80005060\nSYMBOL(panic_cpu)=ffffffff80005070\n"
	"SYMBOL(crash_notes)=ffffffff80005080\nSYMBOL(init_uts_ns)=ffffffff80005200\n"
	"SYMBOL(tk_core)=ffffffff80005400\nSYMBOL(jiffies_64)=ffffffff80005410\n"
	"SYMBOL(tick_nsec)=ffffffff80005420\nSYMBOL(avenrun)=ffffffff80005430\n"
	"SYMBOL(node_data)=ffffffff80005500\nSYMBOL(cpu_khz)=ffffffff80005520\n"
	"SYMBOL(tainted_mask)=ffffffff80005528\nSYMBOL(modules)=ffffffff80005600\n"
	"SYMBOL(page_offset_base)=ffffffff80005610\n"
	"SYMBOL(audit_queue)=ffffffff80005620\nOFFSET(sk_buff_head.qlen)=16\n"
	"SYMBOL(sys_call_table)=ffffffff80005700\n"
	"OFFSET(uts_namespace.name)=4\nOFFSET(timekeeper.xtime_sec)=0\n"
	"OFFSET(timekeeper.ktime_sec)=8\nOFFSET(pglist_data.node_present_pages)=0\n"
	"OFFSET(rq.clock)=16\nOFFSET(rq.curr)=0\nOFFSET(rq.idle)=8\nOFFSET(task_struct.pid)=0\n"
	"OFFSET(task_struct.comm)=8\nOFFSET(task_struct.__state)=24\n"
	"OFFSET(task_struct.tasks)=32\nOFFSET(task_struct.thread_node)=48\n"
	"OFFSET(task_struct.signal)=64\nOFFSET(task_struct.on_cpu)=72\n"
	"OFFSET(task_struct.cpu)=80\nOFFSET(task_struct.stack)=88\n"
	"OFFSET(task_struct.mm)=96\nOFFSET(task_struct.thread_info)=0\nOFFSET(task_struct.tgid)=104\n"
	"OFFSET(task_struct.parent)=112\nOFFSET(task_struct.sched_info.last_arrival)=120\n"
	"OFFSET(mm_struct.total_vm)=0\nOFFSET(mm_struct.pgd)=8\n"
	"OFFSET(mm_struct.rss_stat.count)=16\nOFFSET(mm_struct.arg_start)=24\n"
	"OFFSET(mm_struct.arg_end)=32\nOFFSET(mm_struct.env_start)=40\n"
	"OFFSET(mm_struct.env_end)=48\n"
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
	"SIZE(printk_info)=88\nOFFSET(printk_info.seq)=0\nOFFSET(printk_info.ts_nsec)=8\n"
	"OFFSET(printk_info.text_len)=16\nOFFSET(printk_info.caller_id)=20\n"
	"OFFSET(printk_info.dev_info)=24\nSIZE(dev_printk_info)=64\n"
	"OFFSET(dev_printk_info.subsystem)=0\nOFFSET(dev_printk_info.device)=16\n"
	"SIZE(prb_data_ring)=32\nOFFSET(prb_data_ring.size_bits)=0\n"
	"OFFSET(prb_data_ring.data)=8\nSIZE(atomic_long_t)=8\n"
	"OFFSET(atomic_long_t.counter)=0\n";

static const struct {
	const char *comm;
	u32 pid, tgid, state, cpu;
	bool is_process;
	unsigned parent;
	u64 last_arrival;
} tasks[GEN_NUM_TASKS] = {
	[GEN_TASK_SWAPPER0] = {"swapper/0", 0, 0, 0, 0, false, GEN_TASK_SWAPPER0, 0},
	[GEN_TASK_SWAPPER1] = {"swapper/1", 0, 0, 0, 1, false, GEN_TASK_SWAPPER0, 0},
	[GEN_TASK_INIT] = {"init", 1, 1, 0, 0, true, GEN_TASK_SWAPPER0, 9000000000},
	[GEN_TASK_KTHREADD] = {"kthreadd", 2, 2, 1, 0, false, GEN_TASK_SWAPPER0,
			       5500000000},
	[GEN_TASK_WORKER] = {"worker", 10, 10, 2, 1, true, GEN_TASK_INIT, 700},
	[GEN_TASK_THREAD] = {"worker", 11, 10, 0x402, 1, true, GEN_TASK_INIT, 800},
	[GEN_TASK_HOSTILE] = {"\033[31mred\n", 12, 12, 1, 1, false, GEN_TASK_KTHREADD, 5},
};

static void link_nodes(struct gen *g, u64 node, u64 next)
{
	gen_put64(g, node, IMAGE + next);
	gen_put64(g, next + 8, IMAGE + node);
}

static void put_task(struct gen *g, unsigned n)
{
	u64 at = GEN_SESSION_TASK(n);

	gen_put64(g, at + GEN_TASK_PID, tasks[n].pid);
	memcpy(gen_page(g, at >> 12) + (at & 4095) + GEN_TASK_COMM, tasks[n].comm,
	       strlen(tasks[n].comm));
	gen_put64(g, at + GEN_TASK_STATE, tasks[n].state);
	gen_put64(g, at + GEN_TASK_CPU, tasks[n].cpu);
	gen_put64(g, at + GEN_TASK_MM, tasks[n].is_process ? IMAGE + GEN_SESSION_MM : 0);
	gen_put64(g, at + GEN_TASK_TGID, tasks[n].tgid);
	gen_put64(g, at + GEN_TASK_PARENT, IMAGE + GEN_SESSION_TASK(tasks[n].parent));
	gen_put64(g, at + GEN_TASK_LAST_ARRIVAL, tasks[n].last_arrival);
	gen_put64(g, at + GEN_TASK_SIGNAL, IMAGE + GEN_SESSION_SIGNAL(n));
	link_nodes(g, GEN_SESSION_SIGNAL(n), at + GEN_TASK_THREAD_NODE);
	link_nodes(g, at + GEN_TASK_THREAD_NODE, GEN_SESSION_SIGNAL(n));
}

/* Processes in a ring behind init_task, the thread behind its process. */
static void put_tasks(struct gen *g)
{
	static const unsigned ring[] = {GEN_TASK_SWAPPER0, GEN_TASK_INIT, GEN_TASK_KTHREADD,
					GEN_TASK_WORKER, GEN_TASK_HOSTILE};
	u64 leader = GEN_SESSION_TASK(GEN_TASK_WORKER) + GEN_TASK_THREAD_NODE;
	u64 thread = GEN_SESSION_TASK(GEN_TASK_THREAD) + GEN_TASK_THREAD_NODE;

	for (unsigned n = 0; n < GEN_NUM_TASKS; n++)
		put_task(g, n);
	for (unsigned i = 0; i < ARRAY_SIZE(ring); i++)
		link_nodes(g, GEN_SESSION_TASK(ring[i]) + GEN_TASK_TASKS,
			   GEN_SESSION_TASK(ring[(i + 1) % ARRAY_SIZE(ring)]) +
				   GEN_TASK_TASKS);
	link_nodes(g, leader, thread);
	link_nodes(g, thread, GEN_SESSION_SIGNAL(GEN_TASK_WORKER));
}

static void put_record(struct gen *g, unsigned i, u64 ts_ns, u8 level, const char *text,
		       const char *device)
{
	u64 info = INFOS + i * 88, block = TEXT + i * 128;
	u8 *bytes = gen_page(g, RING >> 12);

	gen_put64(g, DESCS + i * 24, FINALIZED | i);
	gen_put64(g, DESCS + i * 24 + 8, i * 128);
	gen_put64(g, DESCS + i * 24 + 16, (i + 1) * 128);
	gen_put64(g, info, i);
	gen_put64(g, info + 8, ts_ns);
	gen_put32(g, info + 16, (u32)strlen(text) | (u32)level << 29);
	gen_put32(g, info + 20, 0x80000001);
	memcpy(bytes + (info & 4095) + 24, device, strlen(device));
	gen_put64(g, block, i);
	memcpy(bytes + (block & 4095) + 8, text, strlen(text));
}

static void put_log(struct gen *g)
{
	gen_put64(g, VARIABLES, IMAGE + RING);
	gen_put64(g, RING, 2);
	gen_put64(g, RING + 8, IMAGE + DESCS);
	gen_put64(g, RING + 16, IMAGE + INFOS);
	gen_put64(g, RING + 24, 2);
	gen_put64(g, RING + 48, 9);
	gen_put64(g, RING + 56, IMAGE + TEXT);
	put_record(g, 0, 0, 5, "Linux version 6.1.0-gen", "");
	put_record(g, 1, 1500000000, 6, "two\nlines", "pci");
	put_record(g, 2, 2000000000, 0, "Kernel panic - not syncing: gen\033[0m", "");
}

static void put_cpus(struct gen *g)
{
	gen_put64(g, RUNQUEUES, IMAGE + GEN_SESSION_TASK(GEN_TASK_INIT));
	gen_put64(g, RUNQUEUES + 8, IMAGE + GEN_SESSION_TASK(GEN_TASK_SWAPPER0));
	gen_put64(g, RUNQUEUES + 16, 9500000000);
	gen_put64(g, RUNQUEUES + 0x100, IMAGE + GEN_SESSION_TASK(GEN_TASK_SWAPPER1));
	gen_put64(g, RUNQUEUES + 0x108, IMAGE + GEN_SESSION_TASK(GEN_TASK_SWAPPER1));
	gen_put64(g, VARIABLES + 0x18, 0x100); /* __per_cpu_offset[1] */
	gen_put64(g, VARIABLES + 0x50, 2);
	gen_put64(g, VARIABLES + 0x60, 3);
}

/* User space has one page, the kernel none beside its image. */
static void put_memory(struct gen *g)
{
	static const char strings[] = "prog\0--flag\0HOME=/\0";
	u64 mm = GEN_SESSION_MM;

	gen_put64(g, mm, 100);
	gen_put64(g, mm + 8, IMAGE + TABLES + 0x1000);
	gen_put64(g, mm + 16, 25);
	gen_put64(g, mm + 24, GEN_SESSION_USER + 0x100);
	gen_put64(g, mm + 32, GEN_SESSION_USER + 0x100 + 12);
	gen_put64(g, mm + 40, GEN_SESSION_USER + 0x100 + 12);
	gen_put64(g, mm + 48, GEN_SESSION_USER + 0x100 + sizeof(strings) - 1);
	for (unsigned level = 1; level <= 3; level++) {
		u64 index = level == 3 ? 2 : 0;

		gen_put64(g, TABLES + level * 0x1000 + index * 8,
			  (TABLES + (level + 1) * 0x1000) | 0x67);
	}
	gen_put64(g, TABLES + 0x4000, GEN_SESSION_USER_PAGE | 0x8000000000000025);
	memcpy(gen_page(g, GEN_SESSION_USER_PAGE >> 12) + 0x100, strings, sizeof(strings));
}

static void put_text(struct gen *g)
{
	/* push %rbp; mov %rsp,%rbp; call .+5; nopl 0x0(%rax,%rax,1); pop %rbp; ret */
	static const u8 code[] = {0x55, 0x48, 0x89, 0xe5, 0xe8, 0, 0,	 0,
				  0,	0x0f, 0x1f, 0x44, 0,	0, 0x5d, 0xc3};
	static const char *const uts[] = {"Linux", "gen-host", "6.1.0-gen", "#1 SMP",
					  "x86_64"};
	u8 *page = gen_page(g, GEN_SESSION_TEXT >> 12);

	memcpy(page, code, sizeof(code));
	strcpy((char *)page + 0x800, "Linux version 6.1.0-gen (gen)\n");
	for (unsigned i = 0; i < ARRAY_SIZE(uts); i++)
		strcpy((char *)gen_page(g, VARIABLES >> 12) + 0x204 + i * 65, uts[i]);
	gen_put64(g, VARIABLES + 0x528, 1 << 12);
	link_nodes(g, VARIABLES + 0x600, VARIABLES + 0x600);
	gen_put64(g, VARIABLES + 0x610, 0xffff888000000000);
	gen_put64(g, VARIABLES + 0x700, IMAGE + GEN_SESSION_TEXT);
}

void gen_session_init(struct gen *g)
{
	gen_init(g, 12, GEN_SESSION_PAGES);
	gen_ram(g, 0, GEN_SESSION_PAGES, GEN_PRESENT);
	buf_add_str(&g->vmcoreinfo, vmcoreinfo);
	g->num_cpus = 2;
	put_tasks(g);
	put_cpus(g);
	put_log(g);
	put_memory(g);
	put_text(g);
}
