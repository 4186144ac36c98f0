#!/bin/bash
# SPDX-License-Identifier: MIT
# Classification: what it reads, what it leaves behind, what it answers, and one clear line for what it cannot read.
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"

"$recur" data reviews --count 300 -o reviews.csv
small=(--hidden 6 --embedding 6 --epochs 2 --no-plot --quiet --force --threads 1)

train() { # train NAME ARGUMENTS...: succeeds, into run
    local name=$1
    shift
    run "$recur" train classify "$@" "${small[@]}" --out run
    expect "$name" 0 "lstm, *most frequent*" ""
}

same() { # same NAME FIGURE PART KEY: a number of run/result.json
    local is
    is=$(python3 -c 'import json, sys; print(json.load(open("run/result.json"))[sys.argv[1]][sys.argv[2]])' "$3" "$4")
    check "$1: $3 $4 is $is, not $2" [ "$is" = "$2" ]
}

bad() { # bad NAME GLOB ARGUMENTS...: exit 3, one line
    local name=$1 glob=$2
    shift 2
    run "$recur" "$@"
    expect "$name" 3 "" "recur: $glob"
    check "$name: one line" [ "$(wc -l <"$err")" = 1 ]
}

bad_data() { # bad_data NAME GLOB ARGUMENTS...: the same, and no folder is left
    local name=$1 glob=$2
    shift 2
    bad "$name" "$glob" train classify "$@" "${small[@]}" --out left
    check "$name: a folder was left" [ ! -e left ]
}

# --- a run ---
run "$recur" train classify reviews.csv "${small[@]}" --out run --json
expect "train" 0 "{*}" ""
check "result.json is what --json prints" cmp -s "$out" run/result.json
check "result.json holds everything" python3 - <<'PYTHON'
import json
r = json.load(open("run/result.json"))
assert r["task"] == "classify" and r["cell"] == "lstm" and r["details_of"] == "test"
assert r["train"]["count"] == 240 and r["valid"]["count"] == 30 and r["test"]["count"] == 30
for part in ("train", "valid", "test", "baseline"):
    assert list(r[part]) == ["count", "loss", "accuracy", "precision", "recall", "f1", "calibration_error"]
assert [c["label"] for c in r["classes"]] == ["neg", "pos"]
confusion = r["confusion"]
assert sum(map(sum, confusion)) == 30 and [sum(row) for row in confusion] == [c["count"] for c in r["classes"]]
assert abs((confusion[0][0] + confusion[1][1]) / 30 - r["test"]["accuracy"]) < 1e-12
assert abs(max(sum(row) for row in confusion) / 30 - r["baseline"]["accuracy"]) < 1e-12 or r["baseline"]["accuracy"] < 0.5
c = r["calibration"]
assert c["temperature"] > 0 and c["error_before"] >= 0 and c["error_after"] == r["test"]["calibration_error"]
assert sum(b["count"] for b in c["bins"]) == 30 and len(c["bins"]) == 10
PYTHON
for file in model.safetensors checkpoint.safetensors config.json metrics.jsonl; do
    check "$file" [ -s run/$file ]
done
run "$recur" train classify reviews.csv "${small[@]:0:7}" --out run
expect "a run is not overwritten" 2 "" "recur: run holds a run already*"

# --- what it reads ---
python3 - <<'PYTHON'
import csv
rows = list(csv.reader(open("reviews.csv")))[1:]
write = lambda name, lines, **how: open(name, "w", encoding="utf-8", newline="", **how).write("".join(lines))
write("fasttext.txt", [f"__label__{l} {t}\n" for l, t in rows])
write("tab.tsv", ["label\ttext\n"] + [f"{l}\t{t}\n" for l, t in rows])
write("bare.tsv", [f"{t}\t7\t{l}\n" for l, t in rows])
write("word.txt", [f"{l}:x {t}\n" for l, t in rows])
for c in ("neg", "pos"):
    write(f"{c}.txt", [t + "\n" for l, t in rows if l == c])
write("mixed.tsv", ["\ufefflabel\ttext"] + [end + f"{l}\t{t}" for (l, t), end in zip(rows, ["\r\n", "\n", "\r"] * 100)])
write("semicolon.csv", ["mood;words\n"] + [f"{l};\"{t}\"\n" for l, t in rows])
PYTHON
train "comma-separated" reviews.csv
cp run/result.json plain.json
grep -v second plain.json | grep -v peak >plain.numbers
for file in fasttext.txt tab.tsv mixed.tsv "bare.tsv --no-header --text 1 --label 3" "word.txt --first-word-label --label-until :" \
    "semicolon.csv --delimiter ; --text words --label mood" "reviews.csv --text 2 --label 1"; do
    # shellcheck disable=SC2086 # options are words
    train "$file" $file
    check "$file gives the same model" cmp -s plain.numbers <(grep -v second run/result.json | grep -v peak)
done
train "a file per class" neg.txt pos.txt --class-files
same "a file per class" 30 test count
run "$recur" evaluate run neg.txt pos.txt
expect "evaluate a file per class" 0 "*model * 300 *neg*pos*" ""
run "$recur" evaluate run neg.txt
expect "evaluate one of them" 0 "*model *" ""

train "characters" reviews.csv --unit char --no-lowercase
train "graphemes and a dense layer" reviews.csv --unit grapheme --dense 5 --batch-norm
train "validation and test of their own" reviews.csv --valid tab.tsv --test fasttext.txt --format auto
same "validation and test of their own" 300 train count
same "validation and test of their own" 300 test count
train "every tenth" reviews.csv --split-every 10
same "every tenth" 30 test count
same "every tenth" 30 valid count
train "counts" reviews.csv --split 100,50,25 --time-split
same "counts" 100 train count
same "counts" 25 test count
cat reviews.csv reviews.csv | sed '302d' >twice.csv
train "twice" twice.csv --distinct
train "weights, smoothing, no temperature" reviews.csv --class-weights --label-smoothing 0.1 --no-temperature-scaling
check "no temperature" grep -q '"temperature": 1,' run/result.json
train "no validation part" reviews.csv --split 0.9,0,0.1
run "$recur" train classify reviews.csv --split 1,0,0 "${small[@]}" --out run
expect "training alone" 0 "lstm*train *" ""
check "no details without a part" python3 -c 'import json; assert "confusion" not in json.load(open("run/result.json"))'
train "batches of one, normalised" reviews.csv --batch-norm --batch-size 239
printf '3 4\nnot 1 0 0 1\nprice 0 1 0 -1e-1\nqwzy 0 0 0 0\n' >vectors.txt
run "$recur" train classify reviews.csv --vectors vectors.txt "${small[@]:2}" --hidden 6 --embedding 0 --out run
expect "word vectors" 0 "lstm*" ""
check "their width counts" grep -q '"embedding": 4,' run/config.json
run "$recur" train classify reviews.csv --vectors vectors.txt --embedding 4 --epochs 1 --hidden 6 --no-plot --force --out run
expect "how many were found" 0 "lstm*" "recur: vectors.txt: vectors for 2 of *words*epoch*"
awk 'NR == 1 { print } NR > 1 { print "c" NR % 18 "," $0 }' <(sed 's/^[^,]*,//' reviews.csv) | sed '1s/.*/label,text/' >many.csv
train "18 classes" many.csv

# --- what it cannot read ---
: >empty.csv
echo label,text >header.csv
printf 'label,text\na,x y\na,y z\na,z\n' >one.csv
printf 'label,text\na,x y\n,y z\nb,z\n' >unlabelled.csv
printf 'label,text\na,x\0y\nb,z\n' >nul.csv
printf 'label,text\na,caf\xe9\nb,z\na,y\nb,z\na,y\n' >latin.csv
printf 'label,text\nk\xe9,x\nb,z\n' >latin-label.csv
printf 'label,text\na,\nb,\na,\nb,\n' >blank.csv
seq 1200 | sed 's/.*/l&,text &/' | sed '1i label,text' >wide.csv
bad_data "missing file" "cannot read none.csv*" none.csv
bad_data "vectors of another width" "vectors.txt*4*6*" reviews.csv --vectors vectors.txt
bad_data "no vectors" "*none.txt*" reviews.csv --vectors none.txt
bad_data "missing validation file" "cannot read none.csv*" reviews.csv --valid none.csv
bad_data "empty file" "empty.csv*" empty.csv
bad_data "no rows" "header.csv*" header.csv
bad_data "one class" "one.csv: all 3 examples of the training part have the label \"a\"; two classes are needed" one.csv --split 1,0,0
bad_data "no label" "unlabelled.csv:3*" unlabelled.csv
bad_data "a NUL byte" "nul.csv:2*" nul.csv
bad_data "not UTF-8" "latin.csv:2*character 4*the byte 0xe9*--lossy*" latin.csv --split 1,0,0
bad_data "a label that is not UTF-8" "latin-label.csv:2*" latin-label.csv
bad_data "unknown column" "*\"mood\"*label, text*" reviews.csv --label mood
bad_data "texts as labels" "wide.csv: 1200 different labels *--label*" wide.csv --split 1,0,0
bad_data "no text at all" "the training part has no text*" blank.csv --split 1,0,0
run "$recur" train classify reviews.csv --min-count 100000 "${small[@]}" --out left
expect "no word is that frequent" 2 "" "recur: --min-count 100000 leaves no units*"
for wrong in "--attention dot" "--attention multihead:5" "--split-every 1" "--split-every 5 --test reviews.csv" "--split 0.7,0.7" "--pool deep" \
    "--class-files --valid neg.txt" "--label-smoothing 1" "--layer-norm --cell rnn"; do
    # shellcheck disable=SC2086 # options are words
    run "$recur" train classify reviews.csv $wrong "${small[@]}" --out left
    expect "$wrong" 2 "" "recur: *"
    check "$wrong: one line" [ "$(wc -l <"$err")" = 1 ]
    check "$wrong: a folder was left" [ ! -e left ]
done
run "$recur" train classify latin.csv --lossy --split 1,0,0 --min-count 1 "${small[@]}" --out lossy
expect "not UTF-8, lossy" 0 "lstm*" ""

# --- evaluate ---
train "the model that is asked" reviews.csv
run "$recur" evaluate run reviews.csv
expect "evaluate" 0 "*accuracy*model *most frequent*class *precision*neg *pos *" ""
printf 'label,words\npos,I love it\n' >words.csv
printf 'label,text\npos,I love it\nmixed,so so\nneg,\nmixed,well\n' >strange.csv
run "$recur" evaluate run strange.csv --json --errors 9
expect "labels that the model does not know" 0 "{*\"mixed\"*}" "recur: 2 examples have a label that the model does not know, such as \"mixed\": they count as wrong"
check "they are among the errors" python3 - "$out" <<'PYTHON'
import json, sys
r = json.load(open(sys.argv[1]))
errors = r["errors"]
assert [c["label"] for c in r["classes"]] == ["neg", "pos", "mixed"]
assert r["accuracy"] <= 0.5 and r["confusion"][2][2] == 0 and sum(r["confusion"][2]) == 2
assert {(e["line"], e["label"]) for e in errors} >= {(3, "mixed"), (5, "mixed")}
assert all(e["file"] == "strange.csv" and e["label"] != e["answer"] for e in errors)
assert [e["probability"] for e in errors] == sorted((e["probability"] for e in errors), reverse=True)
PYTHON
run "$recur" evaluate run reviews.csv --errors 2
check "--errors" [ "$(grep -c '^reviews.csv:[0-9]*: .*, but the answer is ' "$out")" = 2 ]
bad "evaluate not UTF-8" "latin.csv:2*character 4*" evaluate run latin.csv
run "$recur" evaluate run latin.csv --lossy
expect "evaluate not UTF-8, lossy" 0 "*" "recur: 5 examples have a label*"
bad "evaluate without the column" "*no column*\"text\"*words*" evaluate run words.csv

# --- predict ---
printf 'I love it.\n\nThe price is not good but awful.\n' >in.txt
run "$recur" predict run in.txt
expect "predict" 0 $'@(neg|pos)\t0.????\n@(neg|pos)\t0.????\n@(neg|pos)\t0.????' ""
cp "$out" answers
check "standard input gives the same" cmp -s answers <("$recur" predict run <in.txt)
check "line ends of elsewhere too" cmp -s answers <(sed 's/$/\r/' in.txt | "$recur" predict run -)
cut -d, -f2- reviews.csv | tail -n +2 | sed 's/^"//; s/"$//' >texts.txt
check "a text's answer does not depend on the others" cmp -s <("$recur" predict run texts.txt --top 2) \
    <("$recur" predict run --top 2 <texts.txt)
run "$recur" predict run in.txt --top 5
expect "--top" 0 $'@(neg\t0.????\tpos\t0.????|pos\t0.????\tneg\t0.????)*' ""
run "$recur" predict run in.txt --json --top 2
check "--json: an object per line" python3 - "$out" <<'PYTHON'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert len(lines) == 3
for r in lines:
    assert r["label"] == r["top"][0]["label"] and abs(sum(t["probability"] for t in r["top"]) - 1) < 1e-6
PYTHON
printf 'fine\ncaf\xe9\n' >latin.txt
run "$recur" predict run latin.txt
expect "predict not UTF-8" 3 "*" "recur: latin.txt:2:4: the byte 0xe9*"
run "$recur" predict run latin.txt --lossy
expect "predict not UTF-8, lossy" 0 $'*\n*' ""
printf 'a\0b\n' >nul.txt
bad "predict a NUL byte" "nul.txt:1*" predict run nul.txt
bad "predict a missing file" "cannot read none.txt*" predict run none.txt
: >none.lines
run "$recur" predict run none.lines
expect "no lines, no answers" 0 "" ""
run "$recur" predict run in.txt --steps 3
expect "an option of another task" 2 "" "recur: --steps means nothing to a model of the task classify"
run "$recur" predict run in.txt --attention -
expect "no attention" 3 "" "recur: run/model.safetensors: the model has no attention; train with --pool attention or --attention multihead"

# A text of 100,000 characters, in words and in characters, to learn from and to answer.
python3 -c 'print("label,text"); [print(f"{l},{t}") for l, t in [("a", "x " * 50000), ("b", "y" * 100000)] + [("a", "x y"), ("b", "y y")] * 20]' >long.csv
run "$recur" train classify long.csv "${small[@]}" --epochs 1 --split 1,0,0 --out long
expect "long texts" 0 "lstm*" ""
run "$recur" train classify long.csv "${small[@]}" --epochs 1 --split 1,0,0 --out chars --unit char --max-length 0
expect "long texts of characters, not cut" 0 "lstm*" ""
run "$recur" predict chars <(python3 -c 'print("x" * 100000)')
expect "an answer to 100,000 characters" 0 "[ab]*" ""

# --- attention ---
for how in "--pool attention" "--attention multihead:2 --pool mean" "--attention multihead:3 --bidirectional" \
    "--attention multihead:2 --pool attention"; do
    # shellcheck disable=SC2086 # options are words
    train "$how" reviews.csv $how
    run "$recur" predict run in.txt --attention -
    check "$how: weights sum to 1" python3 - "$out" <<'PYTHON'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert [r["words"] for r in lines] == [["i", "love", "it", "."], [], ["the", "price", "is", "not", "good", "but", "awful", "."]]
for r in lines:
    assert len(r["weights"]) == len(r["words"]) and all(w >= 0 for w in r["weights"])
    assert abs(sum(r["weights"]) - (len(r["words"]) > 0)) < 1e-5
PYTHON
    check "$how: the same answers" cmp -s <("$recur" predict run in.txt) <("$recur" predict run in.txt --attention a.json)
    check "$how: in a file" [ "$(python3 -c 'import json; print(len(json.load(open("a.json"))))')" = 3 ]
done
if command -v gnuplot >/dev/null; then
    run "$recur" predict run in.txt --attention heat.svg
    expect "a heat map" 0 "*" ""
    check "heat.svg" grep -q '</svg>' heat.svg
    run "$recur" predict run in.txt --attention heat.png
    check "heat.png" [ "$(head -c 4 heat.png | tail -c 3)" = PNG ]
fi
mkdir empty
run env PATH="$work/empty" "$recur" predict run in.txt --attention none.svg
expect "a heat map without gnuplot" 1 "*" "*recur: none.svg is drawn by gnuplot"
run "$recur" predict run in.txt --attention empty/none/a.json
expect "attention into nowhere" 1 "" "recur: cannot write empty/none/a.json*"

# --- models of strangers ---
train "the model that is tampered with" reviews.csv
model=run/model.safetensors
other() { # other NAME GLOB SED: the same file with other metadata of the same size
    sed "$3" $model >other.safetensors
    check "$1: the test changes something" [ "$(cmp -s $model other.safetensors; echo $?)" = 1 ]
    bad "$1" "other.safetensors: $2" predict other.safetensors in.txt
}
other "another size" "*" 's/\\"hidden\\": 6/\\"hidden\\": 7/'
other "more words than rows" "*" 's/\\"i\\",/\\"i\\",\\"ii\\",/; s/\\"lossy\\": false, //'
other "a temperature of 0" "the classes in the metadata*" 's/\\"temperature\\": [0-9]/\\"temperature\\": -/'
other "labels that are none" "*" 's/\[\\"neg\\",\\"pos\\"\]/[\\"pos\\",\\"pos\\"]/'
other "a format of the future" "the format is \"classify 9\"*" 's/classify 1/classify 9/'
other "a layer too many" "*" 's/\\"dense\\": 0/\\"dense\\": 9/'
other "attention that it does not have" "*" 's/\\"pool\\": \\"[a-z]*\\", /\\"pool\\": \\"attention\\", /'
done_testing
