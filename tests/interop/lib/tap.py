"""Results of a test, as TAP, and commands run for one."""
import os
import subprocess


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def ok(self, good, what, why=""):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {what}", flush=True)
        if not good:
            for line in str(why).splitlines():
                print(f"# {line}", flush=True)
        return good

    def skip(self, what, why):
        self.count += 1
        print(f"ok {self.count} - {what} # SKIP {' '.join(str(why).split())}", flush=True)

    def done(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def run(argv, stdin=None, **env):
    """(did it succeed, the end of what it said, what it printed)"""
    done = subprocess.run(
        argv,
        input=stdin,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env=dict(os.environ, **env),
    )
    said = (done.stderr.strip() or done.stdout.strip())[-400:]
    return done.returncode == 0, said, done.stdout
