"""UEFI firmware with Secure Boot on and keys of our own in it, and a boot disk that it accepts.

The keys are made by openssl and written straight into the firmware's variable store (OVMF_VARS): a store
that is empty but for them, with a PK, makes OVMF leave setup mode and switch Secure Boot on.
"""
import os
import shutil
import struct
import subprocess
import uuid

CODE = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"
VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"
LOADER = "/usr/lib/systemd/boot/efi/systemd-bootx64.efi"

GLOBAL = uuid.UUID("8be4df61-93ca-11d2-aa0d-00e098032b8c")
SECURITY_DATABASE = uuid.UUID("d719b2cb-3d3a-4596-a3bc-dad00e67656f")
CERT_X509 = uuid.UUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072")
OWNER = uuid.UUID("3f8c1d52-6a0b-4c0e-8b0e-5c2d7f9a4e11")
# Non-volatile, boot service, runtime, time based authenticated write access.
ATTRIBUTES = 0x27
VARIABLE_ADDED = 0x3F
# EFI_TIME: 2025-01-01 00:00:00.
SINCE = struct.pack("<HBBBBBBIHBB", 2025, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0)


def why_not():
    """Why it cannot be had here, or None."""
    for path, package in ((CODE, "ovmf"), (VARS, "ovmf"), (LOADER, "systemd-boot-efi")):
        if not os.path.exists(path):
            return f"{package} is not installed"
    for program, package in (("sbsign", "sbsigntool"), ("openssl", "openssl")):
        if not shutil.which(program):
            return f"{package} is not installed"
    return None


def _run(*argv):
    subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=True)


def make_key(folder, name):
    """A key and its certificate, NAME.key and NAME.crt; the path without either ending."""
    path = os.path.join(folder, name)
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-sha256"]
    argv += ["-subj", f"/CN=of a test, {name}/", "-addext", "extendedKeyUsage=codeSigning"]
    _run(*argv, "-keyout", f"{path}.key", "-out", f"{path}.crt")
    return path


def sign(key, source, to):
    _run("sbsign", "--key", f"{key}.key", "--cert", f"{key}.crt", "--output", to, source)


def _signature_list(key):
    """EFI_SIGNATURE_LIST of one certificate."""
    done = subprocess.run(
        ["openssl", "x509", "-in", f"{key}.crt", "-outform", "DER"], capture_output=True, check=True
    )
    entry = OWNER.bytes_le + done.stdout
    return CERT_X509.bytes_le + struct.pack("<III", 28 + len(entry), 0, len(entry)) + entry


def _variable(name, guid, data):
    """AUTHENTICATED_VARIABLE_HEADER, name and data, padded to four bytes."""
    text = (name + "\0").encode("utf-16-le")
    head = struct.pack("<HBBIQ", 0x55AA, VARIABLE_ADDED, 0, ATTRIBUTES, 0) + SINCE
    head += struct.pack("<III", 0, len(text), len(data)) + guid.bytes_le
    out = head + text + data
    return out + b"\xff" * (-len(out) % 4)


def write_store(path, pk, kek, db):
    """A variable store with these keys, and no other variable."""
    with open(VARS, "rb") as f:
        store = bytearray(f.read())
    (volume_header,) = struct.unpack_from("<H", store, 0x30)
    at = volume_header + 28  # past VARIABLE_STORE_HEADER
    for name, guid, key in (("PK", GLOBAL, pk), ("KEK", GLOBAL, kek), ("db", SECURITY_DATABASE, db)):
        data = _variable(name, guid, _signature_list(key))
        if set(store[at : at + len(data)]) != {0xFF}:
            raise ValueError(f"{VARS} is not empty at {at}")
        store[at : at + len(data)] = data
        at += len(data)
    with open(path, "wb") as f:
        f.write(store)


def make_boot_disk(folder, key, kernel, initrd, command_line):
    """Fill a folder with what the firmware boots from: systemd-boot and a kernel, signed with @key."""
    os.makedirs(os.path.join(folder, "EFI/BOOT"))
    os.makedirs(os.path.join(folder, "loader/entries"))
    sign(key, LOADER, os.path.join(folder, "EFI/BOOT/BOOTX64.EFI"))
    sign(key, kernel, os.path.join(folder, "vmlinuz"))
    shutil.copyfile(initrd, os.path.join(folder, "initrd"))
    with open(os.path.join(folder, "loader/loader.conf"), "w", encoding="utf-8") as f:
        f.write("timeout 0\ndefault guest.conf\n")
    with open(os.path.join(folder, "loader/entries/guest.conf"), "w", encoding="utf-8") as f:
        f.write(f"title guest\nlinux /vmlinuz\ninitrd /initrd\noptions {command_line}\n")


def argv(store, boot_folder):
    """The arguments of QEMU, on machine MACHINE, for this firmware and this boot disk."""
    args = ["-global", "driver=cfi.pflash01,property=secure,value=on", "-global", "ICH9-LPC.disable_s3=1"]
    args += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={CODE}"]
    args += ["-drive", f"if=pflash,unit=1,format=raw,file={store}"]
    args += ["-drive", f"if=none,id=boot,format=raw,readonly=on,file=fat:{boot_folder}"]
    return args + ["-device", "virtio-blk-pci,drive=boot,serial=boot,bootindex=1"]


MACHINE = "q35,smm=on"
