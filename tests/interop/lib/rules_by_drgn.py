"""The class of every page frame by the published rules, evaluated with debug information.

usage: rules_by_drgn.py DUMP VMLINUX OUT, by the Python that has drgn

OUT gets one letter per page frame: F free, C page cache, P the same with private data, U user memory,
H broken memory, O offline, K the kernel's, '-' without a struct page. Nothing here is shared with
the collector: names, offsets and numbers are those of the debug information, the page's address in
the memmap is computed from vmemmap_base, and every tail of a compound page looks up its head itself.
"""
import struct
import sys

import drgn

CHUNK = 32768
MAX_ORDER = 18

prog = drgn.Program()
prog.set_core_dump(sys.argv[1])
prog.load_debug_info([sys.argv[2]])


def number(name, default=None):
    try:
        return prog.constant(name).value_()
    except LookupError:
        return default


def offset(path, kind="struct page"):
    return drgn.offsetof(prog.type(kind), path)


def member(path, kind="struct page"):
    try:
        return offset(path, kind)
    except LookupError:
        return None


def bit(name):
    value = number(name)
    return 1 << value if value is not None and value < 64 else 0


def page_type(name, old):
    """(mask, value): since 6.12 the top byte of the word; 6.11 has enumerators to be cleared from
    all ones; before that they were preprocessor macros, which debug information does not keep."""
    top = number("PGTY_" + name)
    if top is not None:
        return 0xFF000000, top << 24
    cleared = number("PG_" + name)
    if cleared is None or cleared < 64:
        cleared = old
    return 0xFFFFFFFF, ~cleared & 0xFFFFFFFF


SIZE = drgn.sizeof(prog.type("struct page"))
FLAGS, MAPPING, PRIVATE = offset("flags"), offset("mapping"), offset("private")
MAPCOUNT, HEAD_LINK = offset("_mapcount"), offset("compound_head")
LRU, PG_PRIVATE, SLAB = bit("PG_lru"), bit("PG_private"), bit("PG_slab")
SWAPCACHE, SWAPBACKED = bit("PG_swapcache"), bit("PG_swapbacked")
HEAD, HWPOISON = bit("PG_head"), bit("PG_hwpoison")
BUDDY, OFFLINE = page_type("buddy", 0x80), page_type("offline", 0x100)
SLAB_TYPE = page_type("slab", 0) if not SLAB else None
HUGETLB_TYPE = page_type("hugetlb", 0) if number("PGTY_hugetlb") or number("PG_hugetlb") else None
ORDER, DTOR = member("compound_order"), member("compound_dtor")
HUGETLB_DTOR = number("HUGETLB_PAGE_DTOR")
NUM_ORDERS = prog.type("struct zone").member("free_area").type.length
VMEMMAP = prog["vmemmap_base"].value_()


def has_type(mapcount, wanted):
    return wanted is not None and mapcount & wanted[0] == wanted[1]


class Page:
    def __init__(self, data, at):
        def word(where, form="<Q"):
            return struct.unpack_from(form, data, at + where)[0]

        self.flags, self.mapping = word(FLAGS), word(MAPPING)
        self.private, self.link = word(PRIVATE), word(HEAD_LINK)
        self.mapcount = word(MAPCOUNT, "<I")


def read_pages(pfn, count):
    return prog.read(VMEMMAP + pfn * SIZE, count * SIZE)


def compound_of(pfn, page):
    """(page frames, is it hugetlb) of the compound page whose head this is."""
    if not page.flags & HEAD:
        return 1, has_type(page.mapcount, HUGETLB_TYPE)
    try:
        tail = read_pages(pfn + 1, 1)
    except drgn.FaultError:
        return 1, False
    if not Page(tail, 0).link & 1:
        return 1, has_type(page.mapcount, HUGETLB_TYPE)
    order = tail[ORDER] if ORDER is not None else struct.unpack_from("<Q", tail, FLAGS)[0] & 0xFF
    hugetlb = has_type(page.mapcount, HUGETLB_TYPE)
    if DTOR is not None and HUGETLB_DTOR is not None:
        hugetlb = tail[DTOR] == HUGETLB_DTOR
    if order > MAX_ORDER or pfn & ((1 << order) - 1):
        return 1, hugetlb
    return 1 << order, hugetlb


def class_of(page, hugetlb):
    """Of a page that is no tail and not free."""
    if page.flags & HWPOISON:
        return "H"
    typed = page.mapcount >= 0x80000000 and page.mapcount != 0xFFFFFFFF
    slab = page.flags & SLAB or has_type(page.mapcount, SLAB_TYPE)
    anonymous = page.mapping & 1 and not slab and not typed
    cache = page.flags & LRU or (
        page.flags & SWAPCACHE and (not SWAPBACKED or page.flags & SWAPBACKED)
    )
    if cache and not anonymous:
        return "P" if page.flags & PG_PRIVATE else "C"
    if anonymous or hugetlb:
        return "U"
    return "O" if has_type(page.mapcount, OFFLINE) else "K"


heads = {}


def class_of_compound(head):
    """(class, page frames) of the compound page at @head."""
    if head not in heads:
        page = Page(read_pages(head, 1), 0)
        count, hugetlb = compound_of(head, page)
        heads[head] = class_of(page, hugetlb), count
    return heads[head]


def class_of_tail(pfn, page):
    head, rest = divmod(page.link - 1 - VMEMMAP, SIZE)
    if page.flags & HWPOISON:
        return "H"
    if rest or not 0 <= head < pfn:
        return "K"
    try:
        kind, count = class_of_compound(head)
    except drgn.FaultError:
        return "K"
    return kind if pfn < head + count else "K"


def classify(pfn, page):
    """(class, how many page frames)"""
    if page.link & 1:
        return class_of_tail(pfn, page), 1
    if has_type(page.mapcount, BUDDY) and not page.flags & HWPOISON:
        order = page.private
        good = order < NUM_ORDERS and not pfn & ((1 << order) - 1)
        return "F", 1 << order if good else 1
    # Most pages are nobody's compound page.
    if not page.flags & HEAD:
        return class_of(page, has_type(page.mapcount, HUGETLB_TYPE)), 1
    return class_of_compound(pfn)[0], 1


def chunk_of(first):
    """The letters of the page frames of a chunk. Struct pages come and go by 64 of them, the page
    they fill."""
    letters = bytearray(b"-" * CHUNK)
    for at in range(0, CHUNK, 64):
        try:
            data = read_pages(first + at, 64)
        except drgn.FaultError:
            continue
        i = at
        for i in range(at, at + 64):
            if letters[i] == ord("F"):
                continue
            kind, count = classify(first + i, Page(data, (i - at) * SIZE))
            letters[i : i + count] = kind.encode() * min(count, CHUNK - i)
    return letters


def main():
    max_pfn = prog["max_pfn"].value_()
    with open(sys.argv[3], "wb") as out:
        for first in range(0, max_pfn, CHUNK):
            out.write(chunk_of(first)[: max_pfn - first])


main()
