"""Time and peak memory of a command, and a large dump, for the programs of bench/."""
import os
import shutil
import subprocess
import time
from dataclasses import dataclass


@dataclass
class Run:
    """What a command took; the output is stdout and stderr. No peak is below that of this program,
    15 MB: Linux counts what a process was before it became another program."""

    seconds: float
    user: float
    peak: int
    status: int
    output: str


def run(argv, stdin_text=None, env=None):
    read_end, write_end = os.pipe()
    start = time.monotonic()
    with subprocess.Popen(
        argv,
        stdin=read_end if stdin_text is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(os.environ, **(env or {})),
    ) as child:
        os.close(read_end)
        if stdin_text is not None:
            os.write(write_end, stdin_text.encode())
        os.close(write_end)
        output = child.stdout.read().decode("utf-8", "replace")
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - start
    return Run(seconds, usage.ru_utime, usage.ru_maxrss * 1024, child.returncode, output)


def have(program):
    return shutil.which(program) is not None


def raw_vmcore(scratch):
    """The path of an unfiltered ELF core on a tmpfs: BENCH_VMCORE, or one of a 6 GiB guest, made once.
    What is not on a tmpfs is copied to @scratch, a folder that is."""
    path = os.environ.get("BENCH_VMCORE")
    if not path:
        path = os.path.join(os.environ["BUILD"], "bench", "vmcore")
        if not os.path.exists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            make = os.path.join(os.environ["TOP"], "tests", "dumps", "make-vmcore")
            subprocess.run([make, "bench", path], check=True)
    if os.stat(path).st_dev == os.stat(scratch).st_dev:
        return path
    copy = os.path.join(scratch, "vmcore")
    subprocess.run(["cp", "--sparse=always", path, copy], check=True)
    return copy
