"""makedumpfile that knows a dump's kernel, and the raw dumps it is compared on."""
import os
import shutil
import sys

from tap import run

TOP = os.environ.get("TOP", os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "..")))
BUILD = os.environ.get("BUILD", os.path.join(TOP, "build"))
INQUEST = os.environ.get("INQUEST", os.path.join(BUILD, "inquest"))


def release_of(vmcore):
    with open(vmcore, "rb") as f:
        head = f.read(1 << 16)
    return head[head.index(b"OSRELEASE=") + 10 :].split(b"\n")[0].decode()


def fetch_makedumpfile():
    """A newer one than Debian 12's, or None. Since 46df8e73a4a3 ("mm: free up PG_slab") page types are
    numbers; 1.7.7 and later know them. It has zstd, too."""
    fetch = [os.path.join(TOP, "tools", "fetch-peer"), "sid", "makedumpfile"]
    good, said, out = run(fetch + [os.path.join(BUILD, "peers")])
    if not good:
        print(f"# {said}", file=sys.stderr)
    return out.strip() if good else None


def find_makedumpfile(vmcore):
    """Its path, or None."""
    if "MAKEDUMPFILE" in os.environ:
        return os.environ["MAKEDUMPFILE"]
    major, minor = (int(x) for x in release_of(vmcore).split(".")[:2])
    if (major, minor) < (6, 9):
        return shutil.which("makedumpfile")
    return fetch_makedumpfile()


def make_vmcore(variant, path):
    """(was it made, why not)"""
    return run([os.path.join(TOP, "tests", "dumps", "make-vmcore"), variant, path])[:2]
