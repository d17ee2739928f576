/*
 * Interrupts and the network, added to the machine of gen_files.h.
 *
 * Interrupt 0 is handled by "timer" and "other\033", the machine could have three. "lo" has
 * 127.0.0.1 and ::1, "eth0" a neighbour 10.0.0.2. There is an eBPF program 0 with map 0.
 */
#ifndef TESTS_DUMPS_GEN_NET_H
#define TESTS_DUMPS_GEN_NET_H

#include "gen_files.h"

enum {
	GEN_IRQ_TREE = 0x29000,
	GEN_IRQ_DESC = 0x29100,
	GEN_IRQ_CHIP = 0x29200,
	GEN_IRQ_ACTIONS = 0x29240, /* two of 0x40 */
	GEN_IRQ_COUNTS = 0x29400,  /* of CPU 0; CPU 1's are 0x100 on */
	GEN_IRQ_SOFTIRQS = 0x29600,
	GEN_IRQ_GATES = 0x2a000,
	GEN_NET = 0x2c000,
	GEN_NET_LO = 0x2c100,
	GEN_NET_ETH0 = 0x2c200,
	GEN_NET_V4 = 0x2c300,  /* in_device; its address is 0x40 on */
	GEN_NET_V6 = 0x2c380,  /* inet6_dev; its address is 0x40 on */
	GEN_NET_ARP = 0x2c400, /* neigh_table, neigh_hash_table, buckets: 0x40 each */
	GEN_NET_NEIGHBOUR = 0x2c500,
	GEN_BPF_PROGRAM = 0x2c600, /* bpf_prog; its aux is 0x40 on, its user 0xc0 */
	GEN_BPF_MAP = 0x2c700,
	GEN_BPF_TREES = 0x2c7c0, /* prog_idr, map_idr, the array of used maps */
};

/* To a machine that gen_files_add() has changed. */
void gen_net_add(struct gen *g);

#endif
