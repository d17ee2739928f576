"""What drgn finds on the per-CPU free lists of a dump: {page frame: _refcount}, as JSON.

usage: pcp_frames.py DUMP VMLINUX, by the Python that has drgn
"""
import json
import sys

import drgn
from drgn.helpers.linux.cpumask import for_each_possible_cpu
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.mm import page_to_pfn
from drgn.helpers.linux.nodemask import for_each_online_node
from drgn.helpers.linux.percpu import per_cpu_ptr

prog = drgn.Program()
prog.set_core_dump(sys.argv[1])
prog.load_debug_info([sys.argv[2]])


found = {}
for node in for_each_online_node(prog):
    for zone in prog["node_data"][node].node_zones:
        if not zone.per_cpu_pageset:
            continue
        for cpu in for_each_possible_cpu(prog):
            pcp = per_cpu_ptr(zone.per_cpu_pageset, cpu)
            for at in range(len(pcp.lists)):
                # enum migratetype has 3 kinds on these lists; pindex = 3 * order + kind, and the
                # last one or two are for THP.
                order = at // 3 if at < 12 else 9
                for page in list_for_each_entry("struct page", pcp.lists[at].address_of_(), "pcp_list"):
                    pfn = page_to_pfn(page).value_()
                    for i in range(1 << order):
                        found[pfn + i] = (page + i)._refcount.counter.value_()
print(json.dumps(found))
