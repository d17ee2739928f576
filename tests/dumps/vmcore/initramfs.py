"""An initramfs of a few files: "newc" cpio, gzip."""
import gzip


def _entry(number, name, mode, data):
    fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    head = b"070701" + b"".join(b"%08x" % f for f in fields) + name.encode() + b"\0"
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def build(files):
    """The packed archive of {path: (bytes, is executable)}; folders are made as needed."""
    out, folders = [], set()
    for path, (data, executable) in sorted(files.items()):
        parts = path.split("/")[:-1]
        for i in range(len(parts)):
            folder = "/".join(parts[: i + 1])
            if folder not in folders:
                folders.add(folder)
                out.append(_entry(len(out) + 1, folder, 0o040755, b""))
        out.append(_entry(len(out) + 1, path, 0o100755 if executable else 0o100644, data))
    out.append(_entry(0, "TRAILER!!!", 0, b""))
    return gzip.compress(b"".join(out), 1, mtime=0)
