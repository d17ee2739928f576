"""What drgn reads of a dump's memory with debug information: totals in bytes, slab caches, as JSON.

usage: memory_by_drgn.py DUMP VMLINUX, by the Python that has drgn

Totals by the names that the report has for them; what this kernel does not have is left out. Available
memory is worked out as mm/show_mem.c does, a cache is {address: [objects, slabs]}.
"""
import json
import sys

import drgn
from drgn.helpers.linux.list import list_for_each_entry

prog = drgn.Program()
prog.set_core_dump(sys.argv[1])
prog.load_debug_info([sys.argv[2]])
PAGE = int(prog["PAGE_SIZE"]) if "PAGE_SIZE" in prog else 4096


def counter(array, item):
    return max(0, int(prog[array][prog.constant(item)].counter))


COUNTERS = {
    "free_bytes": ("vm_zone_stat", "NR_FREE_PAGES", PAGE),
    "page_cache_bytes": ("vm_node_stat", "NR_FILE_PAGES", PAGE),
    "shmem_bytes": ("vm_node_stat", "NR_SHMEM", PAGE),
    "dirty_bytes": ("vm_node_stat", "NR_FILE_DIRTY", PAGE),
    "writeback_bytes": ("vm_node_stat", "NR_WRITEBACK", PAGE),
    "anonymous_bytes": ("vm_node_stat", "NR_ANON_MAPPED", PAGE),
    "slab_reclaimable_bytes": ("vm_node_stat", "NR_SLAB_RECLAIMABLE_B", PAGE),
    "slab_unreclaimable_bytes": ("vm_node_stat", "NR_SLAB_UNRECLAIMABLE_B", PAGE),
    "kernel_stack_bytes": ("vm_node_stat", "NR_KERNEL_STACK_KB", 1024),
    "page_table_bytes": ("vm_node_stat", "NR_PAGETABLE", PAGE),
    "swap_cache_bytes": ("vm_node_stat", "NR_SWAPCACHE", PAGE),
}


def nodes():
    for i in range(int(prog["nr_node_ids"])):
        if prog["node_data"][i]:
            yield prog["node_data"][i]


def available():
    low = sum(int(z._watermark[1]) + int(z.watermark_boost) for n in nodes() for z in n.node_zones)
    cache = counter("vm_node_stat", "NR_ACTIVE_FILE") + counter("vm_node_stat", "NR_INACTIVE_FILE")
    slab = counter("vm_node_stat", "NR_SLAB_RECLAIMABLE_B") + counter("vm_node_stat", "NR_KERNEL_MISC_RECLAIMABLE")
    pages = counter("vm_zone_stat", "NR_FREE_PAGES") - int(prog["totalreserve_pages"])
    return max(0, pages + cache - min(cache // 2, low) + slab - min(slab // 2, low)) * PAGE


def buffers():
    inodes = list_for_each_entry("struct inode", prog["blockdev_superblock"].s_inodes.address_of_(), "i_sb_list")
    return sum(int(inode.i_mapping.nrpages) for inode in inodes) * PAGE


def totals():
    huge = [h for h in prog["hstates"]][: int(prog["hugetlb_max_hstate"])]
    found = {key: counter(array, item) * unit for key, (array, item, unit) in COUNTERS.items()}
    found["total_bytes"] = int(prog["_totalram_pages"].counter) * PAGE
    found["vmalloc_bytes"] = int(prog["nr_vmalloc_pages"].counter) * PAGE
    found["huge_page_bytes"] = sum(int(h.nr_huge_pages) * PAGE << int(h.order) for h in huge)
    found["huge_page_free_bytes"] = sum(int(h.free_huge_pages) * PAGE << int(h.order) for h in huge)
    found["swap_total_bytes"] = int(prog["total_swap_pages"]) * PAGE
    found["swap_free_bytes"] = int(prog["nr_swap_pages"].counter) * PAGE
    found["committed_bytes"] = int(prog["vm_committed_as"].count) * PAGE
    found["available_bytes"] = available()
    found["buffer_bytes"] = buffers()
    return found


def caches():
    found = {}
    for cache in list_for_each_entry("struct kmem_cache", prog["slab_caches"].address_of_(), "list"):
        own = [cache.node[i] for i in range(int(prog["nr_node_ids"])) if cache.node[i]]
        found[f"{cache.value_():x}"] = [sum(int(n.total_objects.counter) for n in own), sum(int(n.nr_slabs.counter) for n in own)]
    return found


print(json.dumps({"totals": totals(), "caches": caches()}))
