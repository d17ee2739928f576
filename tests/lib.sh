# Sourced by tests that are shell scripts: TAP results and a scratch directory.
#
#   . "$TOP/tests/lib.sh"
#   check "the version is printed" "$INQUEST" --version
#   expect_status 2 "an unknown verb is a usage error" "$INQUEST" nosuchverb
#   result $? "what was just tried"
#   done_testing
#
# $scratch is a directory that goes away at the end, however that comes.
set -u

scratch=$(mktemp -d "${TMPDIR:-/tmp}/inquest-test-XXXXXX")
# A test that needs more cleaning up defines its own at_exit.
at_exit() { :; }
trap 'at_exit; rm -rf "$scratch"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

tap_count=0
tap_failed=0

# result STATUS SENTENCE: 0 is good.
result() {
	tap_count=$((tap_count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_count - $2"
	else
		echo "not ok $tap_count - $2"
		tap_failed=$((tap_failed + 1))
	fi
}

# skip SENTENCE WHY
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

skip_all() {
	echo "$1"
	exit 77
}

# Show a file's lines so that they are not taken for results.
show() {
	sed 's/^/# /' "$1"
}

# expect_status STATUS SENTENCE COMMAND...: output goes to $scratch/out and $scratch/err.
expect_status() {
	expected=$1
	sentence=$2
	shift 2
	"$@" >"$scratch/out" 2>"$scratch/err" </dev/null
	status=$?
	if [ "$status" = "$expected" ]; then
		result 0 "$sentence"
	else
		echo "# exit status $status, expected $expected: $*"
		show "$scratch/out"
		show "$scratch/err"
		result 1 "$sentence"
	fi
}

check() {
	sentence=$1
	shift
	expect_status 0 "$sentence" "$@"
}

# expect_line FILE PATTERN SENTENCE: some line of FILE matches the extended expression.
expect_line() {
	if grep -Eq -e "$2" "$1"; then
		result 0 "$3"
	else
		echo "# no line of $1 matches: $2"
		show "$1"
		result 1 "$3"
	fi
}

done_testing() {
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
	exit $?
}
