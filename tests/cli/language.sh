#!/bin/bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2317 # functions are called by their names
# Language models from the command line: training, perplexity, writing; what is refused; the same bits for threads,
# instruction sets and after a kill.
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"

# A text with something to learn.
verse() {
    for ((i = 0; i < $1; i++)); do
        case $((i * i % 7 % 4)) in
        0) echo "The cat sat on the mat." ;;
        1) echo "A dog ran to the door." ;;
        2) echo "Où est le café, dit-elle ?" ;;
        *) echo "The dog saw the cat, and sat." ;;
        esac
    done
}
verse 200 >verse.txt
small=(--hidden 24 --layers 2 --dropout 0.1 --window 32 --batch-size 8 --epochs 3 --sample 40 --lr 0.02 --checkpoint-every 0)
train() {
    run "$recur" train language "$@" --no-plot --quiet
}

# ---- characters ----
train verse.txt "${small[@]}" --out chars
expect "training on characters" 0 "*parameters*unigram*better than the unigram*model: chars/model.safetensors*" ""
for file in model.safetensors checkpoint.safetensors config.json metrics.jsonl result.json samples.txt; do
    check "chars/$file" test -s "chars/$file"
done
check "a sample per epoch" test "$(grep -c '^==== epoch' chars/samples.txt)" = 3
train verse.txt "${small[@]}" --out json --json
expect "training as JSON" 0 '{*"task": "language"*"bits_per_unit"*"baseline"*}' ""
check "the same bits" cmp chars/model.safetensors json/model.safetensors
run "$recur" evaluate chars verse.txt --json
expect "perplexity of a text" 0 '{"count": *"loss": *"bits_per_unit": *"perplexity": *"baseline": {*}}' ""

# ---- writing ----
run "$recur" generate chars --length 50 --seed 3
expect "writing" 0 "?*" ""
cp "$out" first.txt
run "$recur" generate chars --length 50 --seed 3 --stream
check "the same seed, the same text" cmp "$out" first.txt
run env RECUR_ISA=portable "$recur" generate chars --length 50 --seed 3 --threads 2
check "the same text in portable C" cmp "$out" first.txt
run "$recur" generate chars --length 50 --seed 4
check "another seed, another text" test "$(cmp -s "$out" first.txt && echo same)" = ""
run "$recur" generate chars --prompt "Où est" --length 20 --greedy
expect "a prompt goes on" 0 "Où est*" ""
cp "$out" greedy.txt
run "$recur" generate chars --prompt "Où est" --length 20 --temperature 0
check "temperature 0 is greedy" cmp "$out" greedy.txt
run "$recur" generate chars --prompt "Où est" --length 20 --beam 1
check "a beam of one is greedy" cmp "$out" greedy.txt
for how in "--top-k 3" "--top-p 0.8" "--min-p 0.2" "--repetition-penalty 1.3" "--beam 4"; do
    # shellcheck disable=SC2086
    run "$recur" generate chars --prompt "The " --length 30 $how
    expect "writing with $how" 0 "The *" ""
done
run "$recur" generate chars --length 0
expect "nothing to write" 0 "" ""
run "$recur" generate chars --prompt "The cat" --length 10 --json
expect "writing as JSON" 0 '{"prompt": "The cat", "text": "?*", "seed": 1}' ""
run "$recur" generate chars --prompt $'\xff\xfe' --length 10
expect "a prompt that is not UTF-8" 3 "*" "recur: the prompt*UTF-8*"
run "$recur" generate chars --top-p 2
expect "a share above one" 2 "" "recur: --top-p*"
run bash -c "'$recur' generate chars --length 100000 --stream | head -c 20 >/dev/null"
check "a reader that goes away" test "$code" = 0
run timeout -s INT 0.5 "$recur" generate chars --length 100000000 --stream
check "Ctrl-C ends the text" test "$code" = 124 -o "$code" = 130

# ---- words ----
train verse.txt --unit word "${small[@]}" --tie --embedding 16 --epochs 9 --out words
expect "training on words" 0 "*better than the unigram*" ""
run "$recur" generate words --prompt "The cat" --length 60 --temperature 0.5
expect "words are put together again" 0 "The cat*" ""
check "no blank before a full stop" test "$(grep -c ' \.$' "$out")" = 0
check "no marks" test "$(grep -c '￭' "$out")" = 0
train verse.txt --unit space --vocab 5 "${small[@]}" --out few
expect "five words" 0 "*" ""
run "$recur" generate few --length 50
check "the unknown word is not written" test "$(grep -c '<unk>' "$out")" = 0

# ---- other models ----
for options in "--cell gru" "--cell rnn" "--cell gru --zoneout 0.1" \
    "--variational --recurrent-dropout 0.2 --weight-drop 0.2 --embedding-dropout 0.1 --input-dropout 0.1"; do
    # shellcheck disable=SC2086
    train verse.txt "${small[@]}" --epochs 1 $options --out other --force
    expect "training with $options" 0 "*" ""
    run "$recur" generate other --length 10
    expect "writing with $options" 0 "?*" ""
done

# ---- what is refused, and what is not ----
bad() { # bad NAME CODE MESSAGE ARGUMENTS...
    local name=$1 code_wanted=$2 message=$3
    shift 3
    run "$recur" "$@" --no-plot --quiet
    expect "$name" "$code_wanted" "" "recur: $message"
}
: >empty.txt
printf 'abc' >short.txt
printf 'good\nb\xffd\n' >bytes.txt
printf 'a\0b\n' >nul.txt
bad "no text" 2 "a data file is needed*" train language
bad "an empty text" 3 "empty.txt: the text is empty*" train language empty.txt --out none
bad "a text shorter than its lanes" 3 "short.txt: *--batch-size*" train language short.txt --out none
bad "bytes that are not UTF-8" 3 "bytes.txt:2:2: *" train language bytes.txt --out none
bad "a NUL byte" 3 "nul.txt:1: *NUL*" train language nul.txt --out none
bad "a language model that looks ahead" 2 "--bidirectional*" train language verse.txt --bidirectional --out none
bad "a split that is none" 2 "*split*" train language verse.txt --split 0.9,0.9 --out none
bad "no such file" 3 "*nowhere.txt*" train language nowhere.txt --out none
run "$recur" predict chars verse.txt
expect "a language model does not predict" 2 "" "recur: *recur generate*"
run "$recur" evaluate chars empty.txt
expect "perplexity of nothing" 3 "" "recur: empty.txt: the text is empty"
{
    printf '\xef\xbb\xbf'
    verse 60 | sed 's/$/\r/'
    verse 60
} >mixed.txt
train mixed.txt "${small[@]}" --epochs 1 --out mixed
expect "a byte order mark and mixed line ends" 0 "*" ""
check "line ends are one unit" test "$(grep -c '\\r' mixed/model.safetensors)" = 0
head -c 100000 /dev/zero | tr '\0' 'x' >long.txt
train long.txt "${small[@]}" --epochs 1 --batch-size 64 --out long
expect "a line of 100,000 characters" 0 "*" ""
train verse.txt "${small[@]}" --out chars
expect "a run is not overwritten" 2 "" "recur: chars holds a run already*"

# ---- the same bits ----
train verse.txt "${small[@]}" --out threads --threads 3
check "3 threads" cmp chars/model.safetensors threads/model.safetensors
run env RECUR_ISA=portable "$recur" train language verse.txt "${small[@]}" --out portable --no-plot --quiet
check "portable C" cmp chars/model.safetensors portable/model.safetensors

# Killed at a random moment and resumed: the state of the lanes is part of the checkpoint.
"$recur" train language verse.txt "${small[@]}" --out cut --no-plot --quiet >/dev/null 2>&1 &
pid=$!
sleep "0.$((RANDOM % 4 + 1))"
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
train verse.txt "${small[@]}" --out cut --resume
expect "a killed run goes on" 0 "*" ""
check "to the same model" cmp chars/model.safetensors cut/model.safetensors
check "to the same samples" cmp chars/samples.txt cut/samples.txt
train verse.txt "${small[@]}" --max-steps 17 --out steps
train verse.txt --max-steps 0 --out steps --resume
check "stopped within an epoch and resumed" cmp chars/model.safetensors steps/model.safetensors
done_testing
