#!/bin/bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2317 # functions are called by their names
# Translation from the command line: pairs to a run folder, BLEU, beams, attention; what is refused; the same bits for
# threads, instruction sets and after a kill.
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"
command -v python3 >/dev/null || skip "no python3 to read JSON"

json() { # json FILE EXPRESSION: true if the Python expression about the object r holds
    python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); sys.exit(not eval(sys.argv[2]))' "$1" "$2"
}

# Spelt numbers, and their digits from the last to the first.
python3 - <<'PYTHON'
import random
random.seed(1)
words = "zero one two three four five six seven eight nine".split()
pairs = [[random.randrange(10) for _ in range(random.randint(1, 4))] for _ in range(500)]
spelt = [" ".join(words[d] for d in p) for p in pairs]
digits = [" ".join(str(d) for d in reversed(p)) for p in pairs]
open("pairs.tsv", "w").writelines(f"{s}\t{d}\tignored\n" for s, d in zip(spelt, digits))
open("train.a", "w").writelines(s + "\n" for s in spelt[:400])
open("train.b", "w").writelines(d + "\n" for d in digits[:400])
open("val.a", "w").writelines(s + "\n" for s in spelt[400:])
open("val.b", "w").writelines(d + "\n" for d in digits[400:])
PYTHON
small=(--hidden 32 --embedding 16 --dropout 0 --input-dropout 0 --min-count 1 --lr 0.01 --batch-size 16 --patience 0)
train() {
    run "$recur" train translate "$@" --no-plot --quiet
}

# ---- a table ----
train pairs.tsv --no-group "${small[@]}" --epochs 20 --out table
expect "training on a table" 0 "*parameters*train*valid*test*the source*BLEU: nrefs:1|case:mixed|eff:no|tok:13a*< *= *> *model: table/model.safetensors" ""
for file in model.safetensors checkpoint.safetensors config.json metrics.jsonl result.json samples.txt; do
    check "table/$file" test -s "table/$file"
done
check "ten samples" test "$(grep -c '^> ' table/samples.txt)" = 10
check "ten samples in result.json" json table/result.json "len(r['samples']) == 10 and 'translation' in r['samples'][9]"
for part in train valid test baseline; do
    for key in count loss perplexity bleu exact; do
        check "$part has $key" json table/result.json "'$key' in r['$part']"
    done
done
check "it has learnt it" json table/result.json "r['test']['exact'] > 0.95 and r['test']['bleu'] > 90"
check "sizes" json table/result.json "r['test']['count'] == r['baseline']['count'] == r['valid']['count'] == 50"
check "the baseline says the source" json table/result.json "r['baseline']['bleu'] == 0 and r['baseline']['loss'] is None"

# ---- two files ----
train train.a train.b --valid val.a,val.b "${small[@]}" --epochs 2 --attention none --out files
expect "training on two files" 0 "*train *400*valid *100*the source*100*" ""
check "all of DATA is for training" json files/result.json "r['test'] is None and r['valid']['count'] == 100"
run "$recur" evaluate files val.a val.b --json
cp "$out" scored.json
check "evaluate agrees with training" python3 -c 'import json
a = json.load(open("scored.json")); b = json.load(open("files/result.json"))["valid"]
assert all(a[k] == b[k] for k in b), (a, b)'
check "a name with a comma" test "$("$recur" evaluate files val.a,val.b --json)" = "$(<scored.json)"
paste val.a val.b >val.tsv
check "the same as a table" test "$("$recur" evaluate files val.tsv --json)" = "$(<scored.json)"
run "$recur" evaluate table val.tsv --beam 1
expect "evaluate, for people" 0 "*count*loss*perplexity*BLEU*exact*model*100*the source*100*BLEU: nrefs:1|*" ""

# ---- asking ----
printf 'one two three\n\nnine\n' >questions.txt
printf '3 2 1\n\n9\n' >answers.txt
run "$recur" predict table questions.txt
check "a file" cmp "$out" answers.txt
run "$recur" predict table <questions.txt
check "standard input" cmp "$out" answers.txt
run bash -c "cat questions.txt | '$recur' predict table -"
check "a pipe" cmp "$out" answers.txt
run "$recur" predict table questions.txt --beam 1 --threads 2
check "greedy" cmp "$out" answers.txt
run "$recur" predict table questions.txt --n-best 3
expect "three best" 0 $'1\t-*\t3 2 1\n1\t-*\n1\t-*\n3\t-*\t9\n3\t-*\n3\t-*' ""
run "$recur" predict table questions.txt --json --n-best 2
check "an object per line" test "$(wc -l <"$out")" = 3
head -1 "$out" >answer.json
check "as JSON" json answer.json "r['translation'] == '3 2 1' and r['tokens'] == ['3', '2', '1', '<eos>'] and len(r['n_best']) == 2"
check "score is log p by length" json answer.json "abs(r['score'] * 4 - r['log_p']) < 1e-9 and r['log_p'] < 0"
check "attention as JSON" json answer.json "len(r['attention']) == 4 and len(r['source_tokens']) == 4 and all(abs(sum(a) - 1) < 1e-3 for a in r['attention'])"
run "$recur" predict table questions.txt --attention weights.json
check "a file of attention" json weights.json "len(r) == 2 and r[0]['source'][0] == 'one' and r[1]['target'] == ['9', '<eos>'] and len(r[0]['weights']) == 4"
if command -v gnuplot >/dev/null; then
    run "$recur" predict table questions.txt --attention weights.svg
    check "a heat map for each" test -s weights.svg -a -s weights-2.svg
    check "it shows the words" grep -q three weights.svg
    run "$recur" predict table questions.txt --attention weights.png
    check "a heat map as PNG" test "$(head -c 4 weights.png | tail -c 3)" = PNG
fi
run "$recur" predict files questions.txt --attention weights.json
expect "no attention" 2 "" "*the model was trained without attention"
run "$recur" predict table questions.txt --beam 2 --n-best 3
expect "more than the beam" 2 "" "recur: the 3 best of a beam of 2*"
run "$recur" predict table questions.txt --steps 3
expect "an option of another task" 2 "" "*--steps means nothing to a model of the task translate"
run "$recur" predict table missing.txt
expect "no such input" 3 "" "*cannot read missing.txt*"
printf 'one\ntwo \xff\n' >bytes.txt
run "$recur" predict table bytes.txt
expect "bytes that are not UTF-8" 3 "*" "recur: bytes.txt:2:5: the byte 0xff is not UTF-8*"
run bash -c "printf 'one\n\xff\n' | '$recur' predict table"
expect "the same in a pipe" 3 "1" "recur: standard input:2:1: *"
python3 -c 'print("one " * 3000)' >long.txt
run "$recur" predict table long.txt
expect "a very long text" 0 "?*" "*long.txt:1: longer than 100 units: the rest is not translated*"
check "one line of note" test "$(wc -l <"$err")" = 1

# ---- bad data ----
bad() { # bad NAME GLOB ARGUMENTS...
    local name=$1 glob=$2
    shift 2
    run "$recur" train translate "$@" --quiet --out left
    expect "$name" 3 "" "recur: $glob"
    check "$name: one line" test "$(wc -l <"$err")" = 1
    check "$name: a folder was left" test ! -e left
}
: >empty.tsv
printf 'one\n' >narrow.tsv
printf '\xef\xbb\xbfone\t1\r\ntwo\t2\rthree\t3\n\t4\nfive\t\n' >mixed.tsv
printf 'one\t1\x00\n' >nul.tsv
printf '\xff\xfeo\x00n\x00' >wide.tsv
printf 'en,fr\none,1\n' >named.csv
bad "missing file" "cannot read none.tsv*" none.tsv
bad "missing second file" "cannot read none.b*" train.a none.b
bad "missing validation file" "cannot read none.a*" train.a train.b --valid none.a,none.b
bad "empty file" "empty.tsv*" empty.tsv
bad "one column" "narrow.tsv:1: *" narrow.tsv
bad "no such column" "*" pairs.tsv --target 9
bad "no such name" "*no column \"de\"*" named.csv --header --source en --target de
bad "one file longer than the other" "*" train.a val.b
bad "NUL" "nul.tsv:1:* *" nul.tsv
bad "UTF-16" "wide.tsv*UTF-16*" wide.tsv
train mixed.tsv "${small[@]}" --epochs 1 --split 1,0,0 --out mixed
expect "mark, line ends, empty sides" 0 "*train *3 *" ""
run "$recur" train translate mixed.tsv "${small[@]}" --epochs 1 --split 1,0,0 --out mixed --force --no-plot
expect "a note about empty sides" 0 "*" "*mixed.tsv: 2 pairs with an empty side are left out*"
train named.csv --header --source en --target fr "${small[@]}" --epochs 1 --split 1,0,0 --out named
expect "columns by name" 0 "*train *1 *" ""
run "$recur" train translate pairs.tsv --attention multihead:2 --quiet --out left
expect "no such attention" 2 "" "*multihead:2*"
run "$recur" train translate pairs.tsv val.a val.b
expect "three files" 2 "" "*not val.b as well*"
run "$recur" evaluate table val.a val.b val.tsv
expect "three files to score" 2 "" "*2 data files at most, not 3"

# ---- a model file that lies about itself ----
cp table/model.safetensors cut.safetensors
truncate -s -4 cut.safetensors
run "$recur" predict cut.safetensors questions.txt
expect "model cut off" 3 "" "recur: cut.safetensors: *"
sed 's/\\"hidden\\": 32/\\"hidden\\": 98/' table/model.safetensors >other.safetensors
run "$recur" predict other.safetensors questions.txt
expect "sizes that do not fit" 3 "" "recur: other.safetensors: the sizes of the tensors do not fit the configuration*"
sed 's/\\"share_vocab\\": false/\\"share_vocab\\": true /' table/model.safetensors >other.safetensors
run "$recur" predict other.safetensors questions.txt
expect "a vocabulary that does not fit" 3 "" "recur: *"
run "$recur" predict files/model.safetensors questions.txt
expect "the file itself" 0 "?*" ""

# ---- the same bits ----
again() { # again NAME ENVIRONMENT... -- OPTIONS...
    local name=$1 environment=()
    shift
    while [ "$1" != -- ]; do
        environment+=("$1")
        shift
    done
    shift
    run env "${environment[@]}" "$recur" train translate pairs.tsv "${drawn[@]}" --quiet --no-plot --force --out again "$@"
    check "$name: the same model" cmp again/model.safetensors drawn/model.safetensors
    check "$name: the same samples" cmp again/samples.txt drawn/samples.txt
}
drawn=("${small[@]}" --hidden 16 --dropout 0.1 --teacher-forcing 0.9 --teacher-forcing-end 0.4 --epochs 8 --checkpoint-every 0.005)
begin=$(date +%s%3N)
train pairs.tsv "${drawn[@]}" --out drawn --threads 1
milliseconds=$(($(date +%s%3N) - begin))
again "two threads" A=1 -- --threads 2
again "portable" RECUR_ISA=portable -- --threads 1
kills=0
for ((i = 0; i < 4; i++)); do
    rm -rf cut
    "$recur" train translate pairs.tsv "${drawn[@]}" --quiet --no-plot --threads 1 --out cut >/dev/null 2>&1 &
    pid=$!
    after=$((RANDOM * milliseconds / 32768))
    sleep "$(printf '%d.%03d' $((after / 1000)) $((after % 1000)))"
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ $? = 137 ] && kills=$((kills + 1))
    run "$recur" train translate pairs.tsv "${drawn[@]}" --quiet --no-plot --threads 1 --out cut --resume
    check "killed and resumed: the same model" cmp cut/model.safetensors drawn/model.safetensors
    check "killed and resumed: the same samples" cmp cut/samples.txt drawn/samples.txt
done
printf '%d of 4 runs were killed\n' "$kills"
check "no run was still alive when it was to be killed" test "$kills" -ge 1
done_testing
