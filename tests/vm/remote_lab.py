"""Servers for captures: OpenSSH and NFS on this machine's loopback, virtiofsd on a socket.

    enter_namespaces()                    # first of all: nothing here is seen by anybody else
    with SshServer(scratch) as server:
        run = lab.capture(server.manifest("/dumps"), **server.guest())
        server.files("/dumps")            # {"HOST-DATE/vmcore.flat": path here}

All runs in a network and a mount namespace of its own, so that ports and /etc/passwd are ours. A
guest reaches loopback through QEMU's user networking, as 10.0.2.2. Needs root.
"""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from capture_lab import GuestError, files_of, run_tool

GUEST_MAC = "52:54:00:12:34:56"
GATEWAY, GUEST = "10.0.2.2", "10.0.2.15"
MODULES = ["virtio_pci", "virtio_net"]
NETWORK = {
    "interfaces": [
        {"name": "eth0", "kind": "ethernet", "mac": GUEST_MAC, "addresses": f"{GUEST}/24"}
    ],
    "routes": [{"to": "default", "gateway": GATEWAY, "interface": "eth0"}],
}
QEMU_NETWORK = ["-netdev", "user,id=net0", "-device", f"virtio-net-pci,netdev=net0,mac={GUEST_MAC}"]


def find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def why_not(server):
    """Why this class of servers cannot be had here, None if it can."""
    if os.getuid() != 0:
        return "servers in namespaces of their own need root"
    missing = [p for p in (*server.programs, "ip", "unshare") if not find(p)]
    return f"{missing[0]} is not installed" if missing else None


def enter_namespaces():
    """Run this program again in namespaces of its own, with users that servers want. Needs root."""
    if os.environ.get("REMOTE_LAB"):
        run_tool("ip", "link", "set", "lo", "up")
        run_tool("mount", "-t", "tmpfs", "tmpfs", "/run")
        for name in ("sshd", "rpcbind", "ganesha"):
            os.makedirs(f"/run/{name}", mode=0o755)
        for path, text in {
            "/etc/passwd": "root:x:0:0::/root:/bin/sh\nsshd:x:74:74::/run/sshd:/bin/false\n"
            "dumper:x:0:0::/:/bin/sh\n_rpc:x:75:75::/run/rpcbind:/bin/false\n",
            "/etc/shadow": "root:*:1::::::\ndumper:*:1::::::\n",
        }.items():
            ours = os.path.join("/run", os.path.basename(path))
            with open(ours, "w", encoding="ascii") as f:
                f.write(text)
            run_tool("mount", "--bind", ours, path)
        return
    os.environ["REMOTE_LAB"] = "1"
    os.execvp("unshare", ["unshare", "--net", "--mount", sys.executable] + sys.argv)


def wait_for_port(port, child, seconds=20):
    for _ in range(seconds * 10):
        if child.poll() is not None:
            raise GuestError(f"the server ended with {child.returncode}")
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise GuestError(f"nothing listens on port {port}")


class Server:
    """A child that is ended with us."""

    programs = ()

    def __init__(self, scratch, name):
        self.dir = os.path.join(scratch, name)
        os.makedirs(self.dir, exist_ok=True)
        self.child = None

    def start(self, argv, port, **more):
        with open(os.path.join(self.dir, "log"), "ab") as log:
            self.child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **more
            )
        wait_for_port(port, self.child)

    def stop(self):
        if self.child and self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def log(self):
        with open(os.path.join(self.dir, "log"), encoding="utf-8", errors="replace") as f:
            return f.read()


def files_below(directory):
    found = {}
    for at, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(at, name)
            found[os.path.relpath(path, directory)] = path
    return found


class SshServer(Server):
    PORT = 2222
    programs = ("sshd", "ssh", "ssh-keygen")

    def __init__(self, scratch, name="sshd"):
        super().__init__(scratch, name)
        self.key = self.make_key("key")
        self.host_key = self.make_key("host_key")
        self.pinned = self.host_key
        shutil.copy(self.key + ".pub", os.path.join(self.dir, "authorized_keys"))
        self.run()

    def make_key(self, name):
        path = os.path.join(self.dir, name)
        run_tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path)
        return path

    def run(self):
        config = os.path.join(self.dir, "config")
        with open(config, "w", encoding="ascii") as f:
            f.write(
                f"Port {self.PORT}\nListenAddress 127.0.0.1\nHostKey {self.host_key}\n"
                f"AuthorizedKeysFile {self.dir}/authorized_keys\nStrictModes no\n"
                "PermitRootLogin yes\nPasswordAuthentication no\nUsePAM no\nPidFile none\n"
                "LogLevel VERBOSE\n"
            )
        self.start([find("sshd"), "-D", "-e", "-f", config], self.PORT)

    def manifest(self, path, port=None, **more):
        target = {"kind": "ssh", "device": "dumper@kdump-server", "path": path, "host": GUEST}
        target.update({"address": GATEWAY, "port": port or self.PORT})
        target.update({"key": "/etc/inquest/key", "known_hosts": "/etc/inquest/known_hosts"})
        return {"targets": [target], **NETWORK, **more}

    def guest(self):
        """What capture() needs besides the manifest."""
        known, passwd = os.path.join(self.dir, "known_hosts"), os.path.join(self.dir, "passwd-guest")
        with open(self.pinned + ".pub", encoding="ascii") as f:
            line = " ".join(["kdump-server"] + f.read().split()[:2])
        for path, text in ((known, line), (passwd, "root:x:0:0:root:/:/bin/sh")):
            with open(path, "w", encoding="ascii") as f:
                f.write(text + "\n")
        files = {
            "/etc/inquest/key": self.key,
            "/etc/inquest/known_hosts": known,
            "/etc/passwd": passwd,
        }
        return {
            "modules": MODULES,
            "files": files,
            "programs": ["ssh"],
            "qemu_argv": QEMU_NETWORK,
            "crashkernel": "192M",
            "memory": "768M",
        }


class NfsServer(Server):
    """NFS-Ganesha with rpcbind; exports a directory as /export."""

    PORT = 2049
    programs = ("ganesha.nfsd", "rpcbind")

    def __init__(self, scratch, name="nfs", size_mib=256):
        super().__init__(scratch, name)
        self.export = os.path.join(self.dir, "export")
        os.makedirs(os.path.join(self.dir, "recovery"))
        os.makedirs(self.export)
        run_tool("mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", self.export)
        self.rpcbind = subprocess.Popen([find("rpcbind"), "-f"])
        wait_for_port(111, self.rpcbind)
        self.run()

    def run(self):
        config = os.path.join(self.dir, "config")
        plugins = os.environ.get("GANESHA_PLUGINS")
        with open(config, "w", encoding="ascii") as f:
            f.write(
                "NFS_CORE_PARAM { Protocols = 3, 4; Enable_NLM = false; Enable_RQUOTA = false;\n"
                f"  Enable_UDP = false; NFS_Port = {self.PORT}; MNT_Port = 20048;\n"
                + (f"  Plugins_Dir = {plugins};\n" if plugins else "")
                + "}\nNFSv4 { Graceless = true; UseGetpwnam = true; DomainName = localdomain;\n"
                f"  RecoveryBackend = fs; RecoveryRoot = {self.dir}/recovery; }}\n"
                "NFS_KRB5 { Active_krb5 = false; }\n"
                f"EXPORT {{ Export_Id = 7; Path = {self.export}; Pseudo = /export;\n"
                "  Access_Type = RW; Squash = None; SecType = sys; Protocols = 3, 4;\n"
                "  Transports = TCP; FSAL { Name = VFS; } }\n"
            )
        argv = [find("ganesha.nfsd"), "-F", "-f", config, "-L", os.path.join(self.dir, "ganesha.log")]
        self.start(argv + ["-p", os.path.join(self.dir, "pid"), "-N", "EVENT"], self.PORT)

    def stop(self):
        super().stop()
        if self.rpcbind.poll() is None:
            self.rpcbind.kill()
            self.rpcbind.wait()
        run_tool("umount", "-l", self.export)

    def manifest(self, version, path="/", **more):
        # Version 3 has the server's own path; version 4 has names that the server made up.
        export = self.export if version.startswith("3") else "/export"
        target = {"kind": "nfs", "device": f"kdump-server:{export}", "path": path}
        target.update({"host": GUEST, "address": GATEWAY, "fs_type": "nfs"})
        target["options"] = f"vers={version}"
        return {"targets": [target], **NETWORK, **more}

    def guest(self, version):
        return {
            "modules": MODULES + ["nfsv3" if version.startswith("3") else "nfsv4"],
            "qemu_argv": QEMU_NETWORK,
            "crashkernel": "192M",
            "memory": "768M",
        }


class VirtiofsServer(Server):
    """A directory of this machine that a guest mounts by its tag."""

    TAG = "dumps"
    programs = ("/usr/lib/qemu/virtiofsd",)

    def __init__(self, scratch, name="virtiofs"):
        super().__init__(scratch, name)
        self.shared, self.socket = os.path.join(self.dir, "shared"), os.path.join(self.dir, "socket")
        os.mkdir(self.shared)
        with open(os.path.join(self.dir, "log"), "ab") as log:
            self.child = subprocess.Popen(
                [*self.programs, f"--socket-path={self.socket}", "-o", f"source={self.shared}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )
        for _ in range(200):
            if os.path.exists(self.socket):
                return
            time.sleep(0.1)
        self.stop()
        raise GuestError(f"virtiofsd does not listen: {self.log()}")

    def qemu_argv(self, memory):
        """Its memory is shared with the server, and so has to be given here again."""
        return [
            *("-object", f"memory-backend-memfd,id=ram,size={memory},share=on"),
            *("-machine", "memory-backend=ram", "-chardev", f"socket,id=fs0,path={self.socket}"),
            *("-device", f"vhost-user-fs-pci,chardev=fs0,tag={self.TAG}"),
        ]

    def files(self):
        return files_of(self.shared)


# Two adapters at one server: what a bond stands on.
SECOND_MAC = "52:54:00:12:34:57"
QEMU_TWICE = [
    *("-netdev", "user,id=user0", "-netdev", "hubport,hubid=1,id=port0,netdev=user0"),
    *("-netdev", "hubport,hubid=1,id=port1", "-netdev", "hubport,hubid=1,id=port2"),
    *("-device", f"virtio-net-pci,netdev=port1,mac={GUEST_MAC}"),
    *("-device", f"virtio-net-pci,netdev=port2,mac={SECOND_MAC}"),
]


class Switch:
    """A switch port that is in one VLAN only: frames of the guest have its tag, those of the server
    have none. Any other tag, or none, is dropped and counted."""

    def __init__(self, vlan_id):
        self.tag = b"\x81\x00" + vlan_id.to_bytes(2, "big")
        self.passed = self.dropped = 0
        self.guest, self.server = self.port(7001), self.port(7003)
        self.qemu_argv = [
            *("-netdev", "socket,id=net0,udp=127.0.0.1:7001,localaddr=127.0.0.1:7002"),
            *("-device", f"virtio-net-pci,netdev=net0,mac={GUEST_MAC}"),
            *("-netdev", "user,id=user0", "-netdev", "hubport,hubid=1,id=port0,netdev=user0"),
            *("-netdev", "socket,id=port1,udp=127.0.0.1:7003,localaddr=127.0.0.1:7004"),
            *("-netdev", "hubport,hubid=1,id=port2,netdev=port1"),
        ]
        for work in (self.to_server, self.to_guest):
            threading.Thread(target=self.until_closed, args=(work,), daemon=True).start()

    @staticmethod
    def port(number):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("127.0.0.1", number))
        return s

    def close(self):
        for s in (self.guest, self.server):
            with contextlib.suppress(OSError):
                # It has no peer, which is said, but whoever waits on it wakes up.
                s.shutdown(socket.SHUT_RDWR)
            s.close()

    @staticmethod
    def until_closed(work):
        with contextlib.suppress(OSError):
            work()

    def to_server(self):
        while frame := self.guest.recv(65536):
            if frame[12:14] == self.tag[:2] and frame[15] == self.tag[3]:
                self.passed += 1
                self.server.sendto(frame[:12] + frame[16:], ("127.0.0.1", 7004))
            else:
                self.dropped += 1

    def to_guest(self):
        while frame := self.server.recv(65536):
            self.guest.sendto(frame[:12] + self.tag + frame[12:], ("127.0.0.1", 7002))


class Proxy:
    """Hands a TCP connection on and cuts it after @limit bytes from the client."""

    def __init__(self, port, to_port, limit):
        self.limit, self.to_port, self.passed = limit, to_port, 0
        self.was_cut = False
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.to_port))
            for pair in ((client, server, True), (server, client, False)):
                threading.Thread(target=self.copy, args=pair, daemon=True).start()

    def copy(self, source, to, counts):
        while True:
            try:
                data = source.recv(65536)
                if counts:
                    self.passed += len(data)
                if not data or self.passed > self.limit:
                    break
                to.sendall(data)
            except OSError:
                break
        if self.passed > self.limit:
            self.was_cut = True
            self.listener.close()
        for s in (source, to):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
