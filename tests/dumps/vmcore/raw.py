"""The two ways from a guest to a raw dump."""
import os
import struct

from . import core, qemu


def compressed_dump_by_qemu(guest, out):
    """QEMU's kdump-compressed dump of the stopped guest, as it is: QEMU 7.2 writes it flattened."""
    guest.call("stop")
    guest.call("dump-guest-memory", paging=False, protocol=f"file:{out}", format="kdump-zlib")


def dump_by_qemu(guest, scratch, out):
    """QEMU's dump of the stopped guest."""
    guest.call("stop")
    fifo = os.path.join(scratch, "core")
    os.mkfifo(fifo)
    fd = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)

    def read():
        """Before QEMU opens its end, nothing can be told from the end of file."""
        while not guest.replies:
            if fd in guest.step([fd]):
                try:
                    data = os.read(fd, 1 << 20)
                except BlockingIOError:
                    continue
                if data:
                    guest.progressed()
                    return data
        # It has written everything; what is still in the pipe is ours.
        return os.read(fd, 1 << 20)

    try:
        guest.send("dump-guest-memory", paging=False, protocol=f"file:{fifo}")
        try:
            core.write(read, out)
        except (ValueError, struct.error):
            if guest.replies:
                guest.take_reply("dump-guest-memory")
            raise
        while not guest.replies:
            guest.step()
        guest.take_reply("dump-guest-memory")
    finally:
        os.close(fd)


def dump_by_capture_kernel(guest, target):
    """What /proc/vmcore was in the guest's capture kernel, which writes it to the disk @target."""
    line = guest.wait_for("guest: copied bytes=")
    while guest.alive():
        try:
            guest.step()
        except qemu.GuestError:
            break
    os.truncate(target, int(line.split("bytes=")[1]))
