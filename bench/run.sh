#!/bin/bash
# SPDX-License-Identifier: MIT
# What `make bench` runs: recur beside PyTorch, in turns. Options go on to compare.py (--rounds N, --seconds F, --json FILE).
set -eu
cd "$(dirname "$0")/.."
exec python3 bench/compare.py build/release/bench/step "$@"
