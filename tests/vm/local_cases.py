"""Every kind of target on this machine: what lies there after a real crash."""
import os
import subprocess

from capture_cases import Case
from capture_lab import INQUEST, is_whole, one
from remote_lab import VirtiofsServer

UUID = "c0ffee00-1111-2222-3333-444455556666"
MIB = 400


def fs(fs_type, device, **more):
    return {"kind": "fs", "device": device, "fs_type": fs_type, **more}


def check_raw(t, disk):
    out = t.lab.path("vmcore")
    with open(disk.path, "rb") as f:
        done = subprocess.run([INQUEST, "collect", "-R", out], stdin=f, capture_output=True)
    t.check("the stream is whole", done.returncode == 0, done.stderr)
    t.check("and so is the dump in it", is_whole(out))


def check_files(t, files, where, naming, has_modes):
    """Those of a capture into @where, a directory."""
    is_debian = naming == "kdump-tools"
    t.check_dump(files, where + ("/dump.*" if is_debian else "/vmcore"))
    log = one(files, where + ("/dmesg.*" if is_debian else "/vmcore-dmesg.txt"))
    t.check("the log is there", log and b"sysrq triggered crash" in log.data())
    record = one(files, where + "/capture.json")
    t.check("capture.json agrees", record and record.json()["outcome"] == "complete")
    for name in ("vmcore-report.txt", "kexec-dmesg.log"):
        found = one(files, f"{where}/{name}")
        t.check(f"{name} is there", found and found.size > 100)
    t.check("nothing is unfinished", not any("incomplete" in path for path in files))
    if has_modes:
        wrong = [p for p, f in files.items() if f.mode & 0o077]
        t.check("only root can read any of it", not wrong, *wrong)


def local(name, fs_type, names, target, size_mib=MIB, **more):
    """@names are those of the file system, @more is of the manifest."""

    def case(t):
        disk = t.lab.disk(fs_type, size_mib, **names)
        manifest = {"targets": [target], "final": "reboot", **more}
        run = t.capture(manifest, disks=[disk])
        if not t.check_end(run, "complete", manifest["final"]):
            return
        if target["kind"] == "raw":
            check_raw(t, disk)
        else:
            where = run.end.get("directory", "?")
            check_files(t, disk.files(), where, manifest.get("naming"), disk.has_modes())

    return Case(name, case)


def dump_to_rootfs(t):
    """What is configured is not there: the root file system is the last resort."""
    disk = t.lab.disk("ext4", MIB, uuid=UUID)
    rootfs = {"kind": "rootfs", "device": f"UUID={UUID}", "fs_type": "ext4"}
    manifest = {"targets": [fs("ext4", "UUID=0-0"), rootfs], "failure_action": "dump_to_rootfs"}
    run = t.capture({**manifest, "final": "halt", "deadlines": {"device_ms": 1000}}, disks=[disk])
    if t.check_end(run, "complete", "halt"):
        check_files(t, disk.files(), run.end.get("directory", "?"), None, True)


def virtiofs(t):
    modules = ["virtio_pci", "virtiofs"]
    manifest = {"targets": [{"kind": "virtiofs", "device": t.server.TAG, "path": "/var/crash"}]}
    run = t.capture(manifest, modules=modules, qemu_argv=t.server.qemu_argv("512M"))
    if t.check_end(run, "complete", "reboot"):
        check_files(t, t.server.files(), run.end.get("directory", "?"), None, True)


CASES = [
    local("local path", "ext4", {}, fs("ext4", "/dev/vda", path="/deep/down")),
    local("UUID", "ext4", {"uuid": UUID}, fs("ext4", f"UUID={UUID}"), naming="kdump"),
    local("LABEL", "xfs", {"label": "DUMPS"}, fs("xfs", "LABEL=DUMPS"), naming="kdump-tools"),
    local("LABEL of a btrfs", "btrfs", {"label": "DUMPS"}, fs("btrfs", "LABEL=DUMPS")),
    local("UUID of a vfat", "vfat", {"uuid": "C0FF-EE00"}, fs("vfat", "UUID=C0FF-EE00")),
    local("raw", None, {}, {"kind": "raw", "device": "/dev/vda"}),
    Case("dump_to_rootfs", dump_to_rootfs),
    local(
        "core_collector cp",
        "ext4",
        {},
        fs("ext4", "/dev/vda"),
        size_mib=800,
        collector={"kind": "cp", "words": "cp --sparse=always"},
    ),
    Case("virtiofs", virtiofs, VirtiofsServer),
]
