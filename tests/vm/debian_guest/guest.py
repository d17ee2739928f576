"""A Debian guest that runs: commands in it, files in and out, a crash, and what comes after.

It has its own copy of the disk. Two serial lines: the console, and one that the agent of files/agent
reads scripts from. Files go through a second disk that holds a bare tar archive. Nothing waits by a
clock: a guest is given up when neither line, nor a disk, shows a sign of life.
"""
import base64
import os
import shutil
import socket
import sys
import tarfile
import time

from . import disk

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "dumps"))
# pylint: disable=wrong-import-position
from vmcore import qemu

GuestError = qemu.GuestError
EXCHANGE_BYTES = 1 << 30
EXCHANGE = "/dev/disk/by-id/virtio-exchange"
ACCEL = os.environ.get("VMCORE_ACCEL", "tcg,thread=multi")
# With la57 this CPU has addresses of 57 bits and says 48 in CPUID, so that the kernel takes some of its own
# pointers for bad ones: mountinfo has "(efault)" in it then.
CPU = "max,la57=off,svm=off"


class DebianGuest:
    """Of a build.Image; @scratch is a folder of its own. As a context it is closed at the end.

    @options go on the kernel's command line. @ends_on_reset ends QEMU where the guest would reboot.
    @more are more arguments of QEMU, and @kernel and @initrd other ones than the image's; @kernel None
    leaves booting to the disks.
    """

    def __init__(self, image, scratch, options="", memory="1024M", cpus=2, **more):
        self.image, self.scratch, self.options = image, scratch, options
        self.memory, self.cpus = memory, cpus
        self.kernel = more.pop("kernel", image.kernel)
        self.initrd = more.pop("initrd", image.initrd)
        self.ends_on_reset = more.pop("ends_on_reset", False)
        self.exchange_disk = more.pop("exchange", True)
        self.machine = more.pop("machine", "q35")
        self.more = list(more.pop("argv", ()))
        assert not more, more
        self.disk = os.path.join(scratch, "disk")
        self.exchange = os.path.join(scratch, "exchange")
        self.stamps = []  # (seconds on this host's clock, line of the console)
        self.boots = 0  # how often the agent came up
        self.guest = self.agent = None
        self.number, self.heard = 0, b""

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def command_line(self):
        return f"root=UUID={disk.UUID} ro console=ttyS0 no_timer_check {self.options}".strip()

    def _argv(self, agent):
        argv = [qemu.QEMU, "-M", self.machine, "-accel", ACCEL, "-cpu", CPU, "-smp", str(self.cpus)]
        argv += ["-m", self.memory, "-nodefaults", "-vga", "none", "-display", "none", "-rtc", "base=utc"]
        if self.kernel:
            argv += ["-kernel", self.kernel, "-initrd", self.initrd, "-append", self.command_line()]
        argv += self._drive("root", self.disk)
        if self.exchange_disk:
            argv += self._drive("exchange", self.exchange)
        if self.ends_on_reset:
            argv += ["-no-reboot"]
        argv += ["-chardev", f"socket,id=agent,fd={agent.fileno()}"]
        argv += ["-device", "isa-serial,chardev=agent,index=1"]
        return argv + self.more

    @staticmethod
    def _drive(name, path):
        argv = ["-drive", f"if=none,id={name},format=raw,file={path},discard=unmap"]
        return argv + ["-device", f"virtio-blk-pci,drive={name},serial={name}"]

    def start(self):
        """Start QEMU; a disk that a guest before this one left in @scratch is gone on with."""
        if not os.path.exists(self.disk):
            disk.copy(self.image.disk, self.disk)
        with open(self.exchange, "wb") as f:
            f.truncate(EXCHANGE_BYTES)
        self.agent, theirs = socket.socketpair()
        console = os.path.join(self.scratch, "console")
        try:
            self.guest = qemu.Guest(self._argv(theirs), console, self._stamp, fds=[theirs.fileno()])
        finally:
            theirs.close()

    def close(self):
        if self.guest:
            self.guest.close()
            self.agent.close()
            self.guest = None

    def _stamp(self, line):
        self.stamps.append((time.monotonic(), line))

    @property
    def lines(self):
        """What the console said so far."""
        return [line for _, line in self.stamps]

    # --- the agent

    def _hear(self):
        """The next line of the agent, or None when there was none for a moment."""
        while b"\n" not in self.heard:
            if self.agent not in self.guest.step([self.agent]):
                return None
            data = self.agent.recv(1 << 16)
            if not data:
                raise GuestError("QEMU closed the agent's line")
            self.guest.progressed()
            self.heard += data
        line, self.heard = self.heard.split(b"\n", 1)
        text = line.decode(errors="replace").strip()
        if "agent: up" in text:
            self.boots += 1
        return text

    def wait_up(self, boots=None):
        """Until the agent came up (@boots times in all, one more than until now if not given), and
        systemd has started whatever is to be started."""
        wanted = self.boots + 1 if boots is None else boots
        while self.boots < wanted:
            self._hear()
        self.run("systemctl is-system-running --wait")

    def tell(self, script):
        """Start a script from which nothing comes back."""
        self.number += 1
        packed = base64.b64encode(script.encode()).decode()
        self.agent.sendall(f"{self.number} {packed}\n".encode())

    def run(self, script):
        """(exit status, output with errors) of a script of the shell."""
        boots = self.boots
        self.tell(script)
        while True:
            line = self._hear() or ""
            head, _, rest = line.partition(f"agent: output {self.number} ")
            if rest and not head:
                status, _, output = rest.partition(" ")
                return int(status), base64.b64decode(output).decode(errors="replace")
            if self.boots != boots:
                raise GuestError(f"the guest was booted anew under: {script[:200]}")

    def check(self, script):
        """The output of a script that must succeed."""
        status, output = self.run(script)
        if status:
            raise GuestError(f"status {status} of: {script[:400]}\n{output[-3000:]}")
        return output

    # --- files

    def put(self, files):
        """Copy files and folders of the host into the guest: {path there: path here}."""
        with tarfile.open(self.exchange, "w") as tar:
            for there, here in files.items():
                tar.add(here, arcname=there.lstrip("/"), filter=_of_root)
        _grow(self.exchange)
        self.check(f"tar xpf {EXCHANGE} -C / && sync")

    def get(self, path, to):
        """Copy a file or folder of the guest into the folder @to of the host; returns its path."""
        self.check(f"tar cf {EXCHANGE} -C / {path.lstrip('/')} && sync")
        with tarfile.open(self.exchange) as tar:
            tar.extractall(to)
        return os.path.join(to, path.lstrip("/"))

    # --- crashes

    def crash(self, by="sysrq"):
        """Panic, by a write to /proc/sysrq-trigger or by an NMI; it does not return from there."""
        if by == "nmi":
            self.check("sysctl -q -w kernel.unknown_nmi_panic=1")
            self.guest.call("inject-nmi")
            return
        self.tell("sync; echo c >/proc/sysrq-trigger")

    def wait_line(self, *texts, after=0):
        """(time, line) of the first line of the console from number @after on with one of @texts."""
        at = after
        while True:
            for when, line in self.stamps[at:]:
                if any(text in line for text in texts):
                    return when, line
            at = len(self.stamps)
            self.step()

    def resets(self):
        """How often the machine was reset, or shut down for a reboot, by the guest itself.

        The kernel asks for it in one way after another until it is heard, which takes a busy host a while: what
        comes within a second is one."""
        count, last = 0, 0.0
        for event in self.guest.events:
            if event["event"] not in ("RESET", "SHUTDOWN") or not event["data"]["guest"]:
                continue
            when = event["timestamp"]["seconds"] + event["timestamp"]["microseconds"] / 1e6
            count += when - last > 1.0
            last = when
        return count

    def wait_reset(self, resets=1):
        """The time on this host's clock when the machine was reset; @resets is the number of times
        in all."""
        while self.resets() < resets:
            self.step()
        return time.monotonic()

    def step(self):
        """A moment; with what the agent said, which nobody waits for."""
        try:
            self._hear()
        except GuestError:
            # QEMU's last word, when it ends on a reset, is the event.
            if not self.resets():
                raise

    def reboot(self):
        """Reboot in good order, and wait until it is up again."""
        self.tell("systemctl reboot")
        self.wait_up()

    def poweroff(self):
        """Shut the guest down; its disk is at rest then."""
        self.tell("systemctl poweroff")
        try:
            while self.guest.alive():
                self.guest.step()
        except GuestError as e:
            if "QEMU ended" not in str(e):
                raise
        self.close()


def _of_root(entry):
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def _grow(path):
    with open(path, "r+b") as f:
        f.truncate(EXCHANGE_BYTES)


def why_not():
    """Why no guest can be run here, or None."""
    if not shutil.which(qemu.QEMU):
        return "qemu-system-x86 is not installed"
    return None
