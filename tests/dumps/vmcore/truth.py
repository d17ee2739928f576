"""What a guest says of itself on its second serial port, and a truth made of it.

It comes this way so that it is not in the kernel log, which is part of the dump.
"""
import re


class Truth:
    def __init__(self, path):
        self.path = path
        with open(path, "wb"):
            pass

    def qemu_argv(self):
        device = ["-device", "isa-serial,chardev=truth,index=1"]
        return ["-chardev", f"file,id=truth,path={self.path}", *device]

    def _lines(self):
        with open(self.path, encoding="ascii", errors="replace") as f:
            return [line.split() for line in f if line.endswith("\n")]

    def tasks(self):
        """{name: PID}"""
        return {line[1]: int(line[2]) for line in self._lines() if line[0] == "pid"}

    def addresses(self):
        """{name: address, as text}"""
        return {line[0]: line[1] for line in self._lines() if re.match("0x[0-9a-f]+$", line[1])}

    def resolve(self, claim):
        """@claim with each "pid:NAME" and "at:NAME" in it replaced."""
        if isinstance(claim, dict):
            return {key: self.resolve(value) for key, value in claim.items()}
        if isinstance(claim, list):
            return [self.resolve(value) for value in claim]
        if isinstance(claim, str) and claim.startswith("pid:"):
            return self.tasks()[claim[4:]]
        if isinstance(claim, str) and claim.startswith("at:"):
            return self.addresses()[claim[3:]]
        return claim
