#!/bin/bash
# SPDX-License-Identifier: MIT
# Configures where needed and builds: build.sh PRESET [-DOPTION=VALUE...] [TARGET...]
# Extra arguments beginning with -D go to CMake's configuration.
set -eu
cd "$(dirname "$0")/.."

preset=$1
shift
options=() targets=()
for word in "$@"; do
    case $word in
    -D*) options+=("$word") ;;
    *) targets+=("$word") ;;
    esac
done

if [ ! -f "build/$preset/CMakeCache.txt" ] && command -v ninja >/dev/null; then
    options+=(-G Ninja)
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cmake --preset "$preset" ${options[@]+"${options[@]}"} >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
grep -A 3 Warning "$log" >&2 || true
cmake --build "build/$preset" --parallel "${JOBS:-$(nproc)}" ${targets[@]+--target "${targets[@]}"}
