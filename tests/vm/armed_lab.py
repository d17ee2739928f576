"""What the tests share that arm a Debian guest as an administrator would."""
import os
import subprocess

TOP = os.environ.get("TOP", os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")))
BUILD = os.environ.get("BUILD", os.path.join(TOP, "build"))
INQUEST = os.environ.get("INQUEST", os.path.join(BUILD, "inquest"))
CAPTURE = os.environ.get("INQUEST_CAPTURE", os.path.join(BUILD, "inquest-capture"))
LIBC = ("libc.so", "libm.so", "ld-linux", "libpthread", "libdl.so", "librt.so")


class Tap:
    """Results as they come, in the form of the test runner."""

    def __init__(self):
        self.count = self.failed = 0

    def result(self, good, sentence, *shown):
        self.count += 1
        print(f"{'ok' if good else 'not ok'} {self.count} - {sentence}", flush=True)
        if not good:
            self.failed += 1
            for text in shown:
                self.say(text)

    @staticmethod
    def say(text):
        print("".join(f"# {line}\n" for line in str(text).splitlines()), end="", flush=True)

    def end(self):
        print(f"1..{self.count}")
        return int(self.failed > 0)


def libraries():
    """Those of the program that a Debian system may lack; they go where its loader looks."""
    out = subprocess.run(["ldd", INQUEST], capture_output=True, text=True, check=True).stdout
    paths = [word for line in out.splitlines() for word in line.split() if word.startswith("/")]
    found = {}
    for path in paths:
        if not os.path.basename(path).startswith(LIBC):
            found["/usr/lib/x86_64-linux-gnu/" + os.path.basename(path)] = os.path.realpath(path)
    return found


def install(machine):
    """Put the programs into a guest that runs."""
    files = {"/usr/local/bin/inquest": INQUEST, "/usr/local/bin/inquest-capture": CAPTURE}
    machine.put({**files, **libraries()})
