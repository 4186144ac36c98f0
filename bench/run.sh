#!/bin/bash
# SPDX-License-Identifier: MIT
# What `make bench` runs: recur beside its peers, in turns. Options go on to compare.py, such as --quick or --scaling; the
# table is written as JSON too, beside the programs.
set -eu
cd "$(dirname "$0")/.."
exec python3 bench/compare.py build/release/bench --json build/release/bench/results.json "$@"
