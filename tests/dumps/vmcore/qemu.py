"""A QEMU guest that is given up when it makes no progress, and not after a fixed time."""
import json
import os
import re
import select
import socket
import subprocess
import time

QEMU = "qemu-system-x86_64"
STALL_SECONDS = int(os.environ.get("VMCORE_STALL", "180"))


class GuestError(Exception):
    pass


class Guest:
    """Runs until closed. Progress is a console byte or a read or write of a disk. QEMU inherits the
    descriptors @fds. What QMP tells unasked is in events, oldest first. With @has_keyboard its
    console takes what type() sends."""

    def __init__(self, argv, console, on_line=None, fds=(), has_keyboard=False):
        ours, theirs = socket.socketpair()
        self.keyboard, keys = socket.socketpair() if has_keyboard else (None, None)
        self.qmp, self.pending, self.replies, self.events = ours, b"", [], []
        self.console = open(console, "wb+")
        self.lines, self.seen, self.tail = [], 0, b""
        self.on_line = on_line
        self.sign, self.last_sign, self.last_asked = None, time.monotonic(), 0
        chardev = f"socket,id=qmp,fd={theirs.fileno()}"
        # Not to outlive a test that is killed.
        argv = ["setpriv", "--pdeathsig", "KILL"] + argv
        if keys:
            argv += ["-chardev", f"socket,id=console,fd={keys.fileno()},logfile={console}"]
            argv += ["-serial", "chardev:console"]
            fds = [*fds, keys.fileno()]
        else:
            argv += ["-serial", f"file:{console}"]
        argv += ["-chardev", chardev, "-mon", "chardev=qmp,mode=control"]
        self.child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[theirs.fileno(), *fds],
        )
        for end in (theirs, keys):
            if end:
                end.close()
        self.call("qmp_capabilities")

    def close(self):
        self.child.kill()
        self.child.wait()
        self.child.stderr.close()
        self.qmp.close()
        if self.keyboard:
            self.keyboard.close()
        self.console.close()

    def send(self, execute, **arguments):
        message = {"execute": execute, "arguments": arguments}
        self.qmp.sendall(json.dumps(message).encode() + b"\n")

    def call(self, execute, **arguments):
        self.send(execute, **arguments)
        while not self.replies:
            self.step()
        return self.take_reply(execute)

    def take_reply(self, execute):
        reply = self.replies.pop(0)
        if "error" in reply:
            raise GuestError(f"QMP {execute}: {reply['error']['desc']}")
        return reply["return"]

    def type(self, text):
        self.keyboard.sendall(text.encode())

    def alive(self):
        return self.child.poll() is None

    def step(self, also=()):
        """Wait a little for news; returns which of the descriptors @also can be read."""
        ours = [fd for fd in (self.qmp, self.keyboard) if fd]
        ready = select.select([*ours, *also], [], [], 0.2)[0]
        if self.keyboard in ready:
            # What it prints is in the file too, and the guest waits if nobody takes it here.
            self.keyboard.recv(1 << 16)
        if self.qmp in ready:
            self._receive()
        self._read_console()
        self._check_progress()
        return [fd for fd in ready if fd not in ours]

    def _receive(self):
        data = self.qmp.recv(1 << 16)
        if not data:
            self.child.wait()
            self._read_console()
            said = self.child.stderr.read().decode(errors="replace")[-500:]
            raise GuestError(f"QEMU ended: {said or ' | '.join(self.lines[-20:])}")
        self.pending += data
        *whole, self.pending = self.pending.split(b"\n")
        for line in whole:
            message = json.loads(line)
            if message.get("id") == "progress":
                self._note(json.dumps(message.get("return")))
            elif "return" in message or "error" in message:
                self.replies.append(message)
            elif "event" in message:
                self.events.append(message)

    def _read_console(self):
        self.console.seek(self.seen)
        data = self.console.read()
        if not data:
            return
        self.seen += len(data)
        self.last_sign = time.monotonic()
        *whole, self.tail = (self.tail + data).split(b"\n")
        for line in whole:
            text = line.decode(errors="replace").rstrip("\r")
            self.lines.append(text)
            if "guest: failed" in text:
                raise GuestError(text)
            if self.on_line:
                self.on_line(text)

    def _note(self, sign):
        if sign != self.sign:
            self.sign, self.last_sign = sign, time.monotonic()

    def progressed(self):
        self.last_sign = time.monotonic()

    def _check_progress(self):
        now = time.monotonic()
        if now - self.last_asked > 5:
            self.last_asked = now
            ask = {"execute": "query-blockstats", "id": "progress"}
            self.qmp.sendall(json.dumps(ask).encode() + b"\n")
        if now - self.last_sign > STALL_SECONDS:
            last = " | ".join(self.lines[-3:])
            raise GuestError(f"no sign of life for {STALL_SECONDS} s after: {last}")

    def wait_for(self, text):
        """The first console line from here on that has @text."""
        at = 0
        while True:
            for line in self.lines[at:]:
                if text in line:
                    return line
            at = len(self.lines)
            if not self.alive():
                raise GuestError(f"the guest ended without '{text}': {' | '.join(self.lines[-5:])}")
            self.step()

    def wait_for_interrupts_off(self):
        """Until all CPUs, seen ten times in a row, have their interrupts off (IF of RFLAGS)."""
        seen = 0
        while seen < 10:
            text = self.call("human-monitor-command", **{"command-line": "info registers -a"})
            flags = [int(f, 16) for f in re.findall(r"RFL=([0-9a-f]+)", text)]
            seen = seen + 1 if flags and not any(f & 0x200 for f in flags) else 0
            self.step()


def _accel_argv(counts_instructions):
    """With @counts_instructions the guest's time is that of what it executes, 8 ns each, and not
    the host's: no watchdog of it barks because the host has other work."""
    if "VMCORE_ACCEL" in os.environ:
        return ["-accel", os.environ["VMCORE_ACCEL"]]
    if counts_instructions:
        return ["-accel", "tcg,thread=single", "-icount", "shift=3"]
    return ["-accel", "tcg,thread=multi"]


def base_argv(kernel, initrd, command_line, variant):
    argv = [QEMU, *_accel_argv(variant.counts_instructions), "-cpu", variant.cpu_model]
    argv += ["-smp", str(variant.cpus), "-m", variant.memory]
    argv += ["-nodefaults", "-vga", "none", "-display", "none"]
    argv += ["-no-reboot", "-rtc", "base=utc", "-kernel", kernel, "-initrd", initrd]
    return argv + ["-append", command_line]
