#!/bin/bash
# SPDX-License-Identifier: MIT
# Lays out every C and C++ file by .clang-format. With --check it only names those that are not laid out.
set -eu
cd "$(dirname "$0")/.."
mapfile -t sources < <(python3 tests/lint/tree.py .c .h .inc .cpp)
if [ "${1:-}" != --check ]; then
    clang-format --style=file -i "${sources[@]}"
    exit 0
fi
wrong=0
for source in "${sources[@]}"; do
    clang-format --style=file "$source" | cmp -s - "$source" && continue
    echo "$source is not laid out: make format"
    wrong=1
done
exit $wrong
