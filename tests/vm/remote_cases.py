"""Every kind of target on another machine, against real servers, and what can go wrong with them."""
import glob
import json
import os
import subprocess
import threading
import time

from capture_cases import Case
from capture_lab import INQUEST, is_whole, run_tool
from remote_lab import (
    QEMU_NETWORK,
    QEMU_TWICE,
    SECOND_MAC,
    NfsServer,
    Proxy,
    SshServer,
    Switch,
    files_below,
)

# Short ones: nothing here is far away, and a guest that waits costs a CPU.
QUICK = {"deadlines": {"network_ms": 20000, "stall_ms": 30000, "device_ms": 5000}}


def named(files, pattern):
    found = [p for name, p in files.items() if glob.fnmatch.fnmatch(name, pattern)]
    return found[0] if len(found) == 1 else None


def read_json(path):
    if not path:
        return {}
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def rearranged(t, stream):
    """The dump in a flattened stream."""
    out = t.lab.path("vmcore")
    with open(stream, "rb") as f:
        subprocess.run([INQUEST, "collect", "-R", out], stdin=f, stderr=subprocess.DEVNULL)
    return out


def modes_are_private(files):
    return all(os.stat(p).st_mode & 0o77 == 0 for p in files.values()) and all(
        os.stat(os.path.dirname(p)).st_mode & 0o77 == 0 for p in files.values()
    )


def check_whole(t, run, files, name):
    t.check_end(run, "complete", "reboot")
    dump = named(files, f"*/{name}")
    good = t.check(f"{name} is there", dump, sorted(files))
    if good and name == "vmcore.flat":
        dump = rearranged(t, dump)
    t.check("and is whole", good and is_whole(dump))
    log = named(files, "*/vmcore-dmesg.txt")
    text = open(log, encoding="utf-8").read() if log else ""
    t.check("the log is", "sysrq triggered crash" in text)
    record = read_json(named(files, "*/capture.json"))
    t.check("capture.json says so", record.get("outcome") == "complete", record)
    left = [f for f in files if "incomplete" in f or f.endswith(".tmp")]
    t.check("nothing unfinished is left", not left, left)
    t.check("files are 0600 in 0700", modes_are_private(files), sorted(files))


def check_cut(t, run, files, outcome, words):
    t.check_end(run, outcome, "reboot")
    said = run.says(words) or words in run.end.get("reason", "")
    t.check(f'the console says "{words}"', said, run.end, *run.capture_lines[-12:])
    whole = [f for f in files if os.path.basename(f) in ("vmcore", "vmcore.flat")]
    t.check("nothing is called vmcore", not whole, whole)
    records = [read_json(p) for name, p in files.items() if name.endswith("capture.json")]
    lying = [r for r in records if r.get("outcome") == "complete"]
    t.check("no capture.json says complete", not lying, lying)


def ssh(t):
    directory = os.path.join(t.lab.scratch, "by-ssh")
    run = t.capture(t.server.manifest(directory), **t.server.guest())
    check_whole(t, run, files_below(directory), "vmcore.flat")


def scp(t):
    directory = os.path.join(t.lab.scratch, "by scp")
    manifest = t.server.manifest(directory, collector={"kind": "scp", "words": "scp"})
    run = t.capture(manifest, **dict(t.server.guest(), memory="448M"))
    check_whole(t, run, files_below(directory), "vmcore")


def nfs(version):
    def case(t):
        run = t.capture(t.server.manifest(version, "/var/crash"), **t.server.guest(version))
        check_whole(t, run, files_below(t.server.export), "vmcore")

    return case


def cut_connection(t):
    """At half of what such a dump has."""
    directory = os.path.join(t.lab.scratch, "cut")
    proxy = Proxy(2300, t.server.PORT, 9 << 20)
    try:
        run = t.capture(t.server.manifest(directory, port=2300, **QUICK), **t.server.guest())
    finally:
        proxy.close()
    t.check("it was cut", proxy.was_cut, proxy.passed)
    files = files_below(directory)
    check_cut(t, run, files, "incomplete", "the connection failed")
    t.check("the log is there", named(files, "*/vmcore-dmesg.txt"), sorted(files))


def changed_host_key(t):
    """The next target in the list gets the dump."""
    directory, disk = os.path.join(t.lab.scratch, "changed"), t.lab.disk("ext4", 400)
    manifest = t.server.manifest(directory, **QUICK)
    manifest["targets"].append({"kind": "fs", "device": "/dev/vda", "fs_type": "ext4"})
    t.server.pinned = t.server.make_key("another")
    guest = t.server.guest()
    guest["modules"] = guest["modules"] + ["virtio_blk", "ext4"]
    run = t.capture(manifest, disks=[disk], **guest)
    t.check("it is said", run.says("Host key verification failed"))
    t.check("nothing went to the server", not files_below(directory))
    t.check_end(run, "complete", "reboot")
    t.check_dump(disk.files())


def refused_key(t):
    directory, guest = os.path.join(t.lab.scratch, "refused"), t.server.guest()
    guest["files"]["/etc/inquest/key"] = t.server.make_key("unknown")
    run = t.capture(t.server.manifest(directory, **QUICK), **guest)
    check_cut(t, run, files_below(directory), "failed", "Permission denied (publickey")


def full_server(words, **more):
    def case(t):
        directory = os.path.join(t.lab.scratch, "full")
        os.makedirs(directory)
        run_tool("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", directory)
        try:
            manifest = t.server.manifest(directory, **QUICK, **more)
            run = t.capture(manifest, **t.server.guest())
            files = files_below(directory)
            check_cut(t, run, files, "incomplete", words)
            t.check("the log is there", named(files, "*/vmcore-dmesg.txt"), sorted(files))
        finally:
            run_tool("umount", "-l", directory)

    return case


# The server is asked how much room it has; of a plain copy nobody knows how long it will be.
FORESEEN = full_server("bytes, and there is room for")
FILLS = full_server("No space left on device", collector={"kind": "cp", "words": "cp"})


def nfs_dies(t):
    def kill():
        while t.server.child.poll() is None:
            sizes = [os.stat(p).st_size for p in files_below(t.server.export).values()]
            if sum(sizes) > 2 << 20:
                t.server.child.kill()
            time.sleep(0.05)

    threading.Thread(target=kill, daemon=True).start()
    run = t.capture(t.server.manifest("3", "/dying", **QUICK), **t.server.guest("3"))
    check_cut(t, run, files_below(t.server.export), "incomplete", "dump")


def cut_link(guest, line):
    if "inquest: start role=capture" in line:
        guest.call("set_link", name="net0", up=False)


def no_carrier(t):
    manifest = t.server.manifest("/nowhere", **QUICK)
    run = t.capture(manifest, on_line=cut_link, **t.server.guest())
    check_cut(t, run, {}, "failed", "eth0 (52:54:00:12:34:56) has no carrier")


def leased(manifest):
    """What a machine has whose lease led elsewhere."""
    manifest["interfaces"] = [dict(i, addresses="", dhcp=True) for i in manifest["interfaces"]]
    return {**manifest, "routes": []}


def silent_dhcp(t):
    guest = t.server.guest()
    nowhere = "socket,id=net0,udp=127.0.0.1:9,localaddr=127.0.0.1:9999"
    guest["qemu_argv"] = ["-netdev", nowhere] + QEMU_NETWORK[2:]
    run = t.capture(leased(t.server.manifest("/nowhere", **QUICK)), **guest)
    check_cut(t, run, {}, "failed", "no DHCP server answered")


def dhcp(t):
    directory = os.path.join(t.lab.scratch, "leased")
    run = t.capture(leased(t.server.manifest(directory)), **t.server.guest())
    check_whole(t, run, files_below(directory), "vmcore.flat")


def vlan(t):
    switch, guest = Switch(5), t.server.guest("3")
    manifest = t.server.manifest("3", "/vlan")
    below = dict(manifest["interfaces"][0], addresses="")
    above = dict(manifest["interfaces"][0], name="eth0.5", kind="vlan", parent="eth0", vlan_id=5)
    manifest["interfaces"] = [below, above]
    manifest["routes"] = [dict(manifest["routes"][0], interface="eth0.5")]
    guest["qemu_argv"], guest["modules"] = switch.qemu_argv, guest["modules"] + ["8021q"]
    try:
        run = t.capture(manifest, **guest)
    finally:
        switch.close()
    t.check("the frames had its tag", switch.passed > 100, switch.passed, switch.dropped)
    check_whole(t, run, files_below(t.server.export), "vmcore")


def bond(t):
    guest, manifest = t.server.guest("3"), t.server.manifest("3", "/bond")
    first = dict(manifest["interfaces"][0], addresses="", master="bond0")
    second = dict(first, name="eth1", mac=SECOND_MAC)
    above = dict(manifest["interfaces"][0], name="bond0", kind="bond", bond_mode="active-backup")
    manifest["interfaces"] = [first, second, above]
    manifest["routes"] = [dict(manifest["routes"][0], interface="bond0")]
    guest["qemu_argv"], guest["modules"] = QEMU_TWICE, guest["modules"] + ["bonding"]
    run = t.capture(manifest, **guest)
    slaves = [line for line in run.capture_lines if "bond0: (slave eth" in line]
    t.check("both adapters are in it", len(slaves) >= 2, *slaves)
    check_whole(t, run, files_below(t.server.export), "vmcore")


CASES = [
    Case("NFS v3", nfs("3"), NfsServer),
    Case("NFS v4", nfs("4.2"), NfsServer),
    Case("SSH", ssh, SshServer),
    Case("scp", scp, SshServer),
    Case("SSH, address by DHCP", dhcp, SshServer),
    Case("NFS v3, over a VLAN", vlan, NfsServer),
    Case("NFS v3, over a bond", bond, NfsServer),
]
FAULTS = [
    Case("SSH, connection cut", cut_connection, SshServer),
    Case("SSH, host key changed", changed_host_key, SshServer),
    Case("SSH, key refused", refused_key, SshServer),
    Case("SSH, server full", FORESEEN, SshServer),
    Case("SSH, a copy fills it", FILLS, SshServer),
    Case("SSH, no carrier", no_carrier, SshServer),
    Case("SSH, DHCP silent", silent_dhcp, SshServer),
    Case("NFS, server dies", nfs_dies, NfsServer),
]
