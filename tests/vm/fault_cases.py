"""What goes wrong while a dump is saved: each time no file called vmcore that is not whole, an honest
capture.json, log and report if anything could be written, and the configured end in bounded time."""
import os
import subprocess

from capture_cases import Case
from capture_lab import BUILD, INQUEST, is_whole, one

HOOK = os.path.join(BUILD, "tests", "tools", "capture-hook")
LIMIT_S = 150  # of the capture kernel's own clock, on a machine that is busy


def fs(device, fs_type="ext4"):
    return {"kind": "fs", "device": device, "fs_type": fs_type}


def hooks(when, *names):
    return [{"when": when, "path": f"/hooks/{name}"} for name in names]


def capture(t, targets, disks, **more):
    manifest = {"targets": targets, "final": "poweroff", "failure_action": "reboot"}
    manifest["deadlines"] = {"device_ms": 3000, "hook_ms": 4000, "stall_ms": 20000, "end_ms": 15000}
    files = {f"/hooks/{name}": HOOK for name in ("fail", "hang", "kill", "talk")}
    run_options = {k: more.pop(k) for k in ("cut_at", "on_line", "modules") if k in more}
    return t.capture({**manifest, **more}, disks=disks, files=files, **run_options)


def check_honest(t, run, disk, ending="reboot", outcome="incomplete", has_log=True):
    """What holds after any fault, of the disk that was written to."""
    files = disk.files()
    shown = (run.end, *files, *run.capture_lines[-25:])
    t.check(f"ends with {ending}", run.ending == ending, run.ending, *shown)
    if ending != "cut":
        t.check(f"says {outcome}", run.end.get("outcome") == outcome, *shown)
        took = run.capture_seconds()
        t.check("in bounded time", took is not None and took < LIMIT_S, took)
    for path, file in files.items():
        if path.endswith("/vmcore"):
            t.check("vmcore is whole", is_whole(file.host), *shown)
    record = one(files, "*/capture.json")
    if has_log:
        says = record.json() if record else {}
        t.check("capture.json is honest", says.get("outcome") == outcome, says, *shown)
        t.check("and tells why", bool(says.get("reason")), says)
        for name in ("vmcore-dmesg.txt", "vmcore-report.txt"):
            found = one(files, f"*/{name}")
            t.check(f"{name} is there", found and found.size > 100, *shown)
    return files


def fill(disk, left_kib):
    """Leave so many KiB of an ext4."""
    free = 0
    for line in subprocess.run(
        ["dumpe2fs", "-h", disk.path], capture_output=True, text=True,
        env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin"),
    ).stdout.splitlines():
        if line.startswith("Free blocks:"):
            free = int(line.split()[-1])
        if line.startswith("Block size:"):
            size = int(line.split()[-1])
    # The map of the file's own blocks needs some.
    disk.write("/filler", b"x" * (max(0, free - 2) * size - (left_kib << 10)))


def full_at_0(t):
    disk = t.lab.disk("ext4", 8)
    fill(disk, 0)
    run = capture(t, [fs("/dev/vda")], [disk])
    check_honest(t, run, disk, outcome=run.end.get("outcome"), has_log=False)
    t.check("it is not complete", run.end.get("outcome") in ("failed", "incomplete"))
    t.check("the console names the panic", run.says("sysrq triggered crash"))


def full_at_10(t):
    disk = t.lab.disk("ext4", 32)
    fill(disk, 3000)
    run = capture(t, [fs("/dev/vda")], [disk])
    check_honest(t, run, disk)
    t.check("it was foreseen", run.says("there is room for"))


def full_at_90(t):
    disk = t.lab.disk("ext4", 64)
    fill(disk, 18500)
    run = capture(t, [fs("/dev/vda")], [disk])
    files = check_honest(t, run, disk)
    t.check("what fitted is kept", one(files, "*/vmcore-incomplete") is not None)


def copy_fills_disk(t):
    """A plain copy cannot foresee: the disk is full in the middle."""
    disk = t.lab.disk("ext4", 100)
    run = capture(t, [fs("/dev/vda")], [disk], collector={"kind": "cp", "words": "cp"})
    check_honest(t, run, disk)


def next_target(t):
    """Missing, write-protected, corrupt, not big enough as raw: the fifth one works."""
    protected, corrupt = t.lab.disk("ext4", 64), t.lab.disk("ext4", 64)
    raw, good = t.lab.disk(None, 4), t.lab.disk("ext4", 200, label="GOOD")
    protected.options = "readonly=on"
    with open(corrupt.path, "r+b") as f:
        # The superblock up to its magic number: still an ext4, but with a checksum that is wrong.
        f.seek(1024)
        f.write(b"\xa5" * 56)
    targets = [fs("UUID=0f0f0f0f-0000-0000-0000-000000000000"), fs("/dev/vda"), fs("/dev/vdb")]
    targets += [{"kind": "raw", "device": "/dev/vdc"}, fs("LABEL=GOOD")]
    run = capture(t, targets, [protected, corrupt, raw, good], modules=["virtio_pci", "virtio_blk", "ext4"])
    files = check_honest(t, run, good, ending="poweroff", outcome="complete")
    t.check("the dump is there", one(files, "*/vmcore") is not None, *files)
    t.check("all five were tried", len(run.facts("target")) == 5, run.facts("target"))
    found = subprocess.run([INQUEST, "recover", "--path", t.lab.scratch, raw.path], capture_output=True)
    t.check("no dump is on the raw device", found.returncode in (0, 4), found.stdout)
    t.check("none at all", b"whole" not in found.stdout, found.stdout)


def nowhere(t):
    run = capture(t, [fs("/dev/vdx")], [])
    t.check("reboots", run.ending == "reboot", run.ending, *run.capture_lines[-20:])
    t.check("says failed", run.end.get("outcome") == "failed", run.end)
    t.check("and why", "/dev/vdx did not appear" in run.end.get("reason", ""), run.end)
    t.check("in bounded time", (run.capture_seconds() or 999) < LIMIT_S)


def pull_disk():
    """At the first sign of the dump the disk is gone."""
    done = []

    def on_line(guest, line):
        if "inquest: progress phase=dump" in line and not done:
            done.append(line)
            guest.send("human-monitor-command", **{"command-line": "drive_del disk0"})

    return on_line


def io_error(t):
    disk = t.lab.disk("ext4", 200)
    run = capture(t, [fs("/dev/vda")], [disk], on_line=pull_disk())
    files = disk.files()
    t.check("reboots", run.ending == "reboot", run.ending, *run.capture_lines[-20:])
    t.check("is not complete", run.end.get("outcome") != "complete", run.end)
    t.check("nothing is called vmcore", one(files, "*/vmcore") is None, *files)
    t.check("the log is there", one(files, "*/vmcore-dmesg.txt") is not None, *files)
    record = one(files, "*/capture.json")
    says = record.json() if record else {}
    t.check("capture.json is honest", "cut short" in (says.get("reason") or ""), says)


def killed(t):
    disk = t.lab.disk("ext4", 200)
    run = capture(t, [fs("/dev/vda")], [disk], hooks=hooks("pre", "kill"))
    files = check_honest(t, run, disk)
    t.check("the part is there", one(files, "*/vmcore-incomplete") is not None, *files)


def pre_hook_fails(t):
    disk = t.lab.disk("ext4", 200)
    run = capture(t, [fs("/dev/vda")], [disk], hooks=hooks("pre", "fail"), naming="kdump")
    # As kdump.conf(5) has it: no dump, and final_action.
    files = check_honest(t, run, disk, ending="poweroff")
    t.check("there is no dump", not any("vmcore-inc" in p for p in files), *files)


def hook_hangs(t):
    disk = t.lab.disk("ext4", 200)
    more = [{"when": "post", "path": "/hooks/talk"}]
    run = capture(t, [fs("/dev/vda")], [disk], hooks=hooks("post", "hang") + more)
    t.check("ends as configured", run.ending == "poweroff", run.ending)
    t.check("the dump is complete", run.end.get("outcome") == "complete", run.end)
    phase = run.phase("hook /hooks/hang")
    t.check("the hook was ended", phase and "not done after" in phase.get("failed", ""))
    t.check("the next one ran, with the status", run.says("hook: argument 0"))
    files = disk.files()
    dump = one(files, "*/vmcore")
    t.check("vmcore is whole", dump and is_whole(dump.host), *files)


def power_cut(t):
    disk = t.lab.disk("ext4", 200)
    run = capture(t, [fs("/dev/vda")], [disk], cut_at="progress phase=dump")
    files = check_honest(t, run, disk, ending="cut", outcome="failed")
    t.check("nothing is called vmcore", one(files, "*/vmcore") is None, *files)
    record = one(files, "*/capture.json")
    t.check("it was cut short", record and b"cut short" in record.data())


def raw_power_cut(t):
    disk = t.lab.disk(None, 200)
    target = {"kind": "raw", "device": "/dev/vda"}
    run = capture(t, [target], [disk], cut_at="progress phase=dump")
    t.check("was cut", run.ending == "cut", run.ending)
    found = subprocess.run(
        [INQUEST, "recover", "--path", t.lab.scratch, disk.path], capture_output=True, text=True
    )
    # What had reached the disk is chance, but for the first block, which went first.
    is_nothing = found.returncode == 0 and found.stdout.startswith("no dump")
    t.check("the recovery says so", is_nothing or found.returncode == 4, found)
    if not is_nothing:
        names = os.listdir(found.stdout.split()[-1])
        t.check("nothing is called vmcore", "vmcore" not in names, names)
        t.check("capture.json is there", "capture.json" in names, names)


FAULTS = [
    Case("full at 0 %", full_at_0),
    Case("full at 10 %", full_at_10),
    Case("full at 90 %", full_at_90),
    Case("a copy fills the disk", copy_fills_disk),
    Case("read-only or corrupt", next_target),
    Case("target missing", nowhere),
    Case("I/O error in the middle", io_error),
    Case("capture process killed", killed),
    Case("hook fails", pre_hook_fails),
    Case("hook never ends", hook_hangs),
    Case("power cut", power_cut),
    Case("power cut, raw", raw_power_cut),
]
