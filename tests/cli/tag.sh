#!/bin/bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2317 # functions are called by their names
# Taggers from the command line: training, entities, answers; what is refused; the same bits.
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"

"$recur" data tags --count 120 -o tags.conll
small=(--hidden 16 --embedding 12 --char-hidden 8 --char-embedding 6 --epochs 4 --batch-size 8 --lr 0.02 --checkpoint-every 0)
train() {
    run "$recur" train tag "$@" --no-plot --quiet
}
train tags.conll "${small[@]}" --out plain
expect "training" 0 "*parameters*usual tag*model: plain/model.safetensors*" ""
train tags.conll "${small[@]}" --crf --out crf --json
expect "training with a CRF, as JSON" 0 '{*"task": "tag"*"test": {*"accuracy"*"f1"*"baseline"*}' ""
train tags.conll "${small[@]}" --crf --char-encoder none --layers 2 --cell gru --out words
expect "without characters" 0 "*" ""
for file in model.safetensors checkpoint.safetensors config.json metrics.jsonl result.json; do
    check "crf/$file" test -s "crf/$file"
done

# ---- asking ----
run "$recur" evaluate crf tags.conll
expect "scores for each type" 0 "*accuracy*entities*gold*" ""
run "$recur" evaluate crf tags.conll --json
expect "the same as JSON" 0 '{"count": *"f1": *"entities": {*"gold": *}*}' ""
printf 'Maria went to Oslo\n\nvisited\n' >lines.txt
run "$recur" predict crf lines.txt
check "a line for each line, empty ones too" test "$(wc -l <"$out")" = 3
check "every word has a tag" test "$(head -1 "$out" | grep -o '/' | wc -l)" = 4
run "$recur" predict crf lines.txt --json
expect "answers as JSON" 0 '{"tokens": \["Maria", *\], "tags": \[*\], "probabilities": \[*\]}*' ""
run "$recur" predict crf - <lines.txt
check "standard input" test "$(wc -l <"$out")" = 3

# ---- columns: the file comes back with its tags ----
printf 'Maria\tB-PERSON\nwent\tO\n\nOslo\tO\n' >in.conll
run "$recur" predict crf in.conll --format conll
expect "columns" 0 $'Maria\tB-PERSON\t[!\t]*\nwent\tO\t*\n\nOslo\tO\t*' ""
cp "$out" answers.conll
run "$recur" predict crf --format conll <in.conll
check "standard input" cmp "$out" answers.conll
run "$recur" predict crf - --format conll < <(cat in.conll)
check "a pipe" cmp "$out" answers.conll
check "the tags of lines of words" test "$(cut -f3 answers.conll | sed '/^$/d' | tr '\n' ' ')" = \
    "$(printf 'Maria went\nOslo\n' | "$recur" predict crf | tr ' ' '\n' | sed 's,.*/,,' | tr '\n' ' ')"
run "$recur" predict crf in.conll --format conll --json
check "an object for each sentence" test "$(grep -c '^{"tokens"' "$out")" = 2
run "$recur" predict crf in.conll --format conllu
expect "columns that are not CoNLL-U" 3 "" "recur: in.conll: lines of 2 columns; CoNLL-U has 10"
printf '# text = Maria went\n1\tMaria\t_\tX\t_\t_\t0\t_\t_\t_\n2\twent\t_\tX\t_\t_\t1\t_\t_\t_\n' >in.conllu
run "$recur" predict crf in.conllu --format conllu
expect "CoNLL-U" 0 $'# text = Maria went\n1\tMaria\t_\t[!X]*\t_\t_\t0\t_\t_\t_\n2\twent\t_\t[!X]*\t_\t_\t1\t_\t_\t_' ""
printf 'Maria X\nb\xffd X\n' >bytes.conll
run "$recur" predict crf bytes.conll --format conll
expect "columns that are not UTF-8" 3 "" "recur: bytes.conll:2:2: the byte 0xff*"
run "$recur" predict crf bytes.conll --format conll --lossy
expect "columns that are not UTF-8, lossy" 0 "Maria X *" ""
run "$recur" predict crf lines.txt --format tsv
expect "no such format" 2 "" "recur: --format: \"tsv\" is not one of lines, conll or conllu"

# ---- sentences that go by no scheme ----
printf 'a I-X\nd O\nb B-X\n\nd O\na I-X\n' >misfit.conll
run "$recur" train tag misfit.conll "${small[@]}" --crf --min-count 1 --split 1,0,0 --out misfit --no-plot
expect "tags that break their scheme" 0 "*" "recur: misfit.conll:[0-9]: here and in 1 of 2 sentences tags break their scheme, so none is forbidden*epoch*"

printf 'ok\nb\xffd\n' >bytes.txt
run "$recur" predict crf bytes.txt
expect "a word that is not UTF-8" 3 "ok/*" "recur: bytes.txt:2:2: the byte 0xff is not UTF-8*"
head -c 100000 /dev/zero | tr '\0' 'x' >long.txt
run "$recur" predict crf long.txt
expect "a word of 100,000 letters" 0 "xxx*/*" ""

# ---- what is refused, and what is not ----
bad() { # bad NAME CODE MESSAGE ARGUMENTS...
    local name=$1 code_wanted=$2 message=$3
    shift 3
    run "$recur" "$@" --no-plot --quiet --out none
    expect "$name" "$code_wanted" "" "recur: $message"
}
: >empty.conll
printf 'a\tX\nb\tY\nc\n' >ragged.conll
for _ in 1 2 3 4 5 6 7 8 9 10; do printf 'a\tX\nb\tX\n\n'; done >one.conll
bad "no data" 2 "a data file is needed*" train tag
bad "an empty file" 3 "empty.conll*" train tag empty.conll
bad "a row without a tag" 3 "ragged.conll:3: *" train tag ragged.conll
bad "an unknown column" 3 "*" train tag tags.conll --tag 9
bad "no such file" 3 "*nowhere*" train tag nowhere.conll
bad "a split that is none" 2 "*split*" train tag tags.conll --split 0.9,0.9
train one.conll "${small[@]}" --out one
expect "one tag" 0 "*" ""
run "$recur" evaluate one tags.conll
expect "tags never seen count as wrong" 0 "*" ""
sed 's/$/\r/' tags.conll | sed '1s/^/\xef\xbb\xbf/' >dos.conll
train dos.conll "${small[@]}" --out dos
check "a byte order mark and CR LF change nothing" cmp \
    <(sed 's/dos.conll//' dos/model.safetensors | tail -c 2000) <(sed 's/tags.conll//' plain/model.safetensors | tail -c 2000)

# ---- the same bits ----
train tags.conll "${small[@]}" --crf --out threads --threads 3
check "3 threads" cmp crf/model.safetensors threads/model.safetensors
run env RECUR_ISA=portable "$recur" train tag tags.conll "${small[@]}" --crf --out portable --no-plot --quiet
check "portable C" cmp crf/model.safetensors portable/model.safetensors
"$recur" train tag tags.conll "${small[@]}" --crf --out cut --no-plot --quiet >/dev/null 2>&1 &
pid=$!
sleep "0.$((RANDOM % 4 + 1))"
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
train tags.conll "${small[@]}" --crf --out cut --resume
expect "a killed run goes on" 0 "*" ""
check "to the same model" cmp crf/model.safetensors cut/model.safetensors
done_testing
