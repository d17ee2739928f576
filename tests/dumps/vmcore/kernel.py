"""A Debian kernel, and the modules a guest needs of it, fetched through apt and not installed."""
import glob
import lzma
import os
import subprocess

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))

# virtio disks, ext4, and the way VMCOREINFO takes to QEMU (-device vmcoreinfo); none comes before
# one that it needs.
MODULES = (
    "virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk "
    "crc16 crc32c_generic libcrc32c mbcache jbd2 ext4 qemu_fw_cfg"
).split()


class Kernel:
    def __init__(self, package, cache):
        fetch = os.path.join(TOP, "tools", "fetch-kernel")
        done = subprocess.run([fetch, package, cache], stdout=subprocess.PIPE, text=True, check=True)
        tree = done.stdout.split()[-1]
        (self.image,) = glob.glob(os.path.join(tree, "boot", "vmlinuz-*"))
        self.release = os.path.basename(self.image)[len("vmlinuz-") :]
        places = [os.path.join(tree, p, "modules", self.release) for p in ("lib", "usr/lib")]
        self.modules = next(p for p in places if os.path.isdir(p))

    def read_modules(self):
        """{name: bytes} of MODULES; one that is built in, or of another kernel, is left out."""
        found = {}
        for directory, _, names in os.walk(self.modules):
            for name in names:
                stem = name.split(".")[0].replace("-", "_")
                if stem not in MODULES:
                    continue
                path = os.path.join(directory, name)
                with (lzma.open if name.endswith(".xz") else open)(path, "rb") as f:
                    found[stem] = f.read()
        return found
