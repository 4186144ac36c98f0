#!/bin/bash
# SPDX-License-Identifier: MIT
# Bad input: exit status 3, one line that names the file and what would be right, and nothing half-done left behind.
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"

"$recur" data sine --count 200 -o sine.csv
"$recur" data ball --count 100 -o ball.csv
"$recur" train forecast sine.csv --window 10 --epochs 1 --out model --quiet --no-plot >/dev/null
"$recur" train forecast ball.csv --rows --epochs 1 --out rows --quiet --no-plot >/dev/null

bad() { # bad NAME GLOB ARGUMENTS...
    local name=$1 glob=$2
    shift 2
    run "$recur" "$@"
    expect "$name" 3 "" "recur: $glob"
    check "$name: one line" [ "$(wc -l <"$err")" = 1 ]
}

train() { # train NAME GLOB ARGUMENTS...
    local name=$1 glob=$2
    shift 2
    bad "$name" "$glob" train forecast "$@" --quiet --out left
    check "$name: a folder was left" [ ! -e left ]
}

: >empty.csv
echo t,value >header.csv
printf 't,value\n1,2\n' >one.csv
printf 't,value\n1,2\n2,x\n' >text.csv
printf 't,value\n1,2\n2,3,4\n' >wide.csv
printf 't,value\n1,"2\n' >quote.csv
printf 't,value\n2,1\n1,1\n' >order.csv
printf 'a,a\n1,2\n' >twice.csv
printf '1,2,3\n4\n' >short.rows
printf '1,2,3\n4,x,6\n' >text.rows
printf 't,value\n1,\n2,NA\n3,null\n' >gone.csv
mkdir folder

train "missing file" "cannot read none.csv: No such file or directory" none.csv
train "folder" "cannot read folder: Is a directory" folder
train "empty file" "empty.csv:1: the file is empty*" empty.csv
train "header alone" "header.csv *no rows" header.csv
train "one row" "one.csv: too few rows: 1 *need 25" one.csv
train "not a number" "text.csv:3: *\"x\"*" text.csv --window 1
train "one field too many" "wide.csv:3: *" wide.csv
train "quote that stays open" "quote.csv:2: *" quote.csv
train "column named twice" "twice.csv:1: *" twice.csv
train "unknown column" "no column \"q\" in sine.csv; it has t, value" sine.csv --target q
train "unknown feature" "no column \"q\" in sine.csv*" sine.csv --target value --features q
train "time that goes back" "order.csv:3: *t*" order.csv --time-column t --window 1
train "too short for the window" "sine.csv: too few rows: 200 *a window of 150 and a horizon of 60 need 210" sine.csv --window 150 --horizon 60
train "nothing but gaps" "gone.csv*" gone.csv --window 1
train "a gap that is not allowed" "gone.csv:2: *" gone.csv --window 1 --missing error
train "row of one number" "short.rows:2: *" short.rows --rows
train "row with text" "text.rows:2: *\"x\"*" text.rows --rows
train "missing validation file" "cannot read none.csv*" sine.csv --valid none.csv

bad "no such model" "cannot read none: No such file*" evaluate none sine.csv
bad "no model in the folder" "cannot read folder/model.safetensors*" evaluate folder sine.csv
bad "not a model" "sine.csv: *" inspect sine.csv
bad "no such file" "cannot read none*" inspect none
printf "a,b\n1,2\n" >other.csv
bad "model of other columns" "no column \"value\" in other.csv; it has a, b" evaluate model other.csv
bad "too short to score" "one.csv: too few rows*" evaluate model one.csv
bad "missing data" "cannot read none.csv*" evaluate model none.csv
bad "short window" "*:1: 3 numbers, but the model looks at 10" predict model <(echo 1,2,3)
bad "short table" "1 numbers, but the model looks at 10" predict model one.csv
bad "text for a number" "*:1: *\"x\"*" predict rows <(echo 1,x)
bad "missing input" "cannot read none*" predict model none
bad "no run" "folder is not a run folder*" plot folder
bad "configuration that is missing" "cannot read none.json*" train forecast sine.csv --quiet --config none.json
echo '{"hiden": 3}' >config.json
bad "configuration with a slip" "config.json: unknown option \"hiden\": did you mean \"hidden\"?" train forecast sine.csv --quiet --config config.json
echo '{"hidden": 3' >config.json
bad "configuration cut off" "config.json:*" train forecast sine.csv --quiet --config config.json
echo '{"task": "tag"}' >config.json
bad "configuration of another task" "config.json is a configuration of the task tag" train forecast sine.csv --quiet --config config.json

# A model file that lies about itself.
cp model/model.safetensors cut.safetensors
truncate -s -4 cut.safetensors
bad "model cut off" "cut.safetensors: *" predict cut.safetensors <(echo 1)
sed 's/\\"hidden\\": 32/\\"hidden\\": 99/' model/model.safetensors >other.safetensors
check "the configuration is where the test looks for it" grep -q 'hidden\\": 99' other.safetensors
bad "sizes that do not fit" "other.safetensors: the sizes of the tensors do not fit the configuration*" evaluate other.safetensors sine.csv
sed 's/forecast 1/forecast 9/' model/model.safetensors >future.safetensors
bad "format of the future" "future.safetensors: the format is \"forecast 9\"*" evaluate future.safetensors sine.csv
done_testing
