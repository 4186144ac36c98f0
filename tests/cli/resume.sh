#!/bin/bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2317 # functions are called by their names
# A run killed at a random moment and resumed ends in the same bits as one that was never disturbed. RECUR_TEST_LEVEL=full
# tries more often.
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"

trials=5 # of each configuration
[ "${RECUR_TEST_LEVEL:-quick}" = full ] && trials=50

# What may differ between two runs: how long they took.
timeless() {
    sed -E 's/"(seconds|units_per_second|peak_bytes)": [^,}]*//g' "$1"
}

same_run() {
    { [ "$task" != forecast ] || cmp -s "$1/forecast.csv" "$2/forecast.csv"; } &&
        cmp -s "$1/model.safetensors" "$2/model.safetensors" && cmp -s "$1/config.json" "$2/config.json" &&
        cmp -s <(timeless "$1/metrics.jsonl") <(timeless "$2/metrics.jsonl") &&
        cmp -s <(timeless "$1/result.json") <(timeless "$2/result.json")
}

# Beyond the words of this array a training is told where its folder is.
command_line() {
    command=("$recur" train "$task" "${data[@]}" "${options[@]}" --no-plot --quiet --threads 1)
}

# Starts a run, kills it after a random part of $milliseconds; true if it was still running.
killed() {
    "${command[@]}" "$@" >/dev/null 2>"$err" & # the program itself, not a shell around it
    local pid=$! after=$((RANDOM * milliseconds / 32768))
    sleep "$(printf '%d.%03d' $((after / 1000)) $((after % 1000)))"
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ $? = 137 ]
}

trial() {
    local tries=0
    rm -rf cut
    killed --out cut && kills=$((kills + 1))
    while killed --out cut --resume && [ $tries -lt 2 ]; do
        kills=$((kills + 1))
        tries=$((tries + 1))
    done
    "${command[@]}" --out cut --resume >/dev/null 2>"$err"
}

"$recur" data sine --count 500 -o sine.csv
"$recur" data ball --count 300 -o ball.csv
"$recur" data stock --count 300 -o stock.csv
"$recur" data reviews --count 200 -o reviews.csv
kills=0

series() {
    local begin
    command_line
    rm -rf whole
    begin=$(date +%s%3N)
    "${command[@]}" --out whole >/dev/null || fail "$* does not train"
    milliseconds=$(($(date +%s%3N) - begin))
    for ((i = 0; i < trials; i++)); do
        trial || fail "$*: resuming fails: $(<"$err")"
        check "$*: resumed run differs" same_run whole cut
    done
}

task=forecast
common=(--hidden 12 --patience 0 --checkpoint-every 0.005)
data=(sine.csv) options=("${common[@]}" --epochs 30 --dropout 0.2 --layers 2)
series lstm with dropout
data=(ball.csv --rows) options=("${common[@]}" --cell rnn --epochs 60 --optimizer sgd --momentum 0.9 --lr 0.02 --schedule onecycle)
series rnn, one cycle
data=(stock.csv --target Close --features Volume) options=("${common[@]}" --cell gru --epochs 60 --optimizer nadam --checkpoint-every 0)
series gru with nadam, a checkpoint after every batch
data=(sine.csv) options=("${common[@]}" --cell gru --epochs 60 --max-steps 500 --optimizer rmsprop --schedule cosine --bidirectional)
series gru, cut short by a number of steps

task=classify
data=(reviews.csv) options=("${common[@]}" --embedding 12 --epochs 12 --embedding-dropout 0.3 --input-dropout 0.2 --variational)
series classifier with word dropout
options=("${common[@]}" --embedding 12 --epochs 12 --cell gru --attention multihead:2 --pool attention --dense 8 --batch-norm
    --class-weights --label-smoothing 0.1 --split-every 7 --optimizer adam)
series classifier with attention and batch norm

printf '%d runs were killed\n' "$kills"
check "hardly any run was still alive when it was to be killed" [ "$kills" -ge "$trials" ]
done_testing
