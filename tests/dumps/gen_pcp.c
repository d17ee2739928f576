#include "gen_pcp.h"

#include "base/bytes.h"

u32 gen_pcp_lists_at(unsigned zone, unsigned cpu)
{
	return GEN_PCP_PAGESETS + zone * 2 * GEN_PCP_LEN + cpu * GEN_PCP_LEN;
}

u32 gen_pcp_struct_at(pfn_t pfn)
{
	return (u32)((GEN_KERNEL_STRUCTS_PFN << 12) + pfn * 64);
}

static u8 *bytes_at(struct gen *g, paddr_t at)
{
	return gen_page(g, at >> 12) + (at & 4095);
}

void gen_pcp_init(struct gen *g)
{
	gen_kernel_init(g, GEN_KERNEL_6_1);
	buf_printf(&g->vmcoreinfo, "SYMBOL(node_data)=%llx\nLENGTH(node_data)=4\n",
		   GEN_PCP_IMAGE + GEN_PCP_NODE_DATA);
	gen_put64(g, GEN_PCP_NODE_DATA + 8, GEN_PCP_IMAGE + GEN_PCP_PGDAT);
	gen_put64(g, GEN_PCP_OFFSETS + 8, GEN_PCP_LEN);
	gen_put64(g, GEN_PCP_POSSIBLE, 3);
	for (unsigned zone = 0; zone < 2; zone++) {
		gen_put64(g,
			  GEN_PCP_PGDAT + GEN_PCP_ZONES + zone * GEN_PCP_ZONE_LEN +
				  GEN_PCP_PAGESET,
			  GEN_PCP_IMAGE + gen_pcp_lists_at(zone, 0));
		for (unsigned i = 0; i < 2 * GEN_PCP_NUM_LISTS; i++) {
			u32 head =
				gen_pcp_lists_at(zone, i % 2) + GEN_PCP_LISTS + i / 2 * 16;

			gen_put64(g, head, GEN_PCP_IMAGE + head);
			gen_put64(g, head + 8, GEN_PCP_IMAGE + head);
		}
	}
}

void gen_pcp_push(struct gen *g, unsigned zone, unsigned cpu, unsigned list, pfn_t pfn,
		  unsigned order)
{
	u32 at = gen_pcp_lists_at(zone, cpu), head = at + GEN_PCP_LISTS + list * 16;
	u32 node = gen_pcp_struct_at(pfn) + 8;
	u64 last = get_le64(bytes_at(g, head + 8));

	for (pfn_t i = pfn; i < pfn + (1u << order); i++)
		gen_put32(g, gen_pcp_struct_at(i) + 52, 0);
	gen_put64(g, node, GEN_PCP_IMAGE + head);
	gen_put64(g, node + 8, last);
	gen_put64(g, last - GEN_PCP_IMAGE, GEN_PCP_IMAGE + node);
	gen_put64(g, head + 8, GEN_PCP_IMAGE + node);
	gen_put32(g, at, get_le32(bytes_at(g, at)) + (1u << order));
}
