"""What becomes of a crash: from the panic to the reboot, timed, and what lies on the disk then."""
import os
import re
import time
from dataclasses import dataclass, field

from . import disk
from .guest import GuestError

PANIC = "Kernel panic - not syncing"
BANNER = "Linux version "
REPORTED = "inquest| "  # of the crashed kernel, not said by the one that captures it
DEADLOCK = "System is deadlocked on memory"
# For what comes next if it comes at all.
STAYS_UP_SECONDS = 90


@dataclass
class Capture:
    """@end is "rebooted", "died" (the capture kernel panicked), "silent" (no sign of life from some moment
    on) or "stays up"; @why the last words. Seconds are of this host's clock, None for what never came."""

    end: str = "silent"
    why: str = ""
    start_seconds: float = None  # from the panic to the first line of the capture kernel
    seconds: float = None  # from that line to the reset
    lines: list = field(default_factory=list)  # of the console, from the panic on


def _stays_up(news, last_words):
    """Is it long since @last_words were said?"""
    return any(last_words in line and time.monotonic() - when > STAYS_UP_SECONDS for when, line in news)


def _progress(machine, got, panicked):
    """One look at a capture that runs; true when it has ended."""
    news = machine.stamps[panicked:]
    got.lines = [line for _, line in news]
    starts = [n for n, line in enumerate(got.lines) if BANNER in line]
    if starts and got.start_seconds is None:
        got.start_seconds = news[starts[0]][0] - news[0][0]
    if starts:
        since = [line for line in got.lines[starts[0] :] if REPORTED not in line]
        dead = [line for line in since if PANIC in line or DEADLOCK in line]
        if dead:
            got.end, got.why = "died", dead[0]
            return True
    if machine.resets():
        got.end = "rebooted"
        if got.start_seconds is not None:
            got.seconds = time.monotonic() - news[0][0] - got.start_seconds
        return True
    return False


def crash(machine, by="sysrq", last_words=None):
    """Crash a guest that ends_on_reset, and wait for the end, whatever it is. After @last_words on the
    console a reboot is due: a guest in which none comes stays up."""
    got, before = Capture(), len(machine.stamps)
    machine.crash(by)
    machine.wait_line(PANIC, after=before)
    panicked = next(n for n in range(before, len(machine.stamps)) if PANIC in machine.stamps[n][1])
    try:
        while not _progress(machine, got, panicked):
            machine.step()
            if last_words and _stays_up(machine.stamps[panicked:], last_words):
                got.end, got.why = "stays up", last_words
                break
    except GuestError as e:
        _progress(machine, got, panicked)
        got.why = got.why or str(e)
    return got


def killed_for_memory(got):
    """Did the capture kernel run out of memory?"""
    words = (DEADLOCK, "Out of memory", "oom-kill")
    return any(word in line for line in got.lines if REPORTED not in line for word in words)


def dumps(image, folder="/var/crash"):
    """{path: bytes} of the files in the folders of @folder that begin with a digit: one per dump."""
    found = {}
    for name in disk.names(image, folder):
        if re.match(r"\d", name):
            for file in disk.names(image, f"{folder}/{name}"):
                path = f"{folder}/{name}/{file}"
                found[path] = disk.size(image, path)
    return found


def take(image, path, scratch):
    """Copy a file off the disk; its path here."""
    to = os.path.join(scratch, os.path.basename(path))
    disk.take(image, path, to)
    return to
