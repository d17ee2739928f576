"""usage: debian_guest build [NAME]
       debian_guest run [--image NAME] [--append WORDS] [--memory SIZE] [--put THERE=HERE]... SCRIPT...

build makes the disk NAME (plain, or kdump-tools) unless it is there, and prints where it is. run boots
a guest of it and runs each SCRIPT of the shell in it, in turn; what it is told goes away with it. With
--console the guest's console is shown. Started as `python3 tests/vm/debian_guest`.
"""
import argparse
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
# pylint: disable=wrong-import-position
from debian_guest import build, guest


def _run(args):
    image = build.image(args.image)
    with tempfile.TemporaryDirectory(prefix="inquest-guest-") as scratch:
        with guest.DebianGuest(image, scratch, options=args.append, memory=args.memory) as machine:
            try:
                machine.wait_up()
                machine.put(dict(pair.split("=", 1) for pair in args.put))
                for script in args.script:
                    status, output = machine.run(script)
                    print(output, end="")
                    if status:
                        return status
            finally:
                if args.console:
                    print("\n".join(machine.lines), file=sys.stderr)
    return 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__.removeprefix("usage: "), add_help=False)
    parser.add_argument("verb", choices=["build", "run"])
    parser.add_argument("script", nargs="*")
    parser.add_argument("--image", default="plain")
    parser.add_argument("--append", default="")
    parser.add_argument("--memory", default="1024M")
    parser.add_argument("--put", action="append", default=[])
    parser.add_argument("--console", action="store_true")
    args = parser.parse_intermixed_args()
    try:
        if args.verb == "run":
            return _run(args)
        for name in args.script or ["plain", "kdump-tools"]:
            print(build.image(name).disk)
        return 0
    except (build.BuildError, guest.GuestError) as e:
        print(f"debian_guest: {e}", file=sys.stderr)
        return 1


sys.exit(main())
