"""A guest whose CPUs do nothing once it is up, and which has no capture kernel: what hangs, for whoever runs it.

It says "guest: ready" on its console when it hangs.
"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "dumps"))
# pylint: disable=wrong-import-position
from vmcore import initramfs
from vmcore.kernel import MODULES, Kernel

COMMAND_LINE = "console=ttyS0 unknown_nmi_panic no_timer_check"
STALL_SECONDS = 240


def prepare(build, scratch):
    """(its kernel, its initramfs), which is made in @scratch."""
    kernel = Kernel("linux-image-cloud-amd64", os.path.join(build, "kernels"))
    with open(os.path.join(build, "tests", "dumps", "vmcore-guest"), "rb") as f:
        files = {"init": (f.read(), True), "plan": (b"ready\n", False)}
    modules = kernel.read_modules()
    # What brings VMCOREINFO to QEMU, and no disk.
    for name in ("qemu_fw_cfg",):
        if name in modules:
            files[f"modules/{MODULES.index(name):02}-{name}.ko"] = (modules[name], False)
    image = os.path.join(scratch, "initramfs")
    with open(image, "wb") as f:
        f.write(initramfs.build(files))
    return kernel.image, image


def wait_until_it_hangs(console, has_ended=lambda: False):
    """As its console, a file, says it."""
    size, since = 0, time.monotonic()
    while True:
        with open(console, "rb") as f:
            text = f.read()
        if b"guest: ready" in text:
            return
        if len(text) != size:
            size, since = len(text), time.monotonic()
        if has_ended() or time.monotonic() > since + STALL_SECONDS:
            raise RuntimeError(f"the guest does not start: {text[-400:]!r}")
        time.sleep(0.5)
