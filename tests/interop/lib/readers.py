"""Other readers of dumps: each is asked for the same page frames, and says what it found there.

A reader is a function of (files, vmlinux, page frames) that returns {page frame: its first bytes} or
raises Unreadable with the reader's own words.
"""
import json
import os
import re
import shutil
import sys

from dumpfiles import PAGE
from tap import run

PYTHON = "/usr/bin/python3"
BYTES = 64  # of each page


class Unreadable(Exception):
    pass


class Absent(Exception):
    """The reader itself is not installed."""


DRGN = f"""
import json, sys, drgn
from drgn.helpers.linux import for_each_task
prog = drgn.Program()
prog.set_core_dump(sys.argv[1])
if sys.argv[2]:
    prog.load_debug_info([sys.argv[2]])
    assert sum(1 for _ in for_each_task(prog)) > 5, "hardly any tasks"
print(json.dumps([prog.read(p * {PAGE}, {BYTES}, True).hex() for p in json.loads(sys.argv[3])]))
"""

LIBKDUMPFILE = f"""
import json, sys, kdumpfile
dump = kdumpfile.kdumpfile(sys.argv[1])
pages = json.loads(sys.argv[3])
space = kdumpfile.KDUMP_MACHPHYSADDR
print(json.dumps([bytes(dump.read(space, p * {PAGE}, {BYTES})).hex() for p in pages]))
"""


def _with_python(module, script, files, vmlinux, frames):
    if len(files) > 1:
        raise Unreadable("it reads one file")
    if not run([PYTHON, "-c", f"import {module}"])[0]:
        raise Absent(f"Python's {module} is not installed")
    good, said, out = run([PYTHON, "-c", script, files[0], vmlinux or "", json.dumps(frames)])
    if not good:
        raise Unreadable(said.splitlines()[-1] if said else "it died")
    found = json.loads(out.splitlines()[-1])
    return {pfn: bytes.fromhex(data) for pfn, data in zip(frames, found)}


def drgn(files, vmlinux, frames):
    return _with_python("drgn", DRGN, files, vmlinux, frames)


def libkdumpfile(files, vmlinux, frames):
    return _with_python("kdumpfile", LIBKDUMPFILE, files, vmlinux, frames)


def crash(files, vmlinux, frames):
    if not shutil.which("crash"):
        raise Absent("crash is not installed")
    if not vmlinux:
        raise Absent("crash wants a vmlinux with debug information")
    lines = [f"rd -p -64 {pfn * PAGE:x} {BYTES // 8}" for pfn in frames]
    good, said, out = run(["crash", vmlinux, *files], "\n".join(["set scroll off", *lines, "quit\n"]))
    if "  KERNEL: " not in out:
        raise Unreadable(" ".join((said or out).split())[-200:])
    words = {}
    for address, row in re.findall(r"^ *([0-9a-f]+):  ((?:[0-9a-f]{16} ?)+)", out, re.M):
        for i, word in enumerate(row.split()):
            words[int(address, 16) + 8 * i] = int(word, 16).to_bytes(8, "little")
    return {
        pfn: b"".join(words.get(pfn * PAGE + at, b"") for at in range(0, BYTES, 8)) for pfn in frames
    }


READERS = {"crash": crash, "drgn": drgn, "libkdumpfile": libkdumpfile}


def find_vmlinux(release, top, build):
    """Debian's vmlinux with debug information, fetched if need be; None if that fails."""
    fetch = os.path.join(top, "tools", "fetch-debuginfo")
    good, said, out = run([fetch, release, os.path.join(build, "debuginfo")])
    if not good:
        print(f"# {said}", file=sys.stderr)
    return out.strip().splitlines()[-1] if good else None
