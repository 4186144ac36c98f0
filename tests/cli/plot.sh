#!/bin/bash
# SPDX-License-Identifier: MIT
# Pictures: drawn by gnuplot into folders of any name; without gnuplot a note, and training succeeds all the same.
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"

"$recur" data stock --count 200 -o stock.csv
run=$'it\'s a "run" $HOME `x` 100%'
train=("$recur" train forecast stock.csv --target Close --time-column Date --epochs 2 --force)

mkdir empty
run env PATH="$work/empty" "$recur" train forecast stock.csv --epochs 1 --out none
expect "without gnuplot" 0 "lstm*" "*recur: no pictures: gnuplot is not installed"
printf '#!/bin/sh\nexit 1\n' >empty/gnuplot
chmod +x empty/gnuplot
run env PATH="$work/empty:/bin" "${train[@]}" --out broken
expect "a gnuplot that fails" 0 "lstm*" "*recur: no pictures: gnuplot could not draw broken"
run env PATH="$work/empty:/bin" "$recur" plot broken
expect "and plot says so" 1 "" "recur: no pictures: gnuplot could not draw broken"

command -v gnuplot >/dev/null || done_testing
run "${train[@]}" --out "$run" --json
expect "a name with everything in it" 0 "{*}" "epoch*"
for picture in loss forecast; do
    check "$picture.svg" grep -q '</svg>' "$run/$picture.svg"
    check "$picture.png" [ "$(head -c 4 "$run/$picture.png" | tail -c 3)" = PNG ]
done
check "dates below the picture" grep -q '>2010-..-..<' "$run/forecast.svg"
rm "$run"/*.svg
run "$recur" plot "$run"
expect "plot" 0 "*loss.svg*loss.png*forecast.svg*forecast.png" ""
check "draws again" [ -s "$run/loss.svg" ]
cp -r "$run" bare
rm bare/forecast.[sp]*g
for rows in 1 0; do
    head -n "$rows" "$run/forecast.csv" >bare/forecast.csv
    run "$recur" plot bare
    expect "a forecast.csv of $rows lines and no row: the loss alone" 0 $'bare/loss.svg\nbare/loss.png' ""
done
run "$recur" plot broken --json
expect "plot --json" 0 "{\"pictures\": [[]\"broken/loss.svg\", *]}" ""
"${train[@]}" --out "$run" --no-plot --quiet >/dev/null
check "--no-plot: a picture of the old run stays" [ ! -e "$run/loss.svg" ]
run "${train[@]}" --horizon 4 --split 1,0 --patience 0 --out part
expect "no test part, no forecast to draw" 0 "lstm*" "epoch*"
check "but a loss" [ -s part/loss.svg ]
"$recur" data ball --count 200 -o ball.csv
run "$recur" train forecast ball.csv --rows --epochs 2 --quiet --out rows
expect "rows" 0 "lstm*pictures: *" ""
check "are drawn as points" [ -s rows/forecast.png ]
done_testing
