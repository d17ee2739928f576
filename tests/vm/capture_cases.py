"""What the tables of captures share: a case, and trying it on a kernel.

    def raw(t):                                # a Trial
        disk = t.lab.disk(None, 400)
        run = t.capture({"targets": [{"kind": "raw", "device": "/dev/vda"}]}, disks=[disk])
        t.check("it is complete", run.end.get("outcome") == "complete", run.end)

    CASES = [Case("raw", raw), Case("SSH", ssh, SshServer)]

A server is a class made with a scratch folder, to be entered and left; it lists the `programs`
it needs.
"""
import collections
import contextlib
import tempfile
import traceback

from capture_lab import GuestError, Lab, is_whole, one

KERNELS = ("6.1", "6.12")

# On which kernels it is tried; a server is None where it needs none.
Case = collections.namedtuple("Case", "name function server kernels", defaults=(None, KERNELS))

# What came of one: "good", "BAD" or "skip", and seconds of the capture kernel, None if it never ran.
Result = collections.namedtuple("Result", "verdict seconds")


class Trial:
    """A case on a kernel, while it is tried."""

    def __init__(self, case, kernel, lab, server, tap):
        self.what = f"{case.name}, {kernel}"
        self.lab, self.server, self.tap, self.seconds = lab, server, tap, None

    def check(self, sentence, condition, *shown):
        return self.tap.check(f"{self.what}: {sentence}", condition, *shown)

    def capture(self, manifest, **more):
        run = self.lab.capture(manifest, **more)
        self.seconds = run.capture_seconds()
        return run

    def check_end(self, run, outcome, ending):
        """What the console says of it, and how the machine went down."""
        shown = (run.end, *run.lines[-25:])
        good = self.check(f"the outcome is {outcome}", run.end.get("outcome") == outcome, *shown)
        return self.check(f"it ends with {ending}", run.ending == ending, run.ending, *shown) and good

    def check_dump(self, files, pattern="*/vmcore"):
        """The one dump of these files of a disk is whole."""
        dump = one(files, pattern)
        return self.check("the dump is whole", dump and is_whole(dump.host), *files)


def _try_in(scratch, case, kernel, tap):
    """Seconds that it took."""
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(Lab(kernel, scratch))
        server = stack.enter_context(case.server(scratch)) if case.server else None
        trial = Trial(case, kernel, lab, server, tap)
        try:
            case.function(trial)
        except GuestError as e:
            trial.check("the guest comes to an end", False, e)
        except Exception:  # pylint: disable=broad-except
            # The other cases are still worth trying.
            trial.check("the test itself works", False, *traceback.format_exc().splitlines())
        return trial.seconds


def try_case(case, kernel, tap):
    before = tap.failed
    with tempfile.TemporaryDirectory(prefix="inquest-capture-") as scratch:
        seconds = _try_in(scratch, case, kernel, tap)
    return Result("good" if tap.failed == before else "BAD", seconds)


def table(sections, kernels, results):
    """Lines: a row for each case that was tried, a column for each kernel."""
    yield f"{'target or fault':28}" + "".join(f"  {kernel:14}" for kernel in kernels)
    for title, cases in sections:
        rows = [c for c in cases if any((c.name, kernel) in results for kernel in kernels)]
        if rows:
            yield f"-- {title}"
        for case in rows:
            cells = [results.get((case.name, kernel)) for kernel in kernels]
            yield f"{case.name:28}" + "".join(f"  {_cell(r):14}" for r in cells).rstrip()


def _cell(result):
    if not result:
        return "-"
    return f"{result.verdict:4}" + (f" {result.seconds:6.1f} s" if result.seconds else "")
