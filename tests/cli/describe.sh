#!/bin/bash
# SPDX-License-Identifier: MIT
# What is in a data set: lengths, vocabulary, classes, repeats, parts; for texts with labels and for tagged sentences.
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"

bad() { # bad NAME CODE GLOB ARGUMENTS...: one line
    local name=$1 code_wanted=$2 glob=$3
    shift 3
    run "$recur" describe "$@"
    expect "$name" "$code_wanted" "" "recur: $glob"
    check "$name: one line" [ "$(wc -l <"$err")" = 1 ]
}

cat >few.csv <<'END'
label,text
a,one two three
b,one two
a,one two three
b,one two three
a,
c,four
END
run "$recur" describe few.csv --split 1,0,0
expect "describe" 0 "6 texts, 12 units
*length: 0 to 3 units, mean 2.0; half have at most 2, *
               0         1 *
               1         1 *
             2-3         4 *
  1 are empty
*vocabulary: 4 different units, 1 of them once
*3 classes
  a *3  50.00 %*
  b *2  33.33 %*
  c *1  16.67 %*
2 texts stand there before, 1 of them with another answer; *
part             texts *
training             6        12      100.00 % *" ""
run "$recur" describe few.csv --split 4,0,2 --time-split --json
expect "--json" 0 "{*}" ""
check "a part that is cut in order" python3 - "$out" <<'PYTHON'
import json, sys
d = json.load(open(sys.argv[1]))
assert d["count"] == 6 and d["units"] == 12 and d["kinds"] == 4 and d["once"] == 1
assert d["labels"] == [{"label": "a", "count": 3}, {"label": "b", "count": 2}, {"label": "c", "count": 1}]
assert (d["repeated"], d["conflicting"]) == (2, 1)
assert d["parts"]["train"] == {"count": 4, "units": 11, "known_units": 11, "in_training": 0, "near_training": 0}
assert d["parts"]["valid"]["count"] == 0
assert (d["parts"]["test"]["count"], d["parts"]["test"]["units"], d["parts"]["test"]["known_units"]) == (2, 1, 0)
PYTHON

# Files of their own, and equal texts on both sides of a cut.
leaked() {
    run "$recur" describe "$@" --json
    python3 -c 'import json, sys; p = json.load(open(sys.argv[1]))["parts"]; print(*(p[k]["in_training"] for k in ("valid", "test")), *(p[k]["count"] for k in ("train", "valid", "test")))' "$out"
}
check "files of their own" [ "$(leaked few.csv --valid few.csv --test few.csv --split 1,0,0)" = "6 6 6 6 6" ]
check "a test file alone" [ "$(leaked few.csv --test few.csv --split 5,1,0 --time-split)" = "0 5 5 1 6" ]
"$recur" data reviews --count 200 -o once.csv
cat once.csv <(tail -n +2 once.csv) >twice.csv
check "every tenth" [ "$(leaked once.csv --split-every 10 | cut -d' ' -f3-)" = "160 20 20" ]
check "equal texts are drawn apart" [ "$(leaked twice.csv | cut -d' ' -f2)" -gt 10 ]
check "or stay together" [ "$(leaked twice.csv --distinct | cut -d' ' -f1,2)" = "0 0" ]
printf '%s\n' "i like it" "well" >pos.txt
echo "i do not" >neg.txt
run "$recur" describe pos.txt neg.txt --class-files --split 1,0,0
expect "a file per class" 0 "3 texts, 7 units*2 classes*pos *neg *" ""
run "$recur" describe few.csv --unit char --split 1,0,0
expect "characters" 0 "6 texts, 50 units*" ""

# Tagged sentences.
"$recur" data tags --count 60 -o tags.conll
run "$recur" describe tags.conll --task tag
expect "tags" 0 "60 sentences, *tags
  O *training *48 *validation *6 *test *6 *" ""
run "$recur" describe --task=tag tags.conll --test tags.conll --split 0.9,0.1,0 --json
check "tags as JSON" python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); assert d["parts"]["test"]["count"] == 60 and d["labels"][0]["label"] == "O" and d["count"] == 120' "$out"

bad "no file" 2 "a data file is needed*"
bad "a missing file" 3 "cannot read none.csv*" none.csv
bad "a missing test file" 3 "cannot read none.csv*" few.csv --test none.csv
bad "a column that is not there" 3 "*mood*label, text*" few.csv --label mood
bad "an option of training alone" 2 "unknown option --epochs*" few.csv --epochs 3
bad "a task without texts" 2 "*forecast*classify or tag*" few.csv --task forecast
bad "an option of the other task" 2 "unknown option --distinct*" tags.conll --task tag --distinct
run "$recur" describe --help
expect "help" 0 "usage: recur describe DATA*--task*--text COL*--unit*--json*" ""
run "$recur" describe --help --task tag
expect "help of the other task" 0 "usage: recur describe DATA*--token N*--json*" ""
done_testing
