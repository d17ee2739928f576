/*
 * CPUs' own lists of free pages, in the machine of gen_kernel.h: two CPUs, one node with
 * two zones.
 *
 * Their structs lie in the kernel image, as everything of that machine does. The types that
 * lead to them are handed out as a struct typelist; whoever takes it links kernel/.
 */
#ifndef TESTS_DUMPS_GEN_PCP_H
#define TESTS_DUMPS_GEN_PCP_H

#include "gen_kernel.h"
#include "kernel/typelist.h"

#define GEN_PCP_IMAGE	  0xffffffff80000000ULL
#define GEN_PCP_FIRST_PFN 24 /* their structs, four pages of them */
#define GEN_PCP_NODE_DATA (24u << 12)
#define GEN_PCP_PGDAT	  (25u << 12)
#define GEN_PCP_OFFSETS	  (26u << 12) /* __per_cpu_offset */
#define GEN_PCP_POSSIBLE  (GEN_PCP_OFFSETS + 512)
#define GEN_PCP_PAGESETS  (27u << 12) /* of zone 0 for each CPU, then of zone 1 */

#define GEN_PCP_ZONES	   128 /* in struct pglist_data */
#define GEN_PCP_ZONE_LEN   64
#define GEN_PCP_PAGESET	   8 /* in struct zone */
#define GEN_PCP_LEN	   512
#define GEN_PCP_LISTS	   16 /* in struct per_cpu_pages, whose count comes first */
#define GEN_PCP_NUM_LISTS  13
#define GEN_PCP_HUGE_LIST  12
#define GEN_PCP_HUGE_ORDER 9

/* Prepare @g as gen_kernel_init() does for 6.1, with empty lists. */
void gen_pcp_init(struct gen *g);

/* Put a block of 2^@order free pages at the end of a list. */
void gen_pcp_push(struct gen *g, unsigned zone, unsigned cpu, unsigned list, pfn_t pfn,
		  unsigned order);

/* Physical addresses of a CPU's struct per_cpu_pages, and of the struct page of @pfn. */
u32 gen_pcp_lists_at(unsigned zone, unsigned cpu);
u32 gen_pcp_struct_at(pfn_t pfn);

static inline struct typelist gen_pcp_types(void)
{
	struct typelist t = {
		.wants =
			{
				{.type = "page", .member = "lru", .value = 8, .size = 16},
				{.type = "page",
				 .member = "_refcount",
				 .value = 52,
				 .size = 4},
				{.type = "zone", .value = GEN_PCP_ZONE_LEN},
				{.type = "zone",
				 .member = "per_cpu_pageset",
				 .value = GEN_PCP_PAGESET,
				 .size = 8},
				{.type = "per_cpu_pages", .member = "count", .size = 4},
				{.type = "per_cpu_pages",
				 .member = "lists",
				 .value = GEN_PCP_LISTS,
				 .size = 16 * GEN_PCP_NUM_LISTS,
				 .count = GEN_PCP_NUM_LISTS},
				{.type = "pglist_data",
				 .member = "node_zones",
				 .value = GEN_PCP_ZONES,
				 .size = 2 * GEN_PCP_ZONE_LEN,
				 .count = 2},
				{.type = "cpumask", .value = 8},
				{.member = "MIGRATE_PCPTYPES", .value = 3},
			},
		.num_wants = 9,
		.percpu_offsets = GEN_PCP_IMAGE + GEN_PCP_OFFSETS,
		.possible_cpus = GEN_PCP_IMAGE + GEN_PCP_POSSIBLE,
	};

	for (size_t i = 0; i < t.num_wants; i++)
		t.wants[i].present = true;
	return t;
}

#endif
