"""What goes wrong in a guest, and what is then true of its dump.

A class is a plan for the guest (the steps are in guest_crash.c, the numbers in the tables of
crash/module/) and a truth. In the truth "pid:NAME" stands for the PID of a task of the plan and
"at:NAME" for an address that the module told.
"""
from dataclasses import dataclass

from . import module

PANIC, NMI, MCE, NOTHING = "panic", "nmi", "mce", "none"

# What every guest does besides, so that the one task that matters is one among others.
BACKGROUND = [
    "data /dev/vda",
    "task sshd - pipe",
    "task cron - tick",
    "task dbus - idle",
    "task rsyslogd - append /data/messages",
]
OOPS = ["set /proc/sys/kernel/panic_on_oops 1"]
HUNG_TASK = [
    "set /proc/sys/kernel/hung_task_panic 1",
    "set /proc/sys/kernel/hung_task_timeout_secs 10",
]
UNKNOWN_NMI = ["set /proc/sys/kernel/unknown_nmi_panic 1"]


@dataclass
class Crash:
    what: str
    plan: list
    truth: dict
    end: str = PANIC  # by itself, or what the host has to do when the guest says "ready"
    spinner: str = ""  # when this task is there and all interrupts are off, it is ready
    command_line: str = ""


def blames(*functions, **more):
    """The truth of a class that has a culprit; a compiler may have made a clone of the function."""
    return {"module": module.NAME, "functions": list(functions), **more}


def lock(address, kind, owner, waiters, **more):
    return {
        "address": f"at:{address}",
        "kind": kind,
        "owner": owner if owner in (None, "gone") else f"pid:{owner}",
        "waiters": [f"pid:{w}" for w in waiters],
        **more,
    }


def _control(name, number, cpu="0"):
    return f"task {name} {cpu} control {number}"


def _oops(what, number, *functions, **more):
    """A task on CPU 0 that dies of one request to the module."""
    truth = blames(*functions, cpu=0, task="pid:ingestd", **more)
    return Crash(what, [*OOPS, _control("ingestd", number)], truth)


def _place(text):
    name, line = module.line_of(text)
    return {"file": name, "line": line}


_USE_AFTER_FREE = [
    *OOPS,
    _control("queryd", 37),
    "reap queryd",
    "tell",
    _control("ingestd", 35),
]
_use_after_free_truth = blames(
    "tsr_handle_quota", cpu=0, task="pid:ingestd", object="at:object", slab="kmalloc-192"
)

POINTERS = {
    "null-pointer": _oops(
        "a member of a structure that is not there", 31, "tsr_stripe_checksum", address="0x14"
    ),
    "null-pointer-work": Crash(
        "the same in a workqueue",
        [*OOPS, _control("ingestd", 32)],
        blames("tsr_stripe_checksum", cpu=0, address="0x14"),
    ),
    "null-pointer-timer": Crash(
        "the same in a timer, on whichever task runs",
        [*OOPS, _control("ingestd", 36)],
        blames("tsr_stripe_checksum", cpu=0, address="0x14"),
    ),
    "wild-pointer": _oops(
        "a pointer that is eight letters",
        47,
        "tsr_extent_total",
        address="0x73746e656d67657b",
        pointer="0x73746e656d676573",
    ),
    "list-poison": _oops(
        "the next of an entry that has left the list",
        12,
        "tsr_cache_shrink",
        address="0xdead000000000110",
        pointer="0xdead000000000100",
    ),
    "use-after-free": Crash(
        "a pointer out of a freed object, where the allocator keeps its own",
        _USE_AFTER_FREE,
        _use_after_free_truth,
    ),
    "slab-poison": Crash(
        "the same, and the allocator poisons what is freed",
        _USE_AFTER_FREE,
        {**_use_after_free_truth, "pointer": "0x6b6b6b6b6b6b6b6b"},
        command_line="slub_debug=P",
    ),
    "list-corruption": _oops("list_del of an entry, twice", 58, "tsr_cache_evict"),
    "stack-overflow": _oops("a recursion without an end", 22, "tsr_tree_descend"),
    "double-fault": _oops("a fault on a stack that is none", 51, "tsr_ring_kick"),
}

CALLS = {
    "null-call": _oops("a call through a pointer that is NULL", 81, "tsr_filter_apply", address="0x0"),
    "data-call": _oops("a call of data", 82, "tsr_filter_apply"),
}

CHECKS = {
    "double-free": _oops("an object is freed twice in a row", 83, "tsr_quota_drop", "tsr_quota_forget"),
    "refcount": Crash(
        "a count of users below none, with panic_on_warn",
        ["set /proc/sys/kernel/panic_on_warn 1", _control("ingestd", 84)],
        blames("tsr_quota_put", "tsr_quota_close", cpu=0, task="pid:ingestd"),
    ),
    "divide": _oops("a division by zero", 85, "tsr_quota_share", "tsr_quota_split"),
    "long-copy": _oops("a copy past the end of a buffer", 86, "tsr_quota_label"),
    "own-panic": _oops("the module calls panic()", 89, "tsr_quota_check"),
}

_warning = Crash(
    "WARN_ON with panic_on_warn",
    ["set /proc/sys/kernel/panic_on_warn 1", _control("ingestd", 54)],
    blames("tsr_journal_replay", cpu=0, task="pid:ingestd", **_place("WARN_ON(")),
)

DELIBERATE = {
    "bug": _oops("BUG_ON", 26, "tsr_journal_commit", **_place("BUG_ON(")),
    "warn": _warning,
    "sysrq": Crash("echo c > /proc/sysrq-trigger", ["crash"], {"task": 1, "cpu": 0}),
    "init-killed": Crash("PID 1 exits", ["quit 3"], {"task": 1, "status": 3}),
    "machine-check": Crash(
        "a machine check that QEMU injects",
        [],
        {"cpu": 0, "bank": 1, "status": "0xbe00000000000135"},
        end=MCE,
    ),
    "healthy": Crash("nothing: QEMU dumps the running guest", [], {}, end=NOTHING),
}



def _rcu_stall(what, number):
    return Crash(
        what,
        [
            "set /proc/sys/kernel/panic_on_rcu_stall 1",
            "set /sys/module/rcupdate/parameters/rcu_cpu_stall_timeout 4",
            _control("queryd", number, 1),
        ],
        blames("tsr_index_walk", cpu=1, task="pid:queryd"),
    )


LOCKUPS = {
    "soft-lockup": Crash(
        "a task that does not come out of a loop in the kernel",
        [
            "set /proc/sys/kernel/softlockup_panic 1",
            "set /proc/sys/kernel/watchdog_thresh 4",
            _control("compactd", 15, 1),
        ],
        blames("tsr_scrub_pass", cpu=1, task="pid:compactd"),
    ),
    "rcu-stall": _rcu_stall("a walk in a circle under rcu_read_lock()", 28),
    "rcu-stall-other": _rcu_stall("the same with interrupts off: the other CPU notices", 29),
    "spin-deadlock": Crash(
        "two CPUs that spin for each other's lock",
        [
            "set /proc/sys/kernel/softlockup_panic 1",
            "set /proc/sys/kernel/watchdog_thresh 4",
            _control("ingestd", 87, 1),
            "rest 300",
            "tell",
            _control("compactd", 88, 0),
        ],
        blames(
            "tsr_quota_charge",
            "tsr_quota_report",
            locks=[
                lock("usage_lock", "spinlock", "compactd", ["ingestd"]),
                lock("quota_lock", "spinlock", "ingestd", ["compactd"]),
            ],
        ),
    ),
    "hard-lockup": Crash(
        "interrupts off on both CPUs: one waits for a device, the other for its spinlock",
        [
            *UNKNOWN_NMI,
            # What the first CPU is going to need must not be waiting on the second.
            "pin 0",
            "set /proc/irq/3/smp_affinity 1",
            "set /proc/irq/4/smp_affinity 1",
            _control("compactd", 33, 1),
            "rest 300",
            "tell",
            _control("ingestd", 34, 0),
        ],
        blames(
            "tsr_ring_drain",
            cpu=1,
            task="pid:compactd",
            locks=[lock("lock", "spinlock", "compactd", ["ingestd"])],
        ),
        end=NMI,
        spinner="ingestd",
    ),
}

_DEADLOCK = [
    _control("ingestd", 64, 0),
    _control("compactd", 65, 1),
    "blocked ingestd compactd",
    _control("queryd", 66, 1),
    "blocked queryd",
    "tell",
]
_deadlock_truth = blames(
    "tsr_map_flush",
    "tsr_volume_resize",
    locks=[
        lock("volume_lock", "mutex", "ingestd", ["compactd"]),
        lock("map_lock", "mutex", "compactd", ["ingestd", "queryd"]),
    ],
    cycle=["pid:ingestd", "pid:compactd"],
)


def _orphaned(meanwhile):
    return [
        *UNKNOWN_NMI,
        "pin 0",
        _control("backupd", 39, 0),
        "reap backupd",
        *meanwhile,
        _control("ingestd", 40, 0),
        _control("queryd", 40, 1),
        "blocked ingestd queryd",
        "tell",
    ]


# What is left of the way to the culprit is who waits.
_orphaned_truth = blames(
    "tsr_journal_append",
    "tsr_journal_begin",
    was_owner="pid:backupd",
    locks=[lock("lock", "mutex", "gone", ["ingestd", "queryd"])],
)

LOCKS = {
    "deadlock": Crash(
        "two tasks that wait for each other's mutex, and a third behind them; then an NMI",
        UNKNOWN_NMI + _DEADLOCK,
        _deadlock_truth,
        end=NMI,
    ),
    "deadlock-hung": Crash(
        "the same, until the kernel itself finds a hung task",
        HUNG_TASK + _DEADLOCK,
        _deadlock_truth,
    ),
    "deadlock-live": Crash(
        "the same, and QEMU dumps the guest as it is", _DEADLOCK, _deadlock_truth, end=NOTHING
    ),
    "hung-task": Crash(
        "the owner of a mutex waits for a completion that never comes",
        [
            *HUNG_TASK,
            _control("backupd", 43, 0),
            "blocked backupd",
            _control("queryd", 44, 1),
            "blocked queryd",
            "tell",
        ],
        blames(
            "tsr_snapshot_create",
            locks=[
                lock("lock", "mutex", "backupd", ["queryd"]),
                lock("completion", "completion", None, ["backupd"]),
            ],
        ),
    ),
    "rwsem": Crash(
        "a reader sleeps with the lock, a writer and another reader are behind it",
        [
            *UNKNOWN_NMI,
            _control("scand", 71, 0),
            "blocked scand",
            _control("compactd", 72, 1),
            "blocked compactd",
            _control("queryd", 73, 1),
            "blocked queryd",
            "tell",
        ],
        blames(
            "tsr_index_scan",
            locks=[lock("lock", "rwsem", "scand", ["compactd", "queryd"], held_for="reading")],
        ),
        end=NMI,
    ),
    "orphaned-lock": Crash(
        "a task took a mutex and is gone", _orphaned([]), _orphaned_truth, end=NMI
    ),
    "orphaned-lock-reused": Crash(
        "the same, and other tasks have come since, one of them in its task_struct",
        _orphaned(["rest 1000", *(f"task worker{n} 0 idle" for n in range(12))]),
        _orphaned_truth,
        end=NMI,
    ),
}

_LOST_IO = [
    _control("scand", 25),
    "reap scand",
    "task ingestd 0 append /dev/tessera0",
    "task queryd 1 fetch /dev/tessera0",
    "blocked ingestd queryd",
    "tell",
]
_lost_io_truth = {
    "module": module.NAME,
    "functions": ["tsr_disk_queue"],
    "device": "tessera0",
    "queue": "at:queue",
    "waiters": ["pid:ingestd", "pid:queryd"],
}

STORAGE = {
    "frozen-fs": Crash(
        "an ext4 that was frozen, and not thawed",
        [
            *UNKNOWN_NMI,
            "freeze /data",
            "task ingestd 0 append /data/segments",
            "task queryd 1 make /data/spool",
            "blocked ingestd queryd rsyslogd",
        ],
        {
            "filesystem": "ext4",
            "device": "vda",
            "waiters": ["pid:ingestd", "pid:queryd", "pid:rsyslogd"],
        },
        end=NMI,
    ),
    "lost-io": Crash(
        "requests that the driver of a disk never ends; then an NMI",
        UNKNOWN_NMI + _LOST_IO,
        _lost_io_truth,
        end=NMI,
    ),
    "lost-io-hung": Crash(
        "the same, until the kernel itself finds a hung task", HUNG_TASK + _LOST_IO, _lost_io_truth
    ),
}

PANIC_ON_OOM = ["set /proc/sys/vm/panic_on_oom 1"]

MEMORY = {
    "out-of-memory": Crash(
        "a process takes all memory, with panic_on_oom",
        [*PANIC_ON_OOM, "task indexd - hog"],
        {"largest": "pid:indexd"},
    ),
    "no-killable": Crash(
        "the same, and there is no process that may be killed",
        ["set /proc/self/oom_score_adj -1000", "task indexd - hog"],
        {"largest": "pid:indexd"},
    ),
    "leak-slab": Crash(
        "a module takes objects of the slab until none are left",
        [*PANIC_ON_OOM, _control("ingestd", 41)],
        blames("tsr_meta_load", leak="slab", slab="kmalloc-1k"),
    ),
    "leak-pages": Crash(
        "a module took pages by the hundred megabytes; then an NMI",
        [*UNKNOWN_NMI, _control("ingestd", 17), "reap ingestd"],
        # Nothing in the dump says whose they are.
        {"leak": "pages", "functions": []},
        end=NMI,
    ),
    "leak-vmalloc": Crash(
        "a module took memory of vmalloc(); then an NMI",
        [*UNKNOWN_NMI, _control("ingestd", 63), "reap ingestd"],
        blames("tsr_buffers_grow", leak="vmalloc"),
        end=NMI,
    ),
}

CRASHES = {**POINTERS, **CALLS, **CHECKS, **DELIBERATE, **LOCKUPS, **LOCKS, **STORAGE, **MEMORY}
