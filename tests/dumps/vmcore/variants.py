"""The guests that are dumped: kernels, machines, and what their memory is full of."""
from dataclasses import dataclass, field

K61 = "linux-image-amd64"
K612 = "linux-image-6.12-amd64"

# Each kind of page there is; the last step fills the per-CPU free lists.
MIX = [
    "data /dev/vda",
    "read",
    "write 16",
    "anon 24 zero small",
    "anon 48 text small",
    "anon 12 pointers small",
    "anon 12 random",
    "anon 64 text huge",
    "tmpfs 24",
    "hugetlb 8",
    "hwpoison 3",
    "dirty 96 random",
    "dirty 24 pointers small",
]


@dataclass
class Variant:
    what: str
    package: str
    memory: str = "1024M"
    cpus: int = 2
    cpu_model: str = "max"
    machine: str = "q35"
    counts_instructions: bool = False  # slower, but nothing runs into a timeout
    qemu: list = field(default_factory=list)
    command_line: str = ""
    plan: list = field(default_factory=lambda: MIX)
    data_bytes: int = 96 << 20
    hot_added_mib: int = 0  # in steps of 128, brought online but for the last 128
    modules: dict = field(default_factory=dict)  # more than the guest needs: {name: bytes}
    crashkernel: str = ""  # then the dump is a capture kernel's /proc/vmcore, else QEMU's
    last_plan: list = field(default_factory=list)  # what comes last, instead of the crash or dump
    capture_cpus: int = 1
    capture_files: dict = field(default_factory=dict)  # beside init and modules: {path: (bytes, mode)}
    capture_plan: list = field(default_factory=lambda: ["copy /proc/vmcore /dev/vdb", "poweroff"])


def _numa(memory_mib):
    half = memory_mib // 2
    argv = []
    for node in range(2):
        argv += ["-object", f"memory-backend-ram,id=ram{node},size={half}M"]
        argv += ["-numa", f"node,nodeid={node},cpus={node},memdev=ram{node}"]
    return argv


def _of(prefix, package):
    four_levels = "max,la57=off"
    yield f"{prefix}-4level", Variant("4-level page tables", package, cpu_model=four_levels)
    yield f"{prefix}-numa", Variant(
        "5-level page tables, 2 NUMA nodes, a hole in the middle of the first",
        package,
        machine="q35,max-ram-below-4g=384M",
        qemu=_numa(1024),
    )
    yield f"{prefix}-5g", Variant(
        "5 GiB, so RAM above 4 GiB, with a huge page of 1 GiB",
        package,
        memory="5120M",
        command_line="hugepagesz=1G hugepages=1",
        plan=MIX + ["hugetlb 1 1G"],
    )
    yield f"{prefix}-hotadd", Variant(
        "memory added while it ran, a part of it not online",
        package,
        memory="768M,slots=2,maxmem=2048M",
        plan=["online 4"] + MIX,
        hot_added_mib=512,
    )
    yield f"{prefix}-kdump", Variant(
        "/proc/vmcore of a capture kernel", package, crashkernel="192M"
    )


VARIANTS = dict([*_of("6.1", K61), *_of("6.12", K612)])

VARIANTS["bench"] = Variant(
    "6 GiB, half full of real page cache",
    K61,
    memory="6144M",
    plan=[
        "data /dev/vda",
        "dirty 700 random",
        "read",
        "anon 307 zero",
        "anon 614 text",
        "anon 154 pointers",
        "anon 154 random",
        "tmpfs 300",
        "dirty 700 text",
        "dirty 32 random small",
    ],
    data_bytes=2_800_000_000,
)

VARIANTS["tasks"] = Variant(
    "1,000 processes that sleep", K61, memory="512M", plan=["tasks 1000"]
)
