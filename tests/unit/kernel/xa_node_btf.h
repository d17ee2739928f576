/* The type of an XArray's node, for machines that VMCOREINFO describes: it cannot tell how
 * long an array is. */
#ifndef TESTS_UNIT_KERNEL_XA_NODE_BTF_H
#define TESTS_UNIT_KERNEL_XA_NODE_BTF_H

#include "gen_session.h"
#include "symbol/tables.h"

#define XA_NODE_BTF 0x2d000 /* where it lies in the machine of gen_session.h */

static inline void put_xa_node_btf(struct gen *g)
{
	static struct btf_bytes b;
	u32 word, slots;

	btf_bytes_init(&b);
	word = btf_bytes_int(&b, "u64", 8);
	slots = btf_bytes_array(&b, word, 16);
	btf_bytes_type(&b, "xa_node", BTF_STRUCT, 4, 0, 152);
	btf_bytes_member(&b, "shift", word, 0);
	btf_bytes_member(&b, "offset", word, 64);
	btf_bytes_member(&b, "parent", word, 128);
	btf_bytes_member(&b, "slots", slots, 192);
	btf_bytes_finish(&b);
	memcpy(gen_page(g, XA_NODE_BTF >> 12), b.bytes, b.len);
	buf_printf(&g->vmcoreinfo, "SYMBOL(__start_BTF)=%llx\nSYMBOL(__stop_BTF)=%llx\n",
		   GEN_SESSION_IMAGE + XA_NODE_BTF,
		   (unsigned long long)(GEN_SESSION_IMAGE + XA_NODE_BTF + b.len));
}

#endif
