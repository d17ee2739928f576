"""Command lines run in a shell, crash's or ours, and what each of them printed."""
import os
import subprocess
import tempfile

from peers import BUILD, TOP
from tap import run


def marker(i):
    """A line whose output is known, to find what belongs to which."""
    return f"ptob fedc{i:04x}", f"fedc{i:04x}: fedc{i:04x}000"


def outputs(argv, lines):
    """What each of @lines printed, blanks squeezed, and the end of all that was printed."""
    with tempfile.NamedTemporaryFile("w", suffix=".lines") as f:
        for i, line in enumerate(lines):
            f.write(f"{line}\n{marker(i)[0]}\n")
        f.write("exit\n")
        f.flush()
        done = subprocess.run(
            argv + ["-s", "-i", f.name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            env=dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8"),
        )
    found, current = [], []
    for line in done.stdout.splitlines():
        if len(found) < len(lines) and line.strip() == marker(len(found))[1]:
            found.append([l for l in current if l])
            current = []
        else:
            current.append(" ".join(line.split()))
    return found, done.stdout[-400:]


def find_crash():
    """(its path or None, why not)"""
    if "CRASH" in os.environ:
        return os.environ["CRASH"], ""
    good, said, out = run([os.path.join(TOP, "tools", "fetch-peer"), "trixie", "crash", os.path.join(BUILD, "peers")])
    return (out.strip() if good else None), said
