"""Captures for real: a guest crashes into a capture kernel whose manifest is the test's own.

    lab = Lab("6.1")
    disk = lab.disk("ext4", 256, label="DUMPS")
    run = lab.capture({"targets": [{"kind": "fs", "device": "LABEL=DUMPS", "fs_type": "ext4"}]},
                      disks=[disk])
    run.end["outcome"]          # of the line `inquest: end role=capture …`
    run.ending                  # "reboot", "poweroff", "halt" (killed after its last line), "cut"
    run.lines                   # of the console, of both kernels
    run.facts("phase")          # dicts, of the capture kernel
    disk.files()                # {"/var/crash/…/vmcore": File(mode, size, data())}

A guest is given up when it makes no progress, however long it takes (see vmcore/qemu.py).
Disks are /dev/vda, /dev/vdb, … in the order given.
"""
import collections
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import types

TOP = os.environ.get("TOP", os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")))
sys.path.insert(0, os.path.join(TOP, "tests", "dumps"))
from vmcore import qemu  # noqa: E402
from vmcore.kernel import Kernel  # noqa: E402

BUILD = os.environ.get("BUILD", os.path.join(TOP, "build"))
INQUEST = os.environ.get("INQUEST", os.path.join(BUILD, "inquest"))
IMAGE_TOOL = os.path.join(BUILD, "tests", "tools", "capture-image")
PACKAGES = {"6.1": "linux-image-amd64", "6.12": "linux-image-6.12-amd64"}
GuestError = qemu.GuestError

VIRTIO = ["virtio_pci", "virtio_blk"]
# A module of a file system may have another name than it has itself, and need company.
FS_MODULES = {
    "ext4": ["ext4"],
    "xfs": ["xfs"],
    "btrfs": ["btrfs"],
    "vfat": ["vfat", "nls_cp437", "nls_ascii", "nls_iso8859_1"],
}


class File(collections.namedtuple("File", "path mode size host")):
    """A file or directory of a disk; @host is a copy of it here."""

    def data(self):
        with open(self.host, "rb") as f:
            return f.read()

    def json(self):
        return json.loads(self.data())


def run_tool(*argv, good=(0,)):
    """Run a program of the host; its output is shown only if it fails."""
    env = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env
    )
    if done.returncode not in good:
        raise GuestError(f"{' '.join(argv)}: {done.returncode}: {done.stdout.decode()[-800:]}")
    return done.stdout.decode(errors="replace")


class Disk:
    """A raw image. @drive, if set, is put in place of file=… (blkdebug and the like)."""

    def __init__(self, path, fs_type, mib, label=None, uuid=None):
        self.path, self.fs_type, self.drive, self.options = path, fs_type, None, ""
        with open(path, "wb") as f:
            f.truncate(mib << 20)
        make = {
            "ext4": ["mke2fs", "-q", "-F", "-t", "ext4", "-m", "0"],
            "xfs": ["mkfs.xfs", "-q", "-f"],
            "btrfs": ["mkfs.btrfs", "-q", "-f"],
            "vfat": ["mkfs.vfat"],
        }.get(fs_type)
        if not make:
            return
        if label:
            make += ["-n" if fs_type == "vfat" else "-L", label]
        if uuid:
            make += {"ext4": ["-U", uuid], "xfs": ["-m", f"uuid={uuid}"], "btrfs": ["-U", uuid]}.get(
                fs_type, ["-i", uuid.replace("-", "")]
            )
        run_tool(*make, path)

    def has_modes(self):
        return self.fs_type in ("ext4", "btrfs")

    def argv(self, name):
        where = self.drive or f"file={self.path}"
        drive = f"if=none,id={name},format=raw,{where},cache=writeback,werror=report,rerror=report"
        if self.options:
            drive += f",{self.options}"
        return ["-drive", drive, "-device", f"virtio-blk-pci,drive={name},serial={name}"]

    def write(self, path, data):
        """Put a file on it, or (data None) a directory; ext4 only."""
        if data is None:
            run_tool("debugfs", "-w", "-R", f"mkdir {path}", self.path)
            return
        with tempfile.NamedTemporaryFile() as f:
            f.write(data)
            f.flush()
            run_tool("debugfs", "-w", "-R", f"write {f.name} {path}", self.path)

    def copy_out(self, to):
        if self.fs_type == "ext4":
            # What a cut left in the journal belongs to the file system.
            run_tool("e2fsck", "-fy", self.path, good=(0, 1, 2))
            run_tool("debugfs", "-R", f"rdump / {to}", self.path)
        elif self.fs_type == "btrfs":
            run_tool("btrfs", "restore", "-m", self.path, to)
        elif self.fs_type == "vfat":
            for entry in run_tool("mdir", "-b", "-i", self.path, "::/").split():
                run_tool("mcopy", "-s", "-n", "-i", self.path, entry, to)
        elif self.fs_type == "xfs":
            self._copy_with_grub("/", to)
        else:
            raise GuestError(f"files of a {self.fs_type} cannot be read here")

    def _copy_with_grub(self, directory, to):
        """GRUB reads an xfs without mounting it; it tells no modes."""
        listed = run_tool("grub-fstest", self.path, "ls", f"(loop0){directory}")
        for name in listed.split():
            host = os.path.join(to, name.rstrip("/"))
            if name in ("./", "../"):
                continue
            if name.endswith("/"):
                os.mkdir(host)
                self._copy_with_grub(directory + name, host)
            else:
                run_tool("grub-fstest", self.path, "cp", f"(loop0){directory}{name}", host)

    def files(self):
        """{path: File} of all that is on it."""
        to = tempfile.mkdtemp(prefix="files-", dir=os.path.dirname(self.path))
        self.copy_out(to)
        return files_of(to)


def files_of(top):
    """{path: File} of all below the folder @top."""
    found = {}
    for directory, subdirs, names in os.walk(top):
        for name in subdirs + names:
            host = os.path.join(directory, name)
            st = os.lstat(host)
            path = host[len(top) :]
            if path != "/lost+found":
                found[path] = File(path, st.st_mode & 0o7777, st.st_size, host)
    return found


class Run:
    """What came of a capture."""

    def __init__(self, lines, ending, seconds):
        self.lines, self.ending, self.seconds = lines, ending, seconds
        begins = [n for n, line in enumerate(lines) if "inquest: start role=capture" in line]
        self.capture_lines = lines[begins[-1] :] if begins else []
        ends = self.facts("end")
        self.end = ends[-1] if ends else {}

    def facts(self, event):
        found = []
        for line in self.capture_lines:
            match = re.search(rf"inquest: {event}( .*)?$", line)
            if match:
                pairs = re.findall(r'([a-z_]+)=(?:"((?:[^"\\]|\\.)*)"|(\S+))', match.group(1) or "")
                found.append({key: quoted or plain for key, quoted, plain in pairs})
        return found

    def says(self, text):
        return any(text in line for line in self.capture_lines)

    def phase(self, name):
        return next((f for f in self.facts("phase") if f.get("name") == name), None)

    def capture_seconds(self):
        """From the start of the capture kernel to its last line, by its own clock."""
        stamps = [re.match(r"\[ *(\d+\.\d+)\]", line) for line in self.capture_lines]
        stamps = [float(s.group(1)) for s in stamps if s]
        return max(stamps) if stamps else None


class Lab:
    def __init__(self, kernel="6.1", scratch=None):
        self.name = kernel
        self.kernel = Kernel(PACKAGES.get(kernel, kernel), os.path.join(BUILD, "kernels"))
        self.scratch = scratch or tempfile.mkdtemp(prefix="inquest-lab-")
        self.owns_scratch = scratch is None
        self.count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.owns_scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def path(self, name):
        self.count += 1
        return os.path.join(self.scratch, f"{self.count:02}-{name}")

    def disk(self, fs_type, mib, **names):
        return Disk(self.path(f"{fs_type or 'raw'}.img"), fs_type, mib, **names)

    def make_image(self, manifest, modules, files, command_line, programs=()):
        manifest_path, image = self.path("manifest.json"), self.path("image")
        with open(manifest_path, "w", encoding="utf-8") as f:
            json.dump({"schema": "inquest.manifest", "version": 2, **manifest}, f)
        argv = [IMAGE_TOOL, "--kernel", self.kernel.image, "--modules-dir", self.kernel.modules]
        argv += ["--init", os.environ.get("INQUEST_CAPTURE", os.path.join(BUILD, "inquest-capture"))]
        argv += ["--manifest", manifest_path, f"--command-line={command_line}"]
        for module in modules:
            argv += ["--module", module]
        for path, host in files.items():
            argv += ["--file", f"{path}={host}"]
        for program in programs:
            argv += ["--program", program]
        run_tool(*argv, image)
        return image

    def modules_for(self, manifest):
        wanted = list(VIRTIO)
        for target in manifest.get("targets", []):
            wanted += FS_MODULES.get(target.get("fs_type"), [])
        return list(dict.fromkeys(wanted))

    def capture(
        self,
        manifest,
        disks=(),
        modules=None,
        files=None,
        programs=(),
        command_line="",
        memory="512M",
        crashkernel="128M",
        cpus=1,
        qemu_argv=(),
        cut_at=None,
        on_line=None,
        on_prompt=None,
    ):
        """Boot, crash, capture, end. @files is {path in the image: path here}, @programs are
        those of this host that it takes along with their libraries; @qemu_argv has
        network cards and what else; @cut_at is a text: the power goes when the console says it;
        @on_line is called with the guest and each line, @on_prompt with the guest each time its
        console waits behind a prompt of a shell (guest.type() answers)."""
        modules = self.modules_for(manifest) if modules is None else modules
        image = self.make_image(manifest, modules, files or {}, command_line, programs)
        machine = types.SimpleNamespace(
            counts_instructions=False, cpu_model="max", cpus=cpus, memory=memory
        )
        line = f"console=ttyS0,115200 crashkernel={crashkernel} inquest.role=crashed "
        line += "inquest.trigger=sysrq panic=10 no_timer_check"
        argv = qemu.base_argv(self.kernel.image, image, line, machine) + ["-M", "q35"]
        for n, disk in enumerate(disks):
            argv += disk.argv(f"disk{n}")
        began = time.monotonic()
        guest = qemu.Guest(
            argv + list(qemu_argv), self.path("console.log"), has_keyboard=on_prompt is not None
        )
        try:
            ending = self._watch(guest, cut_at, on_line, on_prompt)
        finally:
            guest.close()
            os.unlink(image)
        return Run(guest.lines, ending, time.monotonic() - began)

    def _watch(self, guest, cut_at, on_line, on_prompt):
        looked, prompt = 0, None
        while True:
            try:
                guest.step()
            except qemu.GuestError:
                reasons = [e["data"].get("reason") for e in guest.events if e["event"] == "SHUTDOWN"]
                if not reasons:
                    raise
                guest._read_console()
                return {"guest-reset": "reboot", "guest-shutdown": "poweroff"}.get(
                    reasons[-1], reasons[-1]
                )
            for line in guest.lines[looked:]:
                if on_line:
                    on_line(guest, line)
                if cut_at and cut_at in line and "inquest: " in line:
                    return "cut"
                if "reboot: System halted" in line:
                    return "halt"
            looked = len(guest.lines)
            if on_prompt and guest.tail.endswith(b"# ") and prompt != looked:
                prompt = looked
                on_prompt(guest)


class Tap:
    """Results as tests/README.md has them; check() gives its condition back."""

    def __init__(self):
        self.count, self.failed = 0, 0

    def check(self, sentence, condition, *shown):
        self.count += 1
        if not condition:
            self.failed += 1
            for text in shown:
                print(f"# {text}")
        print(f"{'ok' if condition else 'not ok'} {self.count} - {sentence}", flush=True)
        return bool(condition)

    def skip(self, sentence, reason):
        self.count += 1
        print(f"ok {self.count} - {sentence} # SKIP {reason}", flush=True)

    def done(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failed else 0)


def report_of(dump):
    """What `inquest report` says of the dump at this path, as a dict; {} if it cannot."""
    done = subprocess.run(
        [INQUEST, "report", "--json", dump], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {}


def is_whole(dump):
    """Does the dump at this path open, say that nothing is missing, and name the panic?"""
    report = report_of(dump)
    return (
        report.get("dump", {}).get("incomplete") is False
        and "sysrq triggered crash" in report.get("panic", {}).get("message", "")
    )


def one(files, pattern):
    """The one File whose path matches the glob; None if there is none, or several."""
    found = [f for path, f in files.items() if glob.fnmatch.fnmatch(path, pattern)]
    return found[0] if len(found) == 1 else None
