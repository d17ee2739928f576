"""A disk for the guest: an ext4 image of real files of this system."""
import os
import shutil
import subprocess
import tempfile

ROOTS = ("/usr/share", "/usr/include", "/usr/bin", "/usr/lib", "/usr/sbin", "/var/cache")
TEXT_BYTES = 32 << 20
BIGGEST = 64 << 20  # a file past this is left out: one library is not a page cache


def _files():
    for root in ROOTS:
        for directory, subdirs, names in os.walk(root):
            subdirs.sort()
            for name in sorted(names):
                path = os.path.join(directory, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    yield path


def _link(path, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _stage(folder, wanted):
    """Fill a folder with about so many bytes of files, and /text, one file of much text."""
    total = 0
    with open(os.path.join(folder, "text"), "wb") as text:
        for path in _files():
            try:
                size = os.path.getsize(path)
                if size == 0 or size > BIGGEST:
                    continue
                _link(path, folder + path)
                if path.endswith((".h", ".txt", ".md", ".html", ".gz")) and text.tell() < TEXT_BYTES:
                    with open(path, "rb") as f:
                        text.write(f.read())
            except OSError:
                continue
            total += size
            if total >= wanted:
                break
        while text.tell() < 1 << 20:
            text.write(b"There was too little text on this system.\n" * 100)
    return total


def make(path, wanted):
    """Make an image with about @wanted bytes of files at @path; returns their bytes."""
    scratch = tempfile.mkdtemp(prefix="inquest-files-", dir=os.path.dirname(path) or ".")
    try:
        total = _stage(scratch, wanted)
        partial = path + ".partial"
        with open(partial, "wb") as f:
            f.truncate(int((total + TEXT_BYTES) * 1.25) + (128 << 20))
        mke2fs = shutil.which("mke2fs") or "/sbin/mke2fs"
        argv = [mke2fs, "-q", "-F", "-t", "ext4", "-N", "250000" if wanted > 1 << 30 else "40000"]
        subprocess.run(argv + ["-d", scratch, partial], check=True)
        os.rename(partial, path)
    finally:
        shutil.rmtree(scratch)
    return total
