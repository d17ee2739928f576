"""QEMU's ELF core, as it streams out of dump-guest-memory, to a file that every tool opens.

QEMU puts section headers between the ELF header and the program headers and begins the memory at
an odd offset. makedumpfile takes the program headers to follow the ELF header, and maps the file
where its offsets are those of pages. So the headers are moved; the notes and the memory are as
they were. Pages of zeros become holes in the file.
"""
import os
import struct

CHUNK = 1 << 20
ALIGN = 4096
EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
PHDR = struct.Struct("<IIQQQQQQ")
PT_LOAD, PT_NOTE = 1, 4
ZEROS = bytes(ALIGN)


class _Stream:
    def __init__(self, read):
        self.read, self.data, self.at = read, b"", 0

    def take(self, count):
        """Exactly @count bytes, as long as there are so many."""
        while len(self.data) < count:
            more = self.read()
            if not more:
                break
            self.data += more
        out, self.data = self.data[:count], self.data[count:]
        self.at += len(out)
        return out


def _write_sparse(fd, data, offset):
    """Write what is not zero; the file has holes elsewhere."""
    start = None
    for at in range(0, len(data), ALIGN):
        page = data[at : at + ALIGN]
        if page == ZEROS[: len(page)]:
            if start is not None:
                os.pwrite(fd, data[start:at], offset + start)
            start = None
        elif start is None:
            start = at
    if start is not None:
        os.pwrite(fd, data[start:], offset + start)


def write(read, path):
    """Write the core whose next bytes read() returns (b"" at its end) to @path."""
    stream = _Stream(read)
    head = stream.take(64)
    fields = list(EHDR.unpack(head))
    if head[:4] != b"\x7fELF":
        raise ValueError("QEMU wrote no ELF core")
    phoff, phnum = fields[5], fields[10]
    stream.take(phoff - stream.at)
    headers = [list(PHDR.unpack(stream.take(PHDR.size))) for _ in range(phnum)]
    loads = sorted((p for p in headers if p[0] == PT_LOAD), key=lambda p: p[2])
    (note,) = (p for p in headers if p[0] == PT_NOTE)
    note_offset = EHDR.size + phnum * PHDR.size
    stream.take(note[2] - stream.at)
    notes = stream.take(note[5])
    stream.take(loads[0][2] - stream.at)
    begin = -(-(note_offset + len(notes)) // ALIGN) * ALIGN
    shift = begin - loads[0][2]
    end = max(p[2] + p[5] for p in loads)
    for p in loads:
        p[2] += shift
    note[2] = note_offset
    fields[5], fields[6] = EHDR.size, 0
    fields[11] = fields[12] = fields[13] = 0
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        top = EHDR.pack(*fields) + b"".join(PHDR.pack(*p) for p in headers) + notes
        os.pwrite(fd, top, 0)
        os.ftruncate(fd, end + shift)
        while stream.at < end:
            at = stream.at
            data = stream.take(min(CHUNK, end - at))
            if not data:
                raise ValueError(f"QEMU's core ends at {at} of {end}")
            _write_sparse(fd, data, at + shift)
        while stream.take(CHUNK):
            pass
    finally:
        os.close(fd)
