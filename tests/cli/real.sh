#!/bin/bash
# SPDX-License-Identifier: MIT
# Real series: the defaults forecast them better than the last value does, and the ball as well as its source says.
# shellcheck disable=SC2317,SC2054 # functions are called by their names; a split is a word with commas
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"
data=${RECUR_DATA:-}
if [ ! -e "$data/timeseries/ETTh1.csv" ] || [ ! -e "$data/ball/ball.csv" ]; then
    skip "no real data in \"$data\""
fi

# figure PART KEY: a number of run/result.json
figure() {
    awk -v part="\"$1\":" -v key="\"$2\":" '
        $1 == part { inside = 1 }
        inside && $1 == key { sub(/,$/, "", $2); print $2; exit }' run/result.json
}

less() {
    awk "BEGIN { exit !($1 < $2) }"
}

train() {
    run "$recur" train forecast "$@" --quiet --no-plot --force --out run
    expect "$*" 0 "*" ""
}

# The baselines are those that data/README.md works out, to its digits.
floor() { # floor NAME RMSE MAE
    check "$1: baseline RMSE $(figure baseline rmse)" less "($(figure baseline rmse) - $2)^2" "($2 * 0.0005)^2"
    check "$1: baseline MAE $(figure baseline mae)" less "($(figure baseline mae) - $3)^2" "($3 * 0.0005)^2"
}

better() { # better NAME SHARE: the RMSE is at most this share of the baseline's
    printf '%-24s test RMSE %s, last value %s\n' "$1" "$(figure test rmse)" "$(figure baseline rmse)"
    check "$1: RMSE $(figure test rmse)" less "$(figure test rmse)" "$2 * $(figure baseline rmse)"
}

train "$data/timeseries/airline-passengers.csv" --target Passengers --season 12
floor airline 52.49 44.72
better airline 0.9
check "airline: better than last year" less "$(figure test rmse)" "$(figure seasonal_baseline rmse)"
train "$data/timeseries/monthly-sunspots.csv" --target Sunspots
floor sunspots 20.09 14.84
better sunspots 0.95
train "$data/timeseries/daily-min-temperatures.csv" --target Temp
floor temperature 2.481 1.953
better temperature 0.92
train "$data/timeseries/ETTh1.csv" --target OT --horizon 24 --window 48 --split 8640,2880,2880 --cell gru --hidden 16
check "transformer: baseline MSE $(figure baseline loss)" less "($(figure baseline loss) - 0.0343)^2" "0.0001^2"
better transformer 0.97

# Prices: nothing beats the last value, and nothing is claimed. Rows with null are told of.
run "$recur" train forecast "$data/timeseries/601988.SS.csv" --target Close --epochs 3 --no-plot --force --out run
expect "rows that miss values" 0 "*" "recur: *601988.SS.csv: 9 missing values: 9 rows left out*"
floor "bank of china" 0.0421 0.0281

# The ball: the article's network, and a split that keeps equal rows together.
article=(--rows --cell rnn --hidden 8 --optimizer sgd --lr 0.1 --batch-size 100 --scale 50 --split 0.6,0.2,0.2
    --center none --schedule none --clip-norm 0 --patience 100)
train "$data/ball/ball.csv" "${article[@]}" --epochs 600
printf '%-24s relative accuracy %s\n' "ball, RNN" "$(figure test relative_accuracy)"
check "ball: relative accuracy $(figure test relative_accuracy)" less 0.9275 "$(figure test relative_accuracy)"
train "$data/ball/ball.csv" --rows --distinct --cell gru --difference --epochs 60
printf '%-24s relative accuracy %s\n' "ball, GRU, distinct" "$(figure test relative_accuracy)"
check "ball, distinct: relative accuracy $(figure test relative_accuracy)" less 0.99 "$(figure test relative_accuracy)"
check "ball, distinct: the test rows are new" python3 - "$data/ball/ball.csv" <<'PYTHON'
import csv, sys
lines = [line.strip() for line in open(sys.argv[1])]
test = {int(row["row"]) for row in csv.DictReader(open("run/forecast.csv"))}
inside = {line for number, line in enumerate(lines, 1) if number in test}
outside = {line for number, line in enumerate(lines, 1) if number not in test}
assert len(test) > 1500 and not inside & outside
PYTHON
done_testing
