#!/bin/bash
# SPDX-License-Identifier: MIT
# recur inspect and recur data.
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"

"$recur" data sine --count 100 -o sine.csv
check "sine" [ "$(head -1 sine.csv) $(wc -l <sine.csv)" = "t,value 101" ]
check "the same seed, the same bytes" cmp <("$recur" data ball) <("$recur" data ball --seed 1)
check "another seed, other bytes" [ "$("$recur" data ball -n 5)" != "$("$recur" data ball -n 5 --seed 2)" ]
run "$recur" data stock -n 1
expect "stock" 0 $'Date,Open,High,Low,Close,Volume\n2010-01-04,*' ""
run "$recur" data sine -o none/sine.csv
expect "no place for it" 1 "" "recur: cannot write none/sine.csv*"

"$recur" train forecast sine.csv --target value --cell gru --hidden 5 --window 4 --epochs 1 --quiet --no-plot --out run >/dev/null
run "$recur" inspect run
expect "for people" 0 "*rnn.weight_ih_l0*F32*[[]15, 1]*15*60*linear.bias*6 tensors, 126 numbers, 504 bytes*config:*hidden*5*scaler:*" ""
run "$recur" inspect run/checkpoint.safetensors
expect "a checkpoint" 0 "*train.history*model.rnn.weight_ih_l0*optim.*" ""
run "$recur" inspect run --json
expect "for scripts" 0 "{\"parameters\": 126, \"bytes\": 504, \"tensors\": [[]*\"config\": {*\"hidden\": 5*}*}" ""
command -v python3 >/dev/null && check "JSON" python3 -m json.tool "$out" /dev/null
done_testing
