#!/bin/bash
# SPDX-License-Identifier: MIT
# What `make demo` shows.
set -eu
cd "$(dirname "$0")/.."
build/release/recur --version
