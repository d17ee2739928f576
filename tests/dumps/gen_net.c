#include "gen_net.h"

#include <string.h>

#define IMAGE GEN_SESSION_IMAGE

static const char vmcoreinfo[] =
	"SYMBOL(irq_desc_tree)=ffffffff80029000\nSYMBOL(nr_irqs)=ffffffff80029300\n"
	"SYMBOL(softirq_vec)=ffffffff80029600\nSYMBOL(idt_table)=ffffffff8002a000\n"
	"OFFSET(xarray.xa_head)=0\nOFFSET(xa_node.shift)=0\nOFFSET(xa_node.offset)=8\n"
	"OFFSET(xa_node.parent)=16\nOFFSET(xa_node.slots)=24\n"
	"OFFSET(irq_desc.action)=0\nOFFSET(irq_desc.irq_data.chip)=8\n"
	"OFFSET(irq_desc.name)=16\nOFFSET(irq_desc.kstat_irqs)=24\n"
	"OFFSET(irq_desc.irq_common_data.affinity)=32\nOFFSET(irq_chip.name)=0\n"
	"OFFSET(irqaction.next)=0\nOFFSET(irqaction.name)=8\n"
	"NUMBER(NR_SOFTIRQS)=2\nSIZE(softirq_action)=8\nOFFSET(softirq_action.action)=0\n"
	"SIZE(gate_struct)=24\nOFFSET(gate_struct.offset_low)=0\n"
	"OFFSET(gate_struct.offset_middle)=8\nOFFSET(gate_struct.offset_high)=16\n"
	"SYMBOL(init_net)=ffffffff8002c000\nOFFSET(nsproxy.net_ns)=8\n"
	"OFFSET(net.dev_base_head)=0\nOFFSET(net_device.dev_list)=0\n"
	"OFFSET(net_device.name)=16\nOFFSET(net_device.ip_ptr)=40\n"
	"OFFSET(net_device.ip6_ptr)=48\nOFFSET(net_device.type)=56\n"
	"OFFSET(net_device.addr_len)=64\nOFFSET(in_device.ifa_list)=0\n"
	"OFFSET(in_ifaddr.ifa_next)=0\nOFFSET(in_ifaddr.ifa_local)=8\n"
	"OFFSET(inet6_dev.addr_list)=0\nOFFSET(inet6_ifaddr.if_list)=0\n"
	"OFFSET(inet6_ifaddr.addr)=16\n"
	"SYMBOL(arp_tbl)=ffffffff8002c400\nOFFSET(neigh_table.nht)=0\n"
	"OFFSET(neigh_hash_table.hash_buckets)=0\nOFFSET(neigh_hash_table.hash_shift)=8\n"
	"OFFSET(neighbour.next)=0\nOFFSET(neighbour.nud_state)=8\nOFFSET(neighbour.dev)=16\n"
	"OFFSET(neighbour.ha)=24\nOFFSET(neighbour.primary_key)=56\n"
	"SYMBOL(prog_idr)=ffffffff8002c7c0\nSYMBOL(map_idr)=ffffffff8002c7c8\n"
	"OFFSET(bpf_prog.aux)=0\nOFFSET(bpf_prog.type)=8\nOFFSET(bpf_prog.tag)=16\n"
	"OFFSET(bpf_prog.len)=24\nOFFSET(bpf_prog.jited_len)=32\nOFFSET(bpf_prog.pages)=40\n"
	"OFFSET(bpf_prog.gpl_compatible)=48\nOFFSET(bpf_prog_aux.used_maps)=0\n"
	"OFFSET(bpf_prog_aux.used_map_cnt)=8\nOFFSET(bpf_prog_aux.load_time)=16\n"
	"OFFSET(bpf_prog_aux.user)=24\nOFFSET(bpf_prog_aux.name)=32\n"
	"OFFSET(user_struct.uid.val)=0\nOFFSET(bpf_map.id)=0\nOFFSET(bpf_map.map_type)=8\n"
	"OFFSET(bpf_map.map_flags)=16\nOFFSET(bpf_map.key_size)=24\n"
	"OFFSET(bpf_map.value_size)=32\nOFFSET(bpf_map.max_entries)=40\n"
	"OFFSET(bpf_map.name)=48\n";

static u8 *bytes_at(struct gen *g, u64 at)
{
	return gen_page(g, at >> 12) + (at & 4095);
}

static void put_pointer(struct gen *g, u64 at, u64 to)
{
	gen_put64(g, at, IMAGE + to);
}

static void put_name(struct gen *g, u64 at, u64 text_at, const char *text)
{
	put_pointer(g, at, text_at);
	strcpy((char *)bytes_at(g, text_at), text);
}

static void put_interrupts(struct gen *g)
{
	put_pointer(g, GEN_IRQ_TREE, GEN_IRQ_DESC);
	gen_put64(g, 0x29300, 3);
	put_pointer(g, GEN_IRQ_DESC, GEN_IRQ_ACTIONS);
	put_pointer(g, GEN_IRQ_DESC + 8, GEN_IRQ_CHIP);
	put_name(g, GEN_IRQ_DESC + 16, GEN_IRQ_DESC + 64, "edge");
	put_pointer(g, GEN_IRQ_DESC + 24, GEN_IRQ_COUNTS);
	put_pointer(g, GEN_IRQ_DESC + 32, GEN_IRQ_DESC + 80);
	gen_put64(g, GEN_IRQ_DESC + 80, 3);
	put_name(g, GEN_IRQ_CHIP, GEN_IRQ_CHIP + 16, "IO-APIC");
	put_pointer(g, GEN_IRQ_ACTIONS, GEN_IRQ_ACTIONS + 0x40);
	put_name(g, GEN_IRQ_ACTIONS + 8, GEN_IRQ_ACTIONS + 16, "timer");
	put_name(g, GEN_IRQ_ACTIONS + 0x48, GEN_IRQ_ACTIONS + 0x50, "other\033");
	gen_put32(g, GEN_IRQ_COUNTS, 140);
	gen_put32(g, GEN_IRQ_COUNTS + 0x100, 7);
	put_pointer(g, GEN_IRQ_SOFTIRQS, GEN_SESSION_TEXT);
	gen_put64(g, GEN_IRQ_GATES + 24, 0x1000);
	gen_put64(g, GEN_IRQ_GATES + 32, 0x8002);
	gen_put64(g, GEN_IRQ_GATES + 40, 0xffffffff);
}

static void put_device(struct gen *g, u64 at, const char *name, u64 next)
{
	put_pointer(g, at, next);
	strcpy((char *)bytes_at(g, at + 16), name);
}

static void put_network(struct gen *g)
{
	static const u8 loopback[] = {127, 0, 0, 1}, neighbour[] = {10, 0, 0, 2};

	put_pointer(g, GEN_FILES_NAMESPACE + 0x48, GEN_NET);
	put_pointer(g, GEN_NET, GEN_NET_LO);
	put_device(g, GEN_NET_LO, "lo", GEN_NET_ETH0);
	put_device(g, GEN_NET_ETH0, "eth0", GEN_NET);
	put_pointer(g, GEN_NET_LO + 40, GEN_NET_V4);
	put_pointer(g, GEN_NET_LO + 48, GEN_NET_V6);
	put_pointer(g, GEN_NET_V4, GEN_NET_V4 + 0x40);
	memcpy(bytes_at(g, GEN_NET_V4 + 0x48), loopback, 4);
	put_pointer(g, GEN_NET_V6, GEN_NET_V6 + 0x40);
	put_pointer(g, GEN_NET_V6 + 0x40, GEN_NET_V6);
	bytes_at(g, GEN_NET_V6 + 0x50)[15] = 1;
	gen_put64(g, GEN_NET_ETH0 + 56, 1);
	gen_put64(g, GEN_NET_ETH0 + 64, 6);
	put_pointer(g, GEN_NET_ARP, GEN_NET_ARP + 0x40);
	put_pointer(g, GEN_NET_ARP + 0x40, GEN_NET_ARP + 0x80);
	gen_put64(g, GEN_NET_ARP + 0x48, 1);
	put_pointer(g, GEN_NET_ARP + 0x88, GEN_NET_NEIGHBOUR);
	gen_put64(g, GEN_NET_NEIGHBOUR + 8, 4);
	put_pointer(g, GEN_NET_NEIGHBOUR + 16, GEN_NET_ETH0);
	for (u8 i = 0; i < 6; i++)
		bytes_at(g, GEN_NET_NEIGHBOUR + 24)[i] = (u8)(0x50 + i);
	memcpy(bytes_at(g, GEN_NET_NEIGHBOUR + 56), neighbour, 4);
}

static void put_bpf(struct gen *g)
{
	u64 p = GEN_BPF_PROGRAM, m = GEN_BPF_MAP;

	put_pointer(g, GEN_BPF_TREES, p);
	put_pointer(g, GEN_BPF_TREES + 8, m);
	put_pointer(g, GEN_BPF_TREES + 16, m);
	put_pointer(g, p, p + 0x40);
	gen_put64(g, p + 8, 2);
	gen_put64(g, p + 16, 0x7f6e5d4c3b2a1908);
	gen_put64(g, p + 24, 37);
	gen_put64(g, p + 32, 229);
	gen_put64(g, p + 40, 1);
	gen_put64(g, p + 48, 1);
	put_pointer(g, p + 0x40, GEN_BPF_TREES + 16);
	gen_put64(g, p + 0x48, 1);
	gen_put64(g, p + 0x50, 5000000001);
	put_pointer(g, p + 0x58, p + 0xc0);
	strcpy((char *)bytes_at(g, p + 0x60), "probe\033");
	gen_put64(g, p + 0xc0, 1000);
	gen_put64(g, m + 8, 1);
	gen_put64(g, m + 16, 0x12);
	gen_put64(g, m + 24, 4);
	gen_put64(g, m + 32, 8);
	gen_put64(g, m + 40, 10000);
	strcpy((char *)bytes_at(g, m + 48), "counts");
}

void gen_net_add(struct gen *g)
{
	buf_add_str(&g->vmcoreinfo, vmcoreinfo);
	put_interrupts(g);
	put_network(g);
	put_bpf(g);
}
