"""What drgn finds in a dump with debug information: tasks, stacks, modules, log, CPUs, as JSON.

usage: tasks_by_drgn.py DUMP VMLINUX, by the Python that has drgn
"""
import bisect
import json
import os
import sys

import drgn
from drgn.helpers.linux.cpumask import for_each_present_cpu
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.percpu import per_cpu
from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.printk import get_printk_records
from drgn.helpers.linux.sched import task_state_to_char

KERNEL_HALF = 1 << 63

prog = drgn.Program()
prog.set_core_dump(sys.argv[1])
prog.load_debug_info([sys.argv[2]])


def text(value):
    return value.decode("utf-8", "replace")


# Labels in assembly have no size, so that drgn names the function they are in.
labels = sorted((x.address, x.name) for x in prog.symbols()) if hasattr(prog, "symbols") else []


def names_at(frame):
    """The symbols that a frame is in: functions have aliases, and entry points inside."""
    # A return address may be that of the next function, if a call was the last thing in one.
    at = frame.pc if frame.interrupted else frame.pc - 1
    try:
        names = {prog.symbol(at).name}
    except LookupError:
        return []
    end = bisect.bisect_right(labels, (at, "\x7f"))
    nearest = labels[end - 1][0] if end else 0
    while end and labels[end - 1][0] == nearest:
        names.add(labels[end - 1][1])
        end -= 1
    return sorted(names)


def frames_of(task):
    """[stack pointer, address of code, names] of each frame, and why there are no more"""
    try:
        trace = prog.stack_trace(task)
    except Exception as e:  # pylint: disable=broad-except
        return [], str(e)  # older ones do not know the unwind tables of newer kernels
    found = []
    for frame in trace:
        # A function that was inlined has a frame of its own, but none on the stack.
        if getattr(frame, "is_inline", False):
            continue
        try:
            pc, sp = frame.pc, getattr(frame, "sp", 0)
        except LookupError:
            break
        if not pc & KERNEL_HALF:
            break
        found.append([sp, pc, names_at(frame)])
    return found, ""


def cpu_of(t):
    try:  # in thread_info since bcf9033e5449 ("sched: move CPU field back into thread_info"), v5.16
        return t.thread_info.cpu.value_()
    except AttributeError:
        return t.cpu.value_()


def task(t):
    frames, why = frames_of(t)
    return {
        "pid": t.pid.value_(),
        "ppid": t.parent.pid.value_() if t.parent else 0,
        "comm": text(t.comm.string_()),
        "address": t.value_(),
        "state": task_state_to_char(t),
        "cpu": cpu_of(t),
        "frames": frames,
        "why": why,
    }


def module(m):
    try:  # since ac3b43283923 ("module: replace module_layout with module_memory"), v6.4
        parts = [m.mem[i] for i in range(7)]
        base = parts[0].base.value_()
        size = sum(p.size.value_() for p in parts[:4])
    except AttributeError:
        base, size = m.core_layout.base.value_(), m.core_layout.size.value_()
    return [text(m.name.string_()), base, size, m.value_()]


def main():
    cpus = list(for_each_present_cpu(prog))
    idle = [per_cpu(prog["runqueues"], cpu).idle for cpu in cpus]
    listed = list(for_each_task(prog))
    seen = {t.value_() for t in listed}
    listed += [t for t in idle if t.value_() not in seen]
    found = {
        "tasks": [task(t) for t in listed],
        "modules": [
            module(m)
            for m in list_for_each_entry("struct module", prog["modules"].address_of_(), "list")
        ],
        "log": [[r.timestamp, text(r.text)] for r in get_printk_records(prog)],
        "current": {cpu: per_cpu(prog["runqueues"], cpu).curr.value_() for cpu in cpus},
    }
    print(json.dumps(found))
    # Tearing the program down takes longer than all of the above, and is of no use.
    sys.stdout.flush()
    os._exit(0)


main()
