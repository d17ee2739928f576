"""Every way a capture may end, and what comes when nothing else did."""
import os

from capture_cases import Case
from capture_lab import BUILD, one

HOOK = os.path.join(BUILD, "tests", "tools", "capture-hook")

NOWHERE = {"kind": "fs", "device": "UUID=0-0", "fs_type": "ext4"}
DISK = {"kind": "fs", "device": "/dev/vda", "fs_type": "ext4"}
FALSE = {"kind": "program", "words": "/usr/bin/false"}
QUICK = {"deadlines": {"device_ms": 1000}}


def final(ending):
    def case(t):
        disk = t.lab.disk("ext4", 200)
        run = t.capture({"targets": [DISK], "final": ending, "failure_action": "reboot"}, disks=[disk])
        if t.check_end(run, "complete", ending):
            t.check_dump(disk.files())

    return case


def failure(ending):
    def case(t):
        run = t.capture({"targets": [NOWHERE], "final": "reboot", "failure_action": ending, **QUICK})
        t.check_end(run, "failed", ending)

    return case


def shell(t):
    """Somebody sits at the console, looks around and leaves."""
    typed = []

    def on_prompt(guest):
        typed.append("exit" if typed else "echo I am $$ and $((6 * 7)) at $(tty </dev/tty || echo nothing)")
        guest.type(typed[-1] + "\n")

    manifest = {"targets": [NOWHERE], "final": "poweroff", "failure_action": "shell", **QUICK}
    run = t.capture(manifest, programs=["/bin/sh", "tty"], on_prompt=on_prompt)
    t.check("a prompt came twice", len(typed) == 2, typed, *run.capture_lines[-15:])
    announced = [fact.get("final") for fact in run.facts("shell")]
    t.check("the console says what comes after it", announced == ["poweroff"], announced)
    said = [line for line in run.capture_lines if line.startswith("I am ") and " and 42 at /dev/" in line]
    t.check("a command is answered, on a terminal of its own", said, *run.capture_lines[-15:])
    t.check("by another than PID 1", said and not said[0].startswith("I am 1 "), said)
    t.check_end(run, "failed", "poweroff")


def copy_instead(**more):
    """The collector cannot do its work; the root file system is up, with room for all of memory."""

    def case(t):
        disk = t.lab.disk("ext4", 800)
        manifest = {"targets": [dict(DISK, kind="rootfs")], "failure_action": "dump_to_rootfs", **more}
        files = {"/hooks/kill": HOOK}
        run = t.capture(manifest, disks=[disk], files=files, programs=["false"], memory="384M")
        t.check_end(run, "complete", "reboot")
        t.check("the collector failed", (run.phase("dump") or {}).get("failed"), run.facts("phase"))
        t.check("and memory was copied", "failed" not in (run.phase("copy") or {"failed": 1}))
        files = disk.files()
        t.check_dump(files)
        record = one(files, "*/capture.json")
        says = record.json() if record else {}
        t.check("capture.json says what it is", says.get("dump", {}).get("level") == 0, says)
        t.check("and why", says.get("reason", "").startswith("dump: "), says)

    return case


CASES = [
    Case("final_action poweroff", final("poweroff")),
    Case("final_action halt", final("halt")),
    Case("failure_action poweroff", failure("poweroff")),
    Case("failure_action halt", failure("halt")),
    Case("failure_action shell", shell),
    Case("copy, collector fails", copy_instead(collector=FALSE)),
    Case("copy, collector killed", copy_instead(hooks=[{"when": "pre", "path": "/hooks/kill"}])),
]