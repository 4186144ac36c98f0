#!/bin/bash
# SPDX-License-Identifier: MIT
# SIGINT and SIGTERM while training: everything is saved, the exit status says which came, and the run can go on.
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"

"$recur" data sine --count 400 -o sine.csv
train=("$recur" train forecast sine.csv --target value --hidden 16 --epochs 400 --patience 0 --no-plot --threads 1)

# Waits until the run has learnt a few epochs.
wait_for() {
    for ((i = 0; i < 500; i++)); do
        [ -e "$1/metrics.jsonl" ] && [ "$(wc -l <"$1/metrics.jsonl")" -ge 3 ] && return
        sleep 0.02
    done
}

stop() { # stop NAME SIGNAL STATUS
    rm -rf cut
    "${train[@]}" --out cut >"$out" 2>"$err" &
    local pid=$!
    wait_for cut
    kill "-$2" $pid
    wait $pid
    code=$?
    expect "$1" "$3" "" "epoch 1/*recur: stopped after * steps; all is saved*recur: recur train forecast --resume --out cut goes on"
    check "$1: a checkpoint" [ -s cut/checkpoint.safetensors ]
    check "$1: the best model so far" [ -s cut/model.safetensors ]
    check "$1: no result yet" [ ! -e cut/result.json ]
}

"${train[@]}" --quiet --out whole >/dev/null
stop "Ctrl-C" INT 130
run "$recur" train forecast --resume --quiet --no-plot --out cut
expect "going on" 0 "lstm, *" ""
check "ends in the same bits" cmp whole/model.safetensors cut/model.safetensors
stop "SIGTERM" TERM 143
run "$recur" train forecast --resume --quiet --no-plot --out cut
check "ends in the same bits" cmp whole/model.safetensors cut/model.safetensors
run "$recur" train forecast --resume --quiet --no-plot --out cut
expect "a run that is done is done" 0 "lstm, *" ""
check "and stays as it is" cmp whole/model.safetensors cut/model.safetensors

# A second training in the same folder is refused, and the first one goes on; a killed one leaves the folder free.
rm -rf cut
"${train[@]}" --quiet --out cut >/dev/null 2>&1 &
pid=$!
wait_for cut
for how in "" --force --resume; do
    # shellcheck disable=SC2086 # no option at all is none
    run "${train[@]}" --quiet --out cut $how
    expect "a folder that is in use, ${how:-plainly}" 2 "" "recur: cut: a training that is under way writes into this folder"
done
check "the first one has its files" [ -s cut/config.json ]
kill -KILL $pid
wait $pid 2>/dev/null
run "$recur" train forecast --resume --quiet --no-plot --out cut
expect "the folder of a killed training" 0 "lstm, *" ""
check "ends in the same bits" cmp whole/model.safetensors cut/model.safetensors

# Training that diverges: exit status 1, and the best model so far stays.
run "$recur" train forecast sine.csv --target value --cell rnn-relu --optimizer sgd --lr 1e5 --clip-norm 0 --scale none --quiet --no-plot --out wild
expect "diverging" 1 "" "recur: training diverged: the loss is not finite in epoch *, batch *"
done_testing
