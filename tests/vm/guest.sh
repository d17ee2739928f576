# Sourced by the tests of this folder: kernels to be crashed, and guests to do it in.
#
#   rehearse [OPTION...]      `inquest rehearse` on Debian's current kernel; --apt=PACKAGE may follow
#   report_says PYTHON        an assertion on $scratch/out of rehearse --json, as `r` and `report`
. "$TOP/tests/lib.sh"

kernels=$BUILD/kernels

command -v qemu-system-x86_64 >/dev/null || skip_all "qemu-system-x86 is not installed"
command -v apt-get >/dev/null || skip_all "kernels are fetched through apt, which is not here"

# Most tests say TCG: it is everywhere, and a KVM that hangs costs each of them its patience.
rehearse() {
	"$INQUEST" rehearse --apt --cache "$kernels" --accel tcg "$@"
}

# assert_json FILE SENTENCE EXPRESSION: true of the document r, and of its report.
assert_json() {
	if python3 - "$1" "$3" <<'PYTHON'
import json, sys

r = json.load(open(sys.argv[1]))
report = r.get("report") or {}
good = False
try:
    good = eval(sys.argv[2])
finally:
    if not good:
        print("# not true:", sys.argv[2])
        print("# outcome:", r.get("outcome"), r.get("reason"))
        print("# panic:", json.dumps(report.get("panic"))[:2000])
sys.exit(0 if good else 1)
PYTHON
	then
		result 0 "$2"
	else
		result 1 "$2"
	fi
}
