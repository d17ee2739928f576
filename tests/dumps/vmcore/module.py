"""The out-of-tree module of tests/dumps/crash/module, built for a kernel of Debian."""
import glob
import hashlib
import os
import shutil
import subprocess
import tempfile

from .kernel import TOP

SOURCES = os.path.join(TOP, "tests", "dumps", "crash", "module")
NAME = "tessera"


class BuildError(Exception):
    pass


def _sources():
    return sorted(p for p in glob.glob(os.path.join(SOURCES, "*")) if os.path.isfile(p))


def _digest():
    digest = hashlib.sha256()
    for path in _sources():
        with open(path, "rb") as f:
            digest.update(os.path.basename(path).encode() + b"\0" + f.read())
    return digest.hexdigest()[:12]


def _compile(release, cache, folder):
    fetch = os.path.join(TOP, "tools", "fetch-headers")
    done = subprocess.run([fetch, release, cache], stdout=subprocess.PIPE, text=True, check=True)
    sources = os.path.join(os.path.abspath(done.stdout.split()[-1]), "usr", "src")
    (common,) = glob.glob(os.path.join(sources, "linux-headers-*-common*"))
    flavour = os.path.join(sources, f"linux-headers-{release}")
    argv = ["make", "-s", "-C", common, f"O={flavour}", f"M={folder}", "modules"]
    # It would need pahole, and vmlinux, which not all of Debian's headers have.
    argv += ["CONFIG_DEBUG_INFO_BTF_MODULES="]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"the module for {release}: {done.stderr[-2000:]}")
    # As Debian's own are.
    subprocess.run(["strip", "--strip-debug", os.path.join(folder, f"{NAME}.ko")], check=True)


def _build_into(folder, release, cache):
    scratch = tempfile.mkdtemp(prefix=f"{NAME}-{release}-", dir=os.path.abspath(cache))
    try:
        for source in _sources():
            shutil.copy(source, scratch)
        _compile(release, cache, scratch)
        os.rename(scratch, folder)
    except OSError:
        # Another run may have been faster.
        if not os.path.exists(folder):
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def build(release, cache):
    """The bytes of the module. It is built once for a kernel; @cache is where its headers go to."""
    folder = os.path.join(cache, f"{NAME}-{release}-{_digest()}")
    os.makedirs(cache, exist_ok=True)
    if not os.path.exists(folder):
        _build_into(folder, release, cache)
    with open(os.path.join(folder, f"{NAME}.ko"), "rb") as f:
        return f.read()


def line_of(text):
    """(file, line) of the one line in the module's sources that has @text."""
    found = []
    for path in _sources():
        with open(path, encoding="utf-8") as f:
            found += [(os.path.basename(path), n) for n, line in enumerate(f, 1) if text in line]
    (place,) = found
    return place
