"""Wall time and peak memory of a command, for the programs of bench/."""
import os
import shutil
import statistics
import subprocess
import time


def once(argv, stdin_text=None, env=None):
    """(seconds, peak bytes, exit status, output) of one run; output is stdout and stderr."""
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
        output = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - start
    return seconds, usage.ru_maxrss * 1024, child.returncode, output.decode("utf-8", "replace")


def repeated(name, argv, times=5, stdin_text=None, env=None):
    """Run it some times and print the median time and the highest peak."""
    runs = [once(argv, stdin_text, env) for _ in range(times)]
    failed = [r for r in runs if r[2] != 0]
    if failed:
        last = failed[0][3].strip().splitlines()[-1:] or ["no output"]
        print(f"{name:<34} failed with status {failed[0][2]}: {last[0]}")
        return None
    seconds = statistics.median(r[0] for r in runs)
    peak = max(r[1] for r in runs)
    print(f"{name:<34} {seconds:8.2f} s {peak / 1e6:8.0f} MB", flush=True)
    return seconds, peak


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
