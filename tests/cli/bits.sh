#!/bin/bash
# SPDX-License-Identifier: MIT
# A whole training gives the same model file for every instruction set and number of threads.
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"

"$recur" data sine --count 300 -o sine.csv
options=(--target value --cell lstm --layers 2 --dropout 0.2 --bidirectional --hidden 20 --epochs 3 --quiet --no-plot)
"$recur" train forecast sine.csv "${options[@]}" --threads 1 --out whole >/dev/null
for threads in 2 3 7; do
    "$recur" train forecast sine.csv "${options[@]}" --threads $threads --out "threads$threads" >/dev/null
    check "$threads threads" cmp whole/model.safetensors "threads$threads/model.safetensors"
done
for isa in portable avx2 avx512 neon; do
    run env RECUR_ISA=$isa "$recur" train forecast sine.csv "${options[@]}" --threads 2 --out "$isa"
    [ "$code" = 0 ] && check "$isa" cmp whole/model.safetensors "$isa/model.safetensors"
done
run env RECUR_ISA=abacus "$recur" train forecast sine.csv "${options[@]}" --out none
expect "an instruction set that is not" 1 "" "recur: *RECUR_ISA*"
done_testing
