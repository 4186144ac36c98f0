#!/bin/bash
# SPDX-License-Identifier: MIT
# Lays out every C and C++ file by .clang-format. With --check it only says which are not laid out.
set -eu
cd "$(dirname "$0")/.."
action=(-i)
[ "${1:-}" = --check ] && action=(--dry-run -Werror)
python3 tests/lint/tree.py .c .h .inc .cpp | xargs -r clang-format --style=file "${action[@]}"
