#!/bin/bash
# SPDX-License-Identifier: MIT
# Clang reads every source file with the project's warnings as errors (the build itself does so with gcc).
set -u
cd "$RECUR_SOURCE_DIR" || exit 1
command -v clang >/dev/null || { echo "skipped: no clang"; exit 77; }

flags=(-std=c11 -D_POSIX_C_SOURCE=200809L -ffp-contract=off -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
    -fsyntax-only -Iinclude -Isrc -Itests -DRECUR_REFERENCE_DIR="\"tests/reference\"")
wide=()
if [ "$(uname -m)" = x86_64 ]; then
    flags+=(-DRECUR_HAVE_AVX2=1 -DRECUR_HAVE_AVX512=1)
    wide=(-mavx2 -mfma -mavx512f -mavx512dq -mavx512vl -mavx512bw)
fi

failed=0
read=0
for file in src/*/*.c cli/*.c examples/*.c tests/support/*.c tests/*/test_*.c; do
    isa=()
    case $file in
    *\**) continue ;;
    */isa_neon.c) [ "$(uname -m)" = aarch64 ] || continue ;;
    */isa_avx*.c) [ "$(uname -m)" = x86_64 ] || continue; isa=("${wide[@]}") ;;
    esac
    clang "${flags[@]}" ${isa[@]+"${isa[@]}"} "$file" || failed=$((failed + 1))
    read=$((read + 1))
done
echo "$read files read by clang, $failed with warnings"
[ $failed = 0 ]
