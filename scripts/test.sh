#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds a preset and runs its tests: test.sh PRESET [argument of ctest...]
# The last line is always "N passed, N failed, N skipped"; the exit status is 0 only when nothing failed.
set -u
cd "$(dirname "$0")/.." || exit 1

preset=$1
shift
if ! scripts/build.sh "$preset" -DRECUR_TESTS=ON ${RECUR_WERROR:+-DRECUR_WERROR=$RECUR_WERROR}; then
    echo "The build of $preset failed."
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi

report=build/$preset/tests.xml
rm -f "$report"
ctest --test-dir "build/$preset" --output-on-failure --no-tests=error --output-junit tests.xml \
    --test-output-size-passed 1000000 --test-output-size-failed 1000000 --parallel "${JOBS:-$(nproc)}" "$@"
status=$?
# ctest writes a relative path from where it ran or from its --test-dir, depending on its version.
[ -f "$report" ] || { [ -f tests.xml ] && mv tests.xml "$report"; }
python3 scripts/tally.py "$report" "$status"
