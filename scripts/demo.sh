#!/bin/bash
# SPDX-License-Identifier: MIT
# What `make demo` shows: two built-in data sets, two models, figures beside the answer without a model, three questions,
# and a picture. Well under 30 seconds. RECUR_BIN names another program, the argument another folder than runs/demo.
set -eu
cd "$(dirname "$0")/.."
recur=${RECUR_BIN:-build/release/recur}
runs=${1:-runs/demo}

# figure RUN PART KEY: a number of a run's result.json
figure() {
    awk -v part="\"$2\":" -v key="\"$3\":" '
        $1 == part { inside = 1 }
        inside && $1 == key { sub(/,$/, "", $2); print $2; exit }' "$1/result.json"
}

row() { # row NAME RUN
    printf '%-34s %8d %10.4f %10.4f %9.1f %% %9.4f\n' "$1" "$(figure "$2" test count)" "$(figure "$2" test rmse)" \
        "$(figure "$2" baseline rmse)" \
        "$(awk "BEGIN { print 100 * (1 - $(figure "$2" test rmse) / $(figure "$2" baseline rmse)) }")" \
        "$(figure "$2" test r2)"
}

mkdir -p "$runs"
"$recur" data sine -o "$runs/sine.csv"
"$recur" data ball -o "$runs/ball.csv"

echo "An LSTM learns the next value of a noisy sine wave from the last 24 (the noise alone has an RMSE of 0.1):"
"$recur" train forecast "$runs/sine.csv" --target value --cell lstm --max-time 10s --out "$runs/sine" --force --quiet
echo
echo "A GRU learns from changes of position where a ball will be next, from 4 to 9 positions; no sequence of the test part is in training:"
"$recur" train forecast "$runs/ball.csv" --rows --distinct --difference --whole no --cell gru --max-time 12s --out "$runs/ball" --force --quiet

echo
printf '%-34s %8s %10s %10s %11s %9s\n' "test part, never seen in training" count RMSE "last value" "less error" R2
row "noisy sine, LSTM" "$runs/sine"
row "ball, GRU" "$runs/ball"
echo
for history in 1,2,3 9,7,5,3 0,-3,-6; do
    printf 'after %-8s comes %s\n' "$history" "$(echo "$history" | "$recur" predict "$runs/ball")"
done
echo
echo "pictures: $runs/sine/forecast.svg, $runs/sine/loss.svg (and .png)"
