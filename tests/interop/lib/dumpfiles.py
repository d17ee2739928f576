"""Readers of their own for kdump-compressed files and ELF cores, for tests that compare them.

Sets of page frames are integers, one bit each: with a million of them that is what Python does fast.
"""
import struct
import zlib

PAGE = 4096
ZERO_PAGE = bytes(PAGE)


def frames_of(bits):
    """The numbers of the bits that are set, in order."""
    data = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    for at in range(0, len(data), 8):
        word = data[at : at + 8]
        if not any(word):
            continue
        for i, byte in enumerate(word):
            while byte:
                low = byte & -byte
                yield (at + i) * 8 + low.bit_length() - 1
                byte ^= low


def count_of(bits):
    return bin(bits).count("1")


class Kdump:
    """A kdump-compressed file, zlib or raw pages, 64-bit little-endian."""

    FIELDS = ("uts", "block", "level", "phys_base", "vmcoreinfo", "notes")

    def __init__(self, path):
        with open(path, "rb") as f:
            self._read(path, f)
        self.path = path

    def _read(self, path, f):
        def at(offset, size):
            f.seek(offset)
            return f.read(size)

        header = f.read(464)
        if header[:8] != b"KDUMP   ":
            raise ValueError(f"{path}: no kdump-compressed signature")
        self.uts = header[12:402]
        self.status, block, sub_blocks, bitmaps = struct.unpack_from("<IIII", header, 424)
        sub = at(block, 104)
        self.block = block
        self.phys_base, self.level = struct.unpack_from("<QI", sub, 0)
        self.vmcoreinfo = at(*struct.unpack_from("<QQ", sub, 32))
        self.notes = at(*struct.unpack_from("<QQ", sub, 48))
        (self.max_pfn,) = struct.unpack_from("<Q", sub, 96)
        start = (1 + sub_blocks) * block
        half = bitmaps // 2 * block
        mask = (1 << self.max_pfn) - 1
        self.ram = int.from_bytes(at(start, half), "little") & mask
        self.kept = int.from_bytes(at(start + half, half), "little") & mask
        self.descs = start + bitmaps * block

    def pages(self):
        """(page frame, its bytes), in order."""
        with open(self.path, "rb") as f:
            f.seek(self.descs)
            descs = struct.iter_unpack("<QIIQ", f.read(24 * count_of(self.kept)))
            for pfn, (offset, size, flags, _) in zip(frames_of(self.kept), descs):
                f.seek(offset)
                data = f.read(size)
                yield pfn, zlib.decompress(data) if flags & 1 else data


class Elf:
    """An ELF core; page frames are those of its PT_LOADs."""

    def __init__(self, path):
        self.file = open(path, "rb")
        head = self.file.read(64)
        (phoff,) = struct.unpack_from("<Q", head, 32)
        (phnum,) = struct.unpack_from("<H", head, 56)
        self.loads, self.frames = [], 0
        for i in range(phnum):
            self.file.seek(phoff + 56 * i)
            kind, _, offset, _, paddr, filesz, memsz, _ = struct.unpack("<IIQQQQQQ", self.file.read(56))
            if kind == 1 and memsz:
                self.loads.append((paddr, filesz, memsz, offset))
                first, end = paddr // PAGE, (paddr + memsz) // PAGE
                self.frames |= ((1 << (end - first)) - 1) << first

    def page(self, pfn):
        for paddr, filesz, memsz, offset in self.loads:
            at = pfn * PAGE - paddr
            if 0 <= at < memsz:
                if at >= filesz:
                    return ZERO_PAGE
                self.file.seek(offset + at)
                return self.file.read(min(PAGE, filesz - at)).ljust(PAGE, b"\0")
        return None
