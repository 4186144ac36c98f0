#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the fuzz targets and runs each for a while: fuzz.sh [SECONDS [TARGET...]]
# Seeds are in tests/fuzz/corpus/<target>/; what a target finds is kept in build/fuzz/found/. Ends with a count.
set -u
cd "$(dirname "$0")/.." || exit 1
seconds=${1:-60}
shift $(($# > 0))

if ! scripts/build.sh fuzz >/dev/null; then
    echo "0 passed, 1 failed"
    exit 1
fi
passed=0 failed=0
[ $# -gt 0 ] || set -- tests/fuzz/fuzz_*.c
for target in "$@"; do
    name=$(basename "$target" .c)
    [ -x "build/fuzz/targets/$name" ] || continue
    found=build/fuzz/found/$name
    mkdir -p "$found/corpus"
    seeds=()
    [ -d "tests/fuzz/corpus/$name" ] && seeds=("tests/fuzz/corpus/$name")
    log=$found/log.txt
    if "build/fuzz/targets/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$found/" "$found/corpus" ${seeds[@]+"${seeds[@]}"} >"$log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        echo "ok    $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s"
    else
        failed=$((failed + 1))
        echo "FAIL  $name"
        tail -n 40 "$log"
    fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
