"""Making the disks of the Debian guest: debootstrap, a kernel, and what the tests want in it.

A disk is made once per recipe: what makes it is hashed into the folder's name. It needs root, and the
mirror that this system's apt uses. The one with kdump-tools is booted once: an initramfs of its own kind
is made by the package itself only on the machine that it is for.
"""
import fcntl
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from . import disk, guest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
BUILD = os.environ.get("BUILD") or os.path.join(TOP, "build")
FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files")
SUITE = "bookworm"
STEPS = 1  # another number when what is done with the lists below changes

# A small system, but systemd's whole: what a server has that kdump meets. grub's tools are there for its
# configuration, though it is not what boots.
INCLUDE = (
    "systemd systemd-sysv udev kmod dbus initramfs-tools zstd procps iproute2 file kexec-tools "
    "openssh-client ca-certificates grub2-common"
).split()
# What our program is linked with.
LIBRARIES = (
    "libdeflate0 liblzo2-2 libsnappy1v5 libzstd1 libkmod2 liblzma5 libext2fs2 libcom-err2 libjansson4 libssl3 "
    "libcapstone4 libelf1 libdw1 libedit2 zlib1g"
).split()
KERNEL = "linux-image-amd64"

# Nobody waits for these in a guest that lives for minutes.
MASKED = (
    "apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer "
    "e2scrub_reap.service getty@tty1.service serial-getty@ttyS0.service systemd-update-utmp.service "
    "systemd-update-utmp-runlevel.service systemd-pstore.service systemd-network-generator.service "
    "systemd-rfkill.socket systemd-binfmt.service proc-sys-fs-binfmt_misc.automount console-getty.service "
    "modprobe@drm.service kexec.service kexec-load.service"
).split()

# The initramfs of the running system; `dep` cannot be had in a chroot, and `most` is slow to unpack.
MODULES = "virtio_pci virtio_blk ext4 crc32c_generic crc32c_intel"


class BuildError(Exception):
    pass


@dataclass
class Image:
    """A disk at rest, never to be written to, and the kernel that boots it."""

    disk: str
    kernel: str
    initrd: str
    release: str


def _run(argv, **options):
    print(f"debian_guest: {' '.join(argv)[:150]}", file=sys.stderr, flush=True)
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options
    )
    if done.returncode:
        said = done.stdout.decode(errors="replace")[-3000:]
        raise BuildError(f"{' '.join(argv)} ended with status {done.returncode}:\n{said}")


def _mirrors():
    """[(address, suite)] of main and of its security updates."""
    form = "$(SITE) $(CODENAME) $(COMPONENT)"
    out = subprocess.run(
        ["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line.split() for line in out.splitlines()]
    main = next((r[0] for r in rows if r[2] == "main" and "security" not in r[1]), None)
    if not main:
        raise BuildError("apt has no Debian mirror")
    security = next((r[0] for r in rows if "security" in r[1]), main.rstrip("/") + "-security")
    return [(main, SUITE), (main, f"{SUITE}-updates"), (security, f"{SUITE}-security")]


def _write(tree, path, text, mode=0o644):
    full = os.path.join(tree, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(full, mode)


def _configure(tree):
    lines = [f"deb {site} {suite} main\n" for site, suite in _mirrors()]
    _write(tree, "etc/apt/sources.list", "".join(lines))
    _write(tree, "etc/apt/apt.conf.d/guest", 'APT::Install-Recommends "false";\nAcquire::Languages "none";\n')
    _write(tree, "etc/fstab", f"UUID={disk.UUID} / ext4 errors=remount-ro 0 1\n")
    _write(tree, "etc/hostname", "crashes\n")
    _write(tree, "etc/hosts", "127.0.0.1 localhost\n127.0.1.1 crashes\n")
    _write(tree, "etc/initramfs-tools/conf.d/guest", "MODULES=list\nCOMPRESS=zstd\n")
    _write(tree, "etc/initramfs-tools/modules", MODULES.replace(" ", "\n") + "\n")
    _write(tree, "etc/systemd/system.conf.d/guest.conf", "[Manager]\nDefaultTimeoutStartSec=15min\n")
    _write(tree, "etc/systemd/journald.conf.d/guest.conf", "[Journal]\nStorage=volatile\n")
    # No service is started in the chroot.
    _write(tree, "usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
    for name, place, mode in (
        ("agent", "usr/local/sbin/agent", 0o755),
        ("agent.service", "etc/systemd/system/agent.service", 0o644),
    ):
        with open(os.path.join(FILES, name), encoding="utf-8") as f:
            _write(tree, place, f.read(), mode)


def _chroot(tree, *argv):
    """Run @argv inside, with the mounts that packages want, which go away with the namespace."""
    script = 'mount --make-rprivate / && mount -t proc proc "$0/proc" && mount -t sysfs -o ro sysfs "$0/sys" &&'
    script += ' mount --bind /dev "$0/dev" && exec chroot "$0" "$@"'
    env = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LC_ALL": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
    }
    _run(["unshare", "--mount", "sh", "-c", script, tree, *argv], env=env)


def _install(tree, *packages):
    shutil.copyfile("/etc/resolv.conf", os.path.join(tree, "etc/resolv.conf"))
    _chroot(tree, "apt-get", "update", "-q")
    _chroot(tree, "apt-get", "install", "-q", "-y", *packages)


def _make_base(tree):
    argv = ["unshare", "--mount", "debootstrap", "--variant=minbase", f"--include={','.join(INCLUDE)}"]
    _run([*argv, SUITE, tree, _mirrors()[0][0]])
    _configure(tree)
    _install(tree, KERNEL, *LIBRARIES)
    _chroot(tree, "apt-get", "upgrade", "-q", "-y")
    _chroot(tree, "systemctl", "enable", "agent.service")
    _chroot(tree, "systemctl", "mask", *MASKED)
    _chroot(tree, "passwd", "-d", "root")


def _finish(tree, folder):
    """The disk of what is in the tree now, in @folder."""
    _chroot(tree, "apt-get", "clean")
    for path in glob.glob(os.path.join(tree, "var/lib/apt/lists/*_*")):
        os.unlink(path)
    os.unlink(os.path.join(tree, "usr/sbin/policy-rc.d"))
    partial = folder + ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    os.makedirs(partial)
    for path in glob.glob(os.path.join(tree, "boot/vmlinuz-*")) + glob.glob(os.path.join(tree, "boot/initrd.img-*")):
        shutil.copyfile(path, os.path.join(partial, os.path.basename(path)))
    disk.make(os.path.join(partial, "disk"), tree)
    os.rename(partial, folder)


def _recipe():
    """What a disk is made of, as a few digits."""
    words = (STEPS, SUITE, INCLUDE, LIBRARIES, KERNEL, MASKED, MODULES, disk.UUID)
    digest = hashlib.sha256(repr(words).encode())
    for name in sorted(os.listdir(FILES)):
        with open(os.path.join(FILES, name), "rb") as f:
            digest.update(f.read())
    return digest.hexdigest()[:12]


def _image(folder):
    (kernel,) = glob.glob(os.path.join(folder, "vmlinuz-*"))
    release = os.path.basename(kernel)[len("vmlinuz-") :]
    initrd = os.path.join(folder, f"initrd.img-{release}")
    return Image(os.path.join(folder, "disk"), kernel, initrd, release)


def missing():
    """Why no disk can be made here, or None."""
    if os.geteuid() != 0:
        return "a Debian disk is made by root only"
    for program in ("debootstrap", "apt-get", "unshare"):
        if not shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
            return f"{program} is not installed"
    return None


def image(name="plain"):
    """The disk @name, made if need be: "plain", or "kdump-tools" with that package."""
    folder = os.path.join(BUILD, "debian-guest", _recipe())
    wanted = os.path.join(folder, name)
    if os.path.isdir(wanted):
        return _image(wanted)
    why = missing()
    if why:
        raise BuildError(why)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(wanted):
            _make_all(folder)
    return _image(wanted)


def _make_all(folder):
    tree = os.path.join(folder, "tree")
    shutil.rmtree(tree, ignore_errors=True)
    try:
        _make_base(tree)
        _finish(tree, os.path.join(folder, "plain"))
        _write(tree, "usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        _install(tree, "kdump-tools", "makedumpfile")
        # From here on initramfs-tools is as Debian ships it; kdump-tools makes something of that.
        os.unlink(os.path.join(tree, "etc/initramfs-tools/conf.d/guest"))
        _write(tree, "etc/initramfs-tools/modules", "")
        _finish(tree, os.path.join(folder, "kdump-tools.new"))
    finally:
        shutil.rmtree(tree, ignore_errors=True)
    _boot_once(os.path.join(folder, "kdump-tools.new"))
    os.rename(os.path.join(folder, "kdump-tools.new"), os.path.join(folder, "kdump-tools"))


def _boot_once(folder):
    print("debian_guest: kdump-tools makes its initramfs, in the guest", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="inquest-guest-") as scratch:
        with guest.DebianGuest(_image(folder), scratch, options="crashkernel=256M") as machine:
            machine.wait_up()
            shown = machine.check("kdump-config show")
            if "current state:    ready to kdump" not in shown:
                raise BuildError(f"kdump-tools is not ready in its guest:\n{shown}")
            machine.poweroff()
        shutil.move(os.path.join(scratch, "disk"), os.path.join(folder, "disk"))
