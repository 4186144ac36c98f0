#!/bin/bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2317 # functions are called by their names
# Forecasting from a CSV to an answer: the run folder, result.json, evaluate and predict, and that they agree.
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"
command -v python3 >/dev/null || skip "no python3 to read JSON"

json() { # json FILE EXPRESSION: true if the Python expression about the object r holds
    python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); sys.exit(not eval(sys.argv[2]))' "$1" "$2"
}

"$recur" data sine --count 600 -o "my sine's.csv"
run "$recur" train forecast "my sine's.csv" --target value --horizon 3 --season 25 --epochs 6 --patience 0 --out "a run's folder" --json
expect "train --json" 0 "{*}" "*epoch 1/6 *epoch 6/6 *"
cp "$out" printed.json
folder="a run's folder"
for file in model.safetensors checkpoint.safetensors config.json metrics.jsonl result.json forecast.csv; do
    check "$file is missing" [ -s "$folder/$file" ]
done
check "--json prints result.json" cmp printed.json "$folder/result.json"
check "an epoch per line" [ "$(wc -l <"$folder/metrics.jsonl")" = 6 ]
check "no temporary file is left" [ "$(find "$folder" -name '*.tmp*' -o -name '.*' -type f | wc -l)" = 0 ]

for key in task cell parameters epochs steps best_epoch seconds units_per_second peak_bytes train valid test baseline; do
    check "result.json has $key" json printed.json "'$key' in r"
done
for part in train valid test baseline seasonal_baseline; do
    for key in loss count mse mae rmse r2 mape mase relative_accuracy; do
        check "$part has $key" json printed.json "'$key' in r['$part']"
    done
done
check "sizes" json printed.json "r['task'] == 'forecast' and r['cell'] == 'lstm' and r['epochs'] == 6 and r['steps'] == 6 * 13"
check "parameters" json printed.json "r['parameters'] == 4 * 32 * (1 + 32 + 2) + 3 * 32 + 3"
check "the test part is the last fifth" json printed.json "r['test']['count'] == 118 == r['baseline']['count']"
check "figures that can be" json printed.json "0 < r['test']['mse'] and abs(r['test']['mse'] ** 0.5 - r['test']['rmse']) < 1e-12"
check "it learns" json printed.json "r['test']['mse'] < r['baseline']['mse'] and r['baseline']['mase'] > 0"

# forecast.csv says the same as result.json.
check "forecast.csv agrees" python3 - "$folder" <<'PYTHON'
import csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1] + "/forecast.csv")))
result = json.load(open(sys.argv[1] + "/result.json"))
truth = [float(line.split(",")[1]) for line in list(open("my sine's.csv"))[1:]]
def mse(name):
    return sum((float(r["value"]) - float(r[name])) ** 2 for r in rows) / len(rows)
assert len(rows) == 3 * 118
assert all(float(r["value"]) == truth[int(r["row"]) - 1] for r in rows)
assert abs(mse("value_forecast") - result["test"]["mse"]) < 1e-9
assert abs(mse("value_baseline") - result["baseline"]["mse"]) < 1e-9
PYTHON

# evaluate gives a part of result.json; on the same rows the same figures.
{
    head -1 "my sine's.csv"
    tail -144 "my sine's.csv"
} >tail.csv
run "$recur" evaluate "$folder" tail.csv --json
expect "evaluate --json" 0 "{\"count\": 118*\"baseline\": {*\"seasonal_baseline\": {*}" ""
cp "$out" scored.json
check "evaluate agrees with training" json scored.json "r['count'] == 118 and abs(r['mse'] - $(python3 -c 'import json; print(repr(json.load(open("printed.json"))["test"]["mse"]))')) < 1e-12"
run "$recur" evaluate "$folder/model.safetensors" tail.csv
expect "evaluate a file, for people" 0 "*count*RMSE*model*118*last value*118*last season*118*better than the last value*" ""

# predict: CSV and lines say the same, further steps come from forecasts.
run "$recur" predict "$folder" "my sine's.csv"
expect "predict a CSV" 0 "*,*,*" ""
three=$(<"$out")
check "three steps" [ "$(tr ',' '\n' <"$out" | wc -l)" = 3 ]
tail -24 "my sine's.csv" | cut -d, -f2 | paste -sd, >window.txt
check "a line says what the CSV says" [ "$("$recur" predict "$folder" <window.txt)" = "$three" ]
check "a file of lines as well" [ "$("$recur" predict "$folder" window.txt)" = "$three" ]
check "more numbers than the window" [ "$(sed 's/^/9,9,/' window.txt | "$recur" predict "$folder")" = "$three" ]
check "steps begin with the horizon" [ "$("$recur" predict "$folder" window.txt --steps 7 | cut -d, -f1-3)" = "$three" ]
check "seven steps" [ "$("$recur" predict "$folder" window.txt --steps 7 | tr ',' '\n' | wc -l)" = 7 ]
check "one step" [ "$("$recur" predict "$folder" window.txt --steps 1)" = "${three%%,*}" ]
run "$recur" predict "$folder" window.txt --json
expect "predict --json" 0 "{\"forecast\": [[]*,*,*[]]}" ""
cat window.txt window.txt >two.txt
check "a line for each line" [ "$("$recur" predict "$folder" two.txt --json | wc -l)" = 2 ]

# A run is not overwritten unasked.
run "$recur" train forecast "my sine's.csv" --quiet --out "$folder"
expect "overwriting" 2 "" "recur: $folder holds a run already: --resume*--force*"
check "and nothing is lost" cmp printed.json "$folder/result.json"
run "$recur" train forecast none.csv --quiet --force --out "$folder"
expect "--force with bad data" 3 "" "*"
check "loses nothing either" cmp printed.json "$folder/result.json"

# A saved configuration: options win over it.
run "$recur" train forecast --config "$folder/config.json" --quiet --no-plot --out again --json
expect "--config" 0 "{*}" ""
check "the same configuration, the same model" cmp "$folder/model.safetensors" again/model.safetensors
run "$recur" train forecast --config "$folder/config.json" --cell gru --epochs 2 --quiet --no-plot --out other --json
expect "--config and options" 0 "{*\"cell\": \"gru\"*\"epochs\": 2*}" ""
run "$recur" train forecast --resume --hidden 7 --quiet --out "$folder"
expect "what cannot change" 2 "" "recur: --hidden cannot change when a run is resumed: it is \"32\" in $folder, not \"7\""
run "$recur" train forecast --resume --epochs 8 --quiet --no-plot --out "$folder" --json
expect "a resumed run with more epochs" 0 "{*\"epochs\": 8,*}" ""
run "$recur" train forecast "my sine's.csv" --target value --horizon 3 --season 25 --epochs 8 --patience 0 --out eight --quiet --no-plot
check "is a run of so many epochs" cmp <(sed 's/my sine/x/' "$folder/forecast.csv") <(sed 's/my sine/x/' eight/forecast.csv)
echo "601,0.5" >>"my sine's.csv"
run "$recur" train forecast --resume --epochs 9 --quiet --out "$folder"
expect "data that changed" 3 "" "recur: the data are not those with which the run in $folder began"

# Rows, distinct parts, a file for each part, features, several targets, missing values, shuffled windows.
"$recur" data ball --count 400 -o ball.csv
"$recur" data stock --count 400 -o stock.csv
sed '5s/,[^,]*$/,/; 9s/,[^,]*$/,NA/' stock.csv >gaps.csv
quick=(--epochs 2 --quiet --no-plot --json --force --out quick)
run "$recur" train forecast ball.csv --rows --distinct --scale 50 --difference "${quick[@]}"
expect "rows" 0 "{*}" ""
check "an answer to a row of any length" [ "$(printf '1,2,3\n5,4,3,2,1,0\n' | "$recur" predict quick | wc -l)" = 2 ]
check "steps of a row" [ "$(echo 1,2,3 | "$recur" predict quick --steps 4 | tr , '\n' | wc -l)" = 4 ]
run "$recur" train forecast stock.csv --target Close --features Open,Volume "${quick[@]}"
expect "features" 0 "{*}" ""
run "$recur" predict quick stock.csv
expect "predict with features" 0 "[0-9]*" ""
run "$recur" predict quick stock.csv --steps 2
expect "no further than the features" 3 "" "recur: the model looks at 2 columns that it does not forecast*"
run "$recur" train forecast stock.csv --target Close,Open --horizon 2 "${quick[@]}"
expect "two targets" 0 "{*}" ""
run "$recur" predict quick stock.csv --steps 3
expect "steps of two targets" 0 "*,*;*,*;*,*" ""
run "$recur" train forecast gaps.csv --target Volume --missing linear --epochs 1 --no-plot --force --out quick
expect "missing values are told of" 0 "lstm*" "recur: gaps.csv: 2 missing values: 0 rows left out, 2 values filled in (--missing linear)*"
run "$recur" train forecast stock.csv --target Close --valid gaps.csv --test gaps.csv "${quick[@]}"
expect "a file for each part" 0 "{*}" ""
check "all of DATA is for training" json quick/result.json "r['train']['count'] == 400 - 24 and r['test']['count'] == 400 - 24"
run "$recur" train forecast stock.csv --target Close --shuffle-split --split 0.5,0.25,0.25 "${quick[@]}"
expect "shuffled windows" 0 "{*}" ""
run "$recur" train forecast stock.csv --target Close --split 1,0 --patience 0 "${quick[@]}"
expect "no validation, no test" 0 "{*\"valid\": null*\"test\": null*\"baseline\": null*}" ""

# Every choice of the model and of the training runs.
for options in "--cell rnn" "--cell rnn-relu" "--cell gru" "--cell gru-original" "--bidirectional" "--layers 3 --dropout 0.3" \
    "--pool mean" "--pool max" "--init-uniform 0.1" "--forget-bias 1" "--orthogonal" "--optimizer sgd --momentum 0.9" \
    "--optimizer adamw --weight-decay 0.01" "--optimizer rmsprop" "--optimizer adagrad" "--optimizer adadelta" "--optimizer nadam" \
    "--clip-value 0.1" "--clip-norm 0" "--schedule step --schedule-step 1" "--schedule exponential" "--schedule cosine" \
    "--schedule onecycle" "--loss l1" "--loss huber" "--center none" "--scale minmax" "--scale none" "--difference" \
    "--max-steps 5" "--seed 7" "--threads 1" "--whole yes" "--window 1"; do
    # shellcheck disable=SC2086
    run "$recur" train forecast ball.csv --rows --hidden 4 "${quick[@]}" ${options/--window 1/}
    expect "$options" 0 "{*}" ""
done
done_testing
