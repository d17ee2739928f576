"""A libvirtd of a test's own, and a guest that it runs."""
import os
import shutil
import subprocess
import time

from tap import run

DOMAIN = """<domain type='qemu'><name>vm7</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os></domain>"""
NOBODY = 65534
PATIENCE_S = 120


def missing(*more):
    """A program that is not here, or None."""
    for program in ("libvirtd", "virsh", "qemu-system-x86_64", "setpriv") + more:
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
            return program
    return None


class Libvirtd:
    """A libvirtd for a user without rights, in directories of its own; @config are more lines of its file, and
    with some it listens on the network."""

    def __init__(self, scratch, config=""):
        self.scratch = scratch
        self.uri = f"qemu+unix:///session?socket={scratch}/sock/libvirt-sock"
        for name in ("home", "run", "sock"):
            os.mkdir(os.path.join(scratch, name))
        path = os.path.join(scratch, "libvirtd.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(f'unix_sock_dir = "{scratch}/sock"\nauth_unix_rw = "none"\n{config}')
        argv = ["libvirtd", "-f", path, "-p", f"{scratch}/pid"] + (["--listen"] if config else [])
        home = {"HOME": f"{scratch}/home", "XDG_RUNTIME_DIR": f"{scratch}/run",
                "XDG_CONFIG_HOME": f"{scratch}/home/config", "XDG_CACHE_HOME": f"{scratch}/home/cache",
                "PATH": os.environ["PATH"] + ":/usr/sbin"}
        if os.geteuid() == 0:
            os.chmod(scratch, 0o755)
            for name in (".", "home", "run", "sock"):
                os.chown(os.path.join(scratch, name), NOBODY, NOBODY)
            argv = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] + argv
        with open(os.path.join(scratch, "log"), "wb") as log:
            self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          env=home)

    def virsh(self, *words, stdin=None):
        return run(["virsh", "-c", self.uri, *words], stdin)

    def wait(self):
        until = time.monotonic() + PATIENCE_S
        while not self.virsh("list")[0]:
            if time.monotonic() > until or self.child.poll() is not None:
                with open(os.path.join(self.scratch, "log"), encoding="utf-8") as log:
                    raise RuntimeError(f"libvirtd does not start: {log.read()}")
            time.sleep(0.2)

    def create_guest(self, domain=DOMAIN):
        """(did it work, what was said): the guest vm7 runs, without a system unless @domain has one."""
        xml = os.path.join(self.scratch, "vm7.xml")
        with open(xml, "w", encoding="utf-8") as f:
            f.write(domain)
        return self.virsh("create", xml)[:2]

    def close(self):
        self.virsh("destroy", "vm7")
        self.child.terminate()
        self.child.wait()
