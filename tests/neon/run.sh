#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the numeric rooms for aarch64 and runs the programs of this folder under qemu-aarch64. Training there and here must
# end in the same bits.
set -eu
[ "$(uname -m)" != aarch64 ] || { echo "skipped: on this machine the ordinary tests are the NEON tests"; exit 77; }
for tool in aarch64-linux-gnu-gcc qemu-aarch64; do
    command -v $tool >/dev/null || { echo "skipped: no $tool, so the NEON kernels are not tested"; exit 77; }
done
ls "$RECUR_SOURCE_DIR"/tests/neon/*.c >/dev/null 2>&1 || { echo "skipped: no programs in tests/neon"; exit 77; }

build=$RECUR_BUILD_DIR/neon
cmake -S "$RECUR_SOURCE_DIR/tests/neon" -B "$build" -DRECUR_WERROR=ON \
    -DCMAKE_TOOLCHAIN_FILE="$RECUR_SOURCE_DIR/cmake/aarch64-linux-gnu.cmake"
cmake --build "$build" --parallel "${JOBS:-$(nproc)}"

status=0
for source in "$RECUR_SOURCE_DIR"/tests/neon/*.c; do
    name=$(basename "$source" .c)
    if ! here=$("$RECUR_BUILD_DIR/tests/${name}_here") || ! there=$(qemu-aarch64 "$build/$name"); then
        echo "$name: failed"
        status=1
    elif [ "$here" != "$there" ]; then
        printf '%s: other bits here and on aarch64:\n' "$name"
        diff <(echo "$here") <(echo "$there") || status=1
    else
        echo "$name: the same bits here and on aarch64"
    fi
done
exit $status
