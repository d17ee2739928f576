"""A guest as a variant describes it: its initramfs, its disks, and QEMU with them."""
import os

from . import disk, initramfs, qemu
from .kernel import MODULES, TOP, Kernel

BUILD = os.environ.get("BUILD", os.path.join(TOP, "build"))
PROGRAM = os.path.join(BUILD, "tests", "dumps", "vmcore-guest")
CAPTURE_LINE = (
    "console=ttyS0 irqpoll reset_devices cgroup_disable=memory numa=off panic=10 "
    "acpi_no_memhotplug transparent_hugepage=never hest_disable no_timer_check"
)


def _make_initramfs(variant, kernel, scratch):
    """The guest's, with the capture kernel's in it if there is to be one."""
    with open(PROGRAM, "rb") as f:
        files = {"init": (f.read(), True)}
    modules = sorted(kernel.read_modules().items(), key=lambda m: MODULES.index(m[0]))
    for n, (name, data) in enumerate(modules):
        files[f"modules/{n:02}-{name}.ko"] = (data, False)
    plan = list(variant.plan)
    if variant.crashkernel:
        capture = {**files, **variant.capture_files}
        capture["capture-plan"] = ("\n".join(variant.capture_plan).encode() + b"\n", False)
        files["capture.img"] = (initramfs.build(capture), False)
        with open(kernel.image, "rb") as f:
            files["vmlinuz"] = (f.read(), False)
        plan += [f"kexec {CAPTURE_LINE} nr_cpus={variant.capture_cpus}"]
    plan += variant.last_plan or ["crash" if variant.crashkernel else "ready"]
    for name, data in variant.modules.items():
        files[f"modules/more-{name}.ko"] = (data, False)
    files["plan"] = ("\n".join(plan).encode() + b"\n", False)
    path = os.path.join(scratch, "initramfs")
    with open(path, "wb") as f:
        f.write(initramfs.build(files))
    return path


def _data_disk(variant):
    """The image with the guest's files: made once, guests write to a snapshot of it."""
    path = os.path.join(BUILD, "vmcore", f"files-{variant.data_bytes >> 20}M.ext4")
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        disk.make(path, variant.data_bytes)
    return path


def _drive(name, path, options):
    argv = ["-drive", f"if=none,id={name},format=raw,file={path},{options}"]
    return argv + ["-device", f"virtio-blk-pci,drive={name}"]


def start(variant, kernels, scratch, console, on_line=None, target=None):
    """Start the guest. @target is a file that becomes its second disk, /dev/vdb."""
    kernel = Kernel(variant.package, kernels)
    line = f"console=ttyS0 loglevel=4 panic=30 no_timer_check {variant.command_line}"
    more = ["-M", variant.machine, *variant.qemu]
    more += _drive("files", _data_disk(variant), "snapshot=on")
    if variant.crashkernel:
        line += f" crashkernel={variant.crashkernel}"
    else:
        more += ["-device", "vmcoreinfo"]
    if target:
        with open(target, "wb") as f:
            f.truncate((int(variant.memory.split("M")[0]) + 256) << 20)
        more += _drive("target", target, "cache=unsafe,discard=unmap,detect-zeroes=unmap")
    initramfs_path = _make_initramfs(variant, kernel, scratch)
    argv = qemu.base_argv(kernel.image, initramfs_path, line, variant)
    guest = qemu.Guest(argv + more, console, on_line)
    if variant.hot_added_mib:
        try:
            _hot_add(guest, variant)
        except qemu.GuestError:
            guest.close()
            raise
    return guest


def _hot_add(guest, variant):
    guest.wait_for("guest: waiting for memory")
    size = variant.hot_added_mib << 20
    backend = {"qom-type": "memory-backend-ram", "id": "added", "size": size}
    guest.call("object-add", **backend)
    guest.call("device_add", driver="pc-dimm", id="dimm", memdev="added")
    guest.wait_for("guest: memory came")
