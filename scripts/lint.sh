#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs the linters over the tree, one line each; ends with "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0

check() { # check NAME COMMAND...
    local name=$1 log
    shift
    log=$(mktemp)
    if "$@" >"$log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        echo "ok    $name"
    else
        failed=$((failed + 1))
        echo "FAIL  $name"
        head -n 100 "$log"
    fi
    rm -f "$log"
}

tidy() { # the library and the program; the complaints alone, without the paths that lead there
    python3 tests/lint/tree.py src/ cli/ .c | grep -v isa_neon |
        xargs -r -n 4 -P "${JOBS:-$(nproc)}" clang-tidy -p build/lint --quiet 2>/dev/null | grep -E '(error|warning): '
    [ "${PIPESTATUS[2]}" = 0 ]
}

cpp_check() {
    # internalAstError: compound literals; CastInteger...: pointers to functions
    cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -j "${JOBS:-$(nproc)}" \
        --enable=warning,performance,portability --suppress=missingIncludeSystem --suppress=internalAstError --suppress=CastIntegerToAddressAtReturn -Iinclude -Isrc \
        src cli examples
}

shell() {
    # shellcheck disable=SC2046 # a list of files; SC2317: functions that lib.bash calls by name
    shellcheck -x -e SC2317 .ci/run $(python3 tests/lint/tree.py .sh .bash)
}

spelling() { # not in tests, which misspell on purpose
    # shellcheck disable=SC2046 # a list of files
    codespell --ignore-words scripts/codespell-ignore.txt \
        $(python3 tests/lint/tree.py .c .h .inc .md .sh .bash .py .txt .cmake | grep -v '^tests/')
}

check layout scripts/format.sh --check
check "shell scripts" shell
check spelling spelling
check cppcheck cpp_check
if scripts/build.sh lint -DRECUR_TESTS=OFF recur_objects >/dev/null; then
    check clang-tidy tidy
else
    check "build with clang, warnings as errors" false
fi
echo "$passed passed, $failed failed"
[ $failed = 0 ]
