#!/bin/bash
# SPDX-License-Identifier: MIT
# The command line itself: help, version, and one clear line with exit status 2 for what is wrong in it.
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"
"$recur" data sine --count 300 -o sine.csv

run "$recur" --version
expect "version" 0 "recur [0-9]*.[0-9]*.[0-9]*" ""
run "$recur" --help
expect "help" 0 "recur *usage:*recur train TASK DATA*Exit status:*" ""
run "$recur" help
expect "help as a command" 0 "recur *usage:*" ""
for command in train evaluate predict inspect forward plot data describe; do
    run "$recur" help $command
    expect "help $command" 0 "usage: recur $command*" ""
    run "$recur" $command --help
    expect "$command --help" 0 "usage: recur $command*" ""
done
run "$recur" train forecast --help
expect "help of a task" 0 "usage: recur train forecast DATA*Data:*--window N*(24)*Model:*--cell CELL*(lstm)*Training:*--epochs N*(200)*" ""

wrong() { # wrong NAME GLOB ARGUMENTS...: exit status 2, nothing on standard output, one line on standard error
    local name=$1 glob=$2
    shift 2
    run "$recur" "$@"
    expect "$name" 2 "" "recur: $glob"
    check "$name: one line" [ "$(wc -l <"$err")" = 1 ]
}

wrong "no command" "a command is missing*"
wrong "unknown command" "unknown command \"foo\"*" foo
wrong "misspelt command" "unknown command \"trian\": did you mean \"recur train\"?" trian
wrong "help on nothing" "unknown command \"foo\"*" help foo
wrong "no task" "a task is missing*" train
wrong "unknown task" "unknown task \"forcast\"; there is: *forecast*" train forcast
wrong "no data" "a data file is needed*" train forecast
wrong "misspelt option" "unknown option --hiden: did you mean --hidden?" train forecast sine.csv --hiden 3
wrong "misspelt option with a value" "unknown option --widnow: did you mean --window?" train forecast sine.csv --widnow=3
wrong "unknown option" "unknown option --zzzz*" train forecast sine.csv --zzzz
wrong "unknown letter" "unknown option -z*" train forecast sine.csv -z
wrong "option of another command" "unknown option --steps*" train forecast sine.csv --steps 3
wrong "value is missing" "--hidden needs a value: N" train forecast sine.csv --hidden
wrong "not a number" "--hidden: \"x\" is not a whole number" train forecast sine.csv --hidden x
wrong "number with a tail" "--lr: \"0.1x\" is not a number" train forecast sine.csv --lr 0.1x
wrong "out of range" "--hidden: 0 is outside 1 .. 100000" train forecast sine.csv --hidden 0
wrong "dropout of 2" "--dropout: 2 is outside *" train forecast sine.csv --dropout 2
wrong "not a word of the list" "--cell: \"xx\" is not one of rnn, rnn-relu, lstm, gru or gru-original" train forecast sine.csv --cell xx
wrong "not a time" "--max-time: \"3x\" is not a time such as *" train forecast sine.csv --max-time 3x
wrong "flag with a value" "--rows takes no value" train forecast sine.csv --rows=yes
wrong "two data files" "recur train forecast takes one data file, not other.csv as well*" train forecast sine.csv other.csv
wrong "shares above 1" "split \"0.9,0.5\": *" train forecast sine.csv --quiet --split 0.9,0.5
wrong "not a scale" "*scale*\"huge\"*" train forecast sine.csv --quiet --scale huge
wrong "distinct windows of a series" "--distinct needs parts that are drawn at random*" train forecast sine.csv --quiet --distinct
wrong "forget gate of a GRU" "--forget-bias: only an LSTM has a forget gate" train forecast sine.csv --quiet --cell gru --forget-bias 1
wrong "columns of rows" "--target names a column, but with --rows there are none" train forecast sine.csv --quiet --rows --target value
wrong "horizon of rows" "--horizon: with --rows*" train forecast sine.csv --quiet --rows --horizon 2
wrong "evaluate without data" "a model and a data file are needed*" evaluate model
wrong "predict without a model" "a model is needed*" predict
wrong "inspect nothing" "a file or a run folder is needed*" inspect
wrong "plot nothing" "a run folder is needed*" plot
wrong "forward without output" "two files and --out are needed*" forward a b
wrong "no such set" "no built-in data set \"balll\"*" data balll
wrong "no JSON where there are no results" "unknown option --json*" data sine --json
wrong "two sets" "one data set is named at a time*" data ball sine

# Every spelling of an option means the same.
for spelling in "--count 3 --seed 7" "--count=3 --seed=7" "-n 3 --seed 7" "-n3 --seed 7"; do
    # shellcheck disable=SC2086
    check "data $spelling" [ "$("$recur" data sine $spelling)" = "$("$recur" data sine --seed 7 --count 3)" ]
done
run "$recur" data -- sine -n
expect "after -- nothing is an option" 2 "" "recur: one data set is named at a time*"
run "$recur" train forecast sine.csv --no-plot --no-rows --quiet --epochs 1 --out run
expect "flags can be taken back" 0 "lstm*" ""
done_testing
