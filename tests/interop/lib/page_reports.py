"""Trees of reports that nothing but this file decides: the page made of one is always the same."""

HOSTILE = "<script>alert('x')</script>]]>\"&<img src=http://127.0.0.1/x>"
LONG = "a_function_with_a_name_that_goes_on_and_on_" * 3


def frame(pc, function, offset, kind="call", module=None, registers=None):
    f = {"sp": "0xff5e6f0000403d10", "pc": f"0x{pc:x}", "kind": kind, "function": function, "offset": offset}
    if module:
        f["module"] = module
    if registers:
        f["registers"] = registers
    return f


def backtrace(*frames):
    return {"frames": list(frames), "clean": True, "end": "cleanly, at user mode"}


def task(address, pid, comm, cpu=0, **more):
    return {
        "address": address,
        "pid": pid,
        "tgid": pid,
        "comm": comm,
        "state": "TASK_UNINTERRUPTIBLE",
        "cpu": cpu,
        **more,
    }


def waiting(function, offset, pc):
    return backtrace(
        frame(0xFFFFFFFF81C5271D, "__schedule", 0x34D, "first"),
        frame(0xFFFFFFFF81C52E2A, "schedule", 0x5A),
        frame(0xFFFFFFFF81C54D1D, "__mutex_lock.constprop.0", 0x39D),
        frame(pc, function, offset, module="volumes"),
        frame(0xFFFFFFFF81367227, "vfs_write", 0xC7),
        frame(0xFFFFFFFF81C00126, "entry_SYSCALL_64_after_hwframe", 0x6E),
    )


def idle(cpu):
    return {
        "cpu": cpu,
        "online": True,
        "has_registers": True,
        "task": task(f"0xff11000001{cpu:06x}", 0, f"swapper/{cpu}", cpu),
        "backtrace": backtrace(
            frame(0xFFFFFFFF81C592EB, "native_safe_halt", 0xB, "first"),
            frame(0xFFFFFFFF810FBB86, "do_idle", 0x206),
            frame(0xFFFFFFFF810FBE06, "cpu_startup_entry", 0x26),
        ),
    }


REGISTERS = {name: f"0x{i * 0x1111111111:x}" for i, name in enumerate(["rax", "rbx", "rip", "rsp", "rflags"])}

MEMORY = {
    "total_bytes": 2_000_000_000,
    "free_bytes": 500_000_000,
    "anonymous_bytes": 600_000_000,
    "page_cache_bytes": 400_000_000,
    "slab_reclaimable_bytes": 200_000_000,
    "slab_unreclaimable_bytes": 150_000_000,
    "vmalloc_bytes": 100_000_000,
    "unaccounted_bytes": 50_000_000,
    "slab_top": [{"name": "dentry", "bytes": 90_000_000, "objects": 450_000, "object_size": 192}],
}


def deadlock():
    """Two tasks that wait for each other, and one behind them; ended by an NMI."""
    a, b, c = "0xff11000002a10000", "0xff11000002a20000", "0xff11000002a30000"
    x, y = "0xffffffffc03571c0", "0xffffffffc03571e0"
    first = task(a, 95, "ingest", waits_for="a mutex", since_ms=41900, function="volume_resize")
    first.update(module="volumes", lock=x, ring=1, stack_hash="0x1")
    second = task(b, 96, "compact", 1, waits_for="a mutex", since_ms=41800, function="map_flush")
    second.update(module="volumes", lock=y, ring=1, stack_hash="0x2")
    third = task(c, 97, "query", 1, waits_for="a mutex", since_ms=12600, function="map_lookup")
    third.update(module="volumes", lock=x, stack_hash="0x3")
    panicked = idle(0)
    panicked["backtrace"] = backtrace(
        frame(0xFFFFFFFF811741BA, "__crash_kexec", 0x11A, "first"),
        frame(0xFFFFFFFF81C01DED, "panic", 0x13D),
        frame(0xFFFFFFFF81BFC455, "unknown_nmi_error.cold", 0x3B),
        frame(0xFFFFFFFF81C592EB, "native_safe_halt", 0xB, "exception", registers=REGISTERS),
        frame(0xFFFFFFFF810FBB86, "do_idle", 0x206),
    )
    lines = [
        "Uhhuh. NMI received for unknown reason 31 on CPU 0.",
        "Kernel panic - not syncing: NMI: Not continuing",
        "CPU: 0 PID: 0 Comm: swapper/0 Kdump: loaded Tainted: G           OE",
        "Call Trace:",
        " <NMI>",
        " panic+0x118/0x2f4",
    ]
    return {
        "schema": "inquest.report",
        "version": 1,
        "made_by": "inquest",
        "verdict": "Deadlock in map_flush [volumes], ended by NMI, CPU 0, task swapper/0 (pid 0)",
        "crash": {
            "class": "deadlock",
            "trigger": "NMI",
            "confidence": "certain",
            "culprit": {"function": "map_flush", "module": "volumes", "pc": "0xffffffffc035587a"},
            "signature": {"bucket": "deadlock:map_flush[volumes]", "hash": "sig_v1:" + "0123456789abcdef" * 4},
            "evidence": [
                {
                    "text": "unknown_nmi_error.cold is on the stack of the CPU that panicked: NMI",
                    "source": "stack",
                    "confidence": "certain",
                    "address": "0xffffffff81bfc455",
                },
                {
                    "text": f"ingest (pid 95) waits for 41.9 seconds in volume_resize [volumes] for a mutex at {x}",
                    "source": "memory",
                    "confidence": "likely",
                    "address": a,
                },
                {"text": "which is held by compact (pid 96)", "source": "memory", "confidence": "hint"},
            ],
        },
        "banner": {
            "dumpfile": "/var/crash/vmcore",
            "cpus": 2,
            "date": "2026-01-02T03:04:05Z",
            "uptime_s": 90061,
            "load_average": ["3.00", "2.10", "0.90"],
            "nodename": "storage-1",
            "release": "6.1.0-56-amd64",
            "kernel_version": "#1 SMP PREEMPT_DYNAMIC Debian",
            "memory": "2.0 GB",
            "taint": "OE",
            "command_line": "root=/dev/vda1 ro quiet crashkernel=128M",
            "panic": "Kernel panic - not syncing: NMI: Not continuing",
        },
        "panic": {"panicked": True, "cpu": 0, "message": lines[1], "cause": lines[0]},
        "cpus": [panicked, idle(1)],
        "blocked": {
            "rings": 1,
            "tasks": [third, first, second],
            "locks": [
                {
                    "address": x,
                    "kind": "mutex",
                    "state": "held",
                    "owner_is": "blocked",
                    "owner_address": b,
                    "owner": task(b, 96, "compact"),
                    "waiters": 2,
                    "waiters_behind": 3,
                },
                {
                    "address": y,
                    "kind": "mutex",
                    "state": "held",
                    "owner_is": "blocked",
                    "owner_address": a,
                    "owner": task(a, 95, "ingest"),
                    "waiters": 1,
                    "waiters_behind": 3,
                },
            ],
            "stacks": [
                {"pids": [95], "backtrace": waiting("volume_resize", 0x3A, 0xFFFFFFFFC0355ADA)},
                {"pids": [96], "backtrace": waiting("map_flush", 0x3A, 0xFFFFFFFFC035587A)},
                {"pids": [97], "backtrace": waiting("map_lookup", 0x1F, 0xFFFFFFFFC035590F)},
            ],
        },
        "memory": MEMORY,
        "modules": [
            {"name": "volumes", "taint": "OE", "size": 28672},
            {"name": "ext4", "taint": "", "size": 1015808},
        ],
        "log_tail": [{"ts_ns": 13108435000 + i, "text": text} for i, text in enumerate(lines)],
        "health": [],
    }


def crowd():
    """More of everything than fits, with long names and markup in all texts."""
    r = deadlock()
    r["verdict"] = f"Orphaned lock in {LONG} {HOSTILE}"
    r["crash"]["class"] = "orphaned-lock"
    r["crash"]["signature"]["bucket"] = f"orphaned-lock:{LONG}[{HOSTILE}]"
    lock = "0xffff888fffffff80"
    wide = "\u7b49\u5f85\u7684\u4efb\u52a1\u7b49\u5f85\u7684\u4efb\u52a1"
    r["blocked"] = {
        "rings": 0,
        "tasks": [
            task(
                f"0xff110000{i:08x}",
                4194304 - i,
                [HOSTILE, LONG, wide, "kworker/u512:3"][i % 4],
                waits_for="a reader-writer semaphore",
                since_ms=86_400_000 + i,
                function=LONG,
                module=HOSTILE,
                lock=lock if i % 8 else f"0xffff888fffff{i:04x}",
                stack_hash="0x1",
            )
            for i in range(1000)
        ],
        "locks": [
            {
                "address": address,
                "kind": "rw_semaphore",
                "what": LONG,
                "state": "held by readers",
                "owner_is": "gone, its memory used again",
                "owner_address": f"0xff1100009{i:07x}",
                "owner": task(f"0xff1100009{i:07x}", 5, HOSTILE),
                "waiters": 875,
                "waiters_behind": 999,
            }
            for i, address in enumerate([lock] + [f"0xffff888fffff{i * 8:04x}" for i in range(40)])
        ],
        "stacks": [{"pids": [4194304 - i for i in range(1000)], "backtrace": waiting(LONG, 0x3A, 0xFFFFFFFFC0355ADA)}],
    }
    r["block_io"] = {
        "requests": 900,
        "oldest": [
            {
                "device": HOSTILE if i % 2 else LONG,
                "operation": "write",
                "sector": 2**40 + i,
                "bytes": 1048576,
                "age_ms": 86_400_000,
                "state": "in flight",
                "address": "0xffff888fffffff80",
            }
            for i in range(30)
        ],
    }
    r["memory"] = {
        **MEMORY,
        "slab_top": [{"name": LONG, "bytes": 2**44, "objects": 2**40, "object_size": 192}] * 10,
    }
    r["cpus"] = [idle(i) for i in range(512)]
    for i in range(0, 512, 37):
        r["cpus"][i]["task"] = task("0x1", 4194304, LONG)
        r["cpus"][i]["backtrace"]["frames"][0]["function"] = LONG
    r["modules"] = [{"name": f"module_{i}_{HOSTILE}", "taint": "OE" if i % 9 == 0 else ""} for i in range(200)]
    r["banner"].update(command_line=f"{HOSTILE} " * 20, nodename=LONG, panic=HOSTILE)
    r["log_tail"] = [{"ts_ns": i * 1000000, "text": f"{HOSTILE} {LONG * 3}\nsecond line"} for i in range(200)]
    r["health"] = [f"{HOSTILE} {LONG}"] * 50
    return r


ALL = {"deadlock": deadlock, "crowd": crowd}
