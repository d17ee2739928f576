"""The guest's disk, an image with one partition of ext4, while no guest runs on it."""
import os
import re
import shutil
import struct
import subprocess

SECTOR = 512
START = 1 << 20  # of the partition
SIZE = 6 << 30
UUID = "5a6ff1c6-2f3a-4f0e-9c1e-6b0a6b1d3c55"
LINUX = 0x83


def _tool(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def _partition(image):
    return f"{image}?offset={START}"


def _write_partition_table(f):
    """One primary partition, by its sectors: the old table of a PC."""
    entry = struct.pack(
        "<B3sB3sII", 0, b"\xfe\xff\xff", LINUX, b"\xfe\xff\xff", START // SECTOR, (SIZE - START) // SECTOR
    )
    f.seek(0x1B8)
    f.write(struct.pack("<IH", 0x1A9E5703, 0))
    f.write(entry.ljust(64, b"\0") + b"\x55\xaa")


def make(image, tree):
    """Make an image of the files below @tree, with their owners."""
    partial = image + ".partial"
    with open(partial, "wb") as f:
        f.truncate(SIZE)
        _write_partition_table(f)
    argv = [_tool("mke2fs"), "-q", "-F", "-t", "ext4", "-L", "root", "-U", UUID, "-d", tree]
    argv += ["-E", f"offset={START},lazy_itable_init=0", partial, f"{(SIZE - START) >> 10}k"]
    subprocess.run(argv, check=True)
    os.rename(partial, image)


def copy(image, path):
    subprocess.run(["cp", "--reflink=auto", "--sparse=always", image, path], check=True)


def settle(image):
    """Replay the journal of a disk whose guest was cut off; fsck's faults are returned as text."""
    argv = [_tool("e2fsck"), "-fy", _partition(image)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return "" if done.returncode <= 1 else done.stdout


def _debugfs(image, request, writes=False):
    argv = [_tool("debugfs"), *(["-w"] if writes else []), "-R", request, _partition(image)]
    done = subprocess.run(argv, capture_output=True, check=True)
    said = done.stderr.decode(errors="replace").split("\n", 1)[-1].strip()
    return done.stdout.decode(errors="replace"), said


def names(image, folder):
    """The names in a folder of the disk, sorted; none if there is no such folder."""
    out, said = _debugfs(image, f'ls -p "{folder}"')
    if said:
        return []
    found = [line.split("/")[5] for line in out.splitlines() if line.count("/") >= 6]
    return sorted(n for n in found if n not in (".", "..", ""))


def take(image, path, to):
    """Copy a file out of the disk."""
    _, said = _debugfs(image, f'dump "{path}" "{to}"')
    if said:
        raise FileNotFoundError(f"{image}: {path}: {said}")


def read(image, path):
    """The bytes of a file."""
    argv = [_tool("debugfs"), "-R", f'cat "{path}"', _partition(image)]
    return subprocess.run(argv, capture_output=True, check=True).stdout


def put(image, path, source, mode=0o100644):
    """Put a file of the host into the disk, in the place of one of that name; its folder exists."""
    _debugfs(image, f'rm "{path}"', writes=True)
    _, said = _debugfs(image, f'write "{source}" "{path}"', writes=True)
    if said:
        raise OSError(f"{image}: {path}: {said}")
    _debugfs(image, f'set_inode_field "{path}" mode 0{mode:o}', writes=True)


def _stat(image, path, pattern):
    out, said = _debugfs(image, f'stat "{path}"')
    if said:
        raise FileNotFoundError(f"{image}: {path}: {said}")
    return re.search(pattern, out).group(1)


def mode(image, path):
    """The permission bits of a file or folder."""
    return int(_stat(image, path, r"Mode:\s+0*([0-7]+)"), 8) & 0o7777


def size(image, path):
    """The bytes of a file."""
    return int(_stat(image, path, r"Size:\s+(\d+)"))
