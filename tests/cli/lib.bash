# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2317
# What the tests of the command line share: a folder of their own, checks that count, the program's name.
#   check NAME COMMAND...   COMMAND must succeed
#   run COMMAND...          runs it; leaves $code, $out (file of standard output), $err (file of standard error)
#   expect NAME CODE OUT ERR    the last run's exit status, standard output and standard error; OUT and ERR are globs, '*' for any
#   done_testing            the end: fails if a check failed
recur=${RECUR_BIN:?RECUR_BIN names the program}
[ -w /dev/shm ] && shm=/dev/shm # where flushing to the disk costs nothing
work=$(mktemp -d "${shm:-/tmp}/recur-test.XXXXXX")
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
out=$work/.out err=$work/.err
passed=0 failed=0
cd "$work" || exit 1
unset NO_COLOR RECUR_ISA

pass() {
    passed=$((passed + 1))
}

fail() {
    failed=$((failed + 1))
    printf 'FAILED: %s\n' "$*"
}

check() {
    local name=$1
    shift
    if "$@"; then pass; else fail "$name"; fi
}

run() {
    "$@" >"$out" 2>"$err"
    code=$?
}

show() {
    printf '  exit %s\n' "$code"
    sed 's/^/  out: /' "$out" | head -5
    sed 's/^/  err: /' "$err" | head -5
}

expect() {
    local name=$1 want=$2 out_glob=$3 err_glob=$4
    # shellcheck disable=SC2053  # these are globs
    if [[ $code == "$want" && $(<"$out") == $out_glob && $(<"$err") == $err_glob ]]; then
        pass
    else
        fail "$name: wanted exit $want, output $out_glob, errors $err_glob"
        show
    fi
}

skip() {
    printf 'skipped: %s\n' "$*"
    exit 77
}

done_testing() {
    printf '%d checks passed, %d failed\n' "$passed" "$failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
    exit
}
