#!/bin/bash
# SPDX-License-Identifier: MIT
# A whole training gives the same model file for every instruction set and number of threads.
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"

same_bits() { # same_bits TASK DATA OPTIONS...
    local train=("$recur" train "$@" --quiet --no-plot --force)
    "${train[@]}" --threads 1 --out whole >/dev/null
    for threads in 2 3 7; do
        "${train[@]}" --threads $threads --out "threads$threads" >/dev/null
        check "$1: $threads threads" cmp whole/model.safetensors "threads$threads/model.safetensors"
    done
    for isa in portable avx2 avx512 neon; do
        run env RECUR_ISA=$isa "${train[@]}" --threads 2 --out "$isa"
        [ "$code" = 0 ] && check "$1: $isa" cmp whole/model.safetensors "$isa/model.safetensors"
    done
}

"$recur" data sine --count 300 -o sine.csv
"$recur" data reviews --count 200 -o reviews.csv
same_bits forecast sine.csv --target value --cell lstm --layers 2 --dropout 0.2 --bidirectional --hidden 20 --epochs 3
same_bits classify reviews.csv --hidden 20 --embedding 12 --input-dropout 0.2 --recurrent-dropout 0.2 --variational --epochs 3
same_bits classify reviews.csv --cell gru --hidden 20 --attention multihead:2 --pool attention --dense 9 --batch-norm \
    --class-weights --label-smoothing 0.1 --epochs 3
run env RECUR_ISA=abacus "$recur" train forecast sine.csv --out none
expect "an instruction set that is not" 1 "" "recur: *RECUR_ISA*"
done_testing
