#!/bin/bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2317 # functions are called by their names
# What may stand at the edges of the four text tasks: files that are empty, cut short, of another encoding or another kind,
# texts that are empty or very long, labels never seen, readers that go away, Ctrl-C. Each is a defined answer or one line
# that names the place, and nothing half-done is left behind.
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"

tasks="classify tag language translate"
declare -A ending=([classify]=csv [tag]=conll [language]=txt [translate]=tsv)
declare -A small=(
    [classify]="--embedding 4 --min-count 1"
    [tag]="--embedding 4 --char-hidden 3 --char-embedding 3 --min-count 1 --crf"
    [language]="--window 16 --batch-size 2 --sample 5"
    [translate]="--embedding 4 --unit char --min-count 1"
)
mkdir folder

train() { # train TASK ARGUMENTS...: one short epoch into left
    local task=$1
    shift
    # shellcheck disable=SC2086 # options are words
    run "$recur" train "$task" "$@" ${small[$task]} --hidden 6 --epochs 1 --threads 1 --no-plot --quiet --out left
}

refuses() { # refuses NAME GLOB: the last run ended with status 3 and one line, and left nothing
    expect "$1" 3 "" "recur: $2"
    check "$1: one line" [ "$(wc -l <"$err")" = 1 ]
    check "$1: a folder was left" [ ! -e left ]
    rm -rf left
}

works() { # works NAME: the last run succeeded
    expect "$1" 0 "*" ""
    rm -rf left
}

# --- models to ask, each beside the data it has learnt from ---
"$recur" data reviews --count 60 -o classify.csv
"$recur" data tags --count 40 -o tag.conll
"$recur" data dates --count 60 -o translate.tsv
tail -n +2 classify.csv | cut -d, -f2 >language.txt
for task in $tasks; do
    train "$task" "$task.${ending[$task]}"
    expect "a $task model" 0 "*" ""
    mv left "$task"
done

# --- files that are not there, folders, nothing inside ---
for task in $tasks; do
    data=$task.${ending[$task]} empty=empty.${ending[$task]}
    : >"$empty"
    train "$task" "$empty"
    refuses "$task: an empty file" "$empty*@(empty|no row)*"
    train "$task" folder
    refuses "$task: a folder" "cannot read folder: Is a directory"
    for part in valid test; do
        train "$task" "$data" --$part none
        refuses "$task: no --$part" "cannot read none: No such file or directory"
        train "$task" "$data" --$part folder
        refuses "$task: a folder as --$part" "cannot read folder: Is a directory"
        train "$task" "$data" --$part "$empty"
        refuses "$task: an empty --$part" "$empty*@(empty|no row)*"
    done
    for data in none folder; do
        run "$recur" evaluate "$task" $data
        refuses "$task: evaluate $data" "cannot read $data: *"
    done
    run "$recur" evaluate "$task" "$empty"
    refuses "$task: evaluate nothing" "$empty*@(empty|no row)*"
done
for task in classify tag translate; do
    for data in none folder; do
        run "$recur" predict "$task" $data
        refuses "$task: predict $data" "cannot read $data: *"
    done
    run "$recur" predict "$task" empty.txt
    expect "$task: no lines, no answers" 0 "" ""
done

# --- a model of another task, and what is no model ---
for task in classify tag translate; do
    run "$recur" generate "$task"
    refuses "generate of $task" "$task: a model of the task $task does not write text; recur predict asks it"
done
run "$recur" predict language language.txt
expect "predict of language" 2 "" "recur: language: a model of the task language predicts by writing: recur generate"
run "$recur" generate classify.csv
refuses "generate of a table" "classify.csv: *"
run "$recur" predict folder language.txt
refuses "predict of an empty folder" "cannot read folder/model.safetensors: *"
run "$recur" evaluate classify tag.conll
refuses "a classifier on tags" "no column \"text\" in tag.conll; it has *"
run "$recur" evaluate tag language.txt
refuses "a tagger on a text" "language.txt*column*"
run "$recur" evaluate translate language.txt
refuses "a translator on a text" "language.txt:1: 1 column, but column 2 is needed"

# --- columns: not there, the wrong ones, empty ---
train classify classify.csv --text words
refuses "no such text" "no column \"words\" in classify.csv; it has label, text"
train classify classify.csv --label 7
refuses "no seventh column" "no column 7 in classify.csv; it has 2"
train tag tag.conll --token 9
refuses "no ninth column" "tag.conll: column 9 of the tokens; the lines have 2 columns"
train tag tag.conll --tag 1
refuses "one column for both" "tag.conll: column 1 holds the tokens; the tags must stand in another"
train translate translate.tsv --target 4
refuses "no fourth column" "translate.tsv:1: *column 4 is needed"
printf 'label,text\n,\n,\n' >hollow.csv
printf '\t\n\t\n' >hollow.conll
printf '\t\n\ta\nb\t\n' >hollow.tsv
printf '\n\n\n\n' >hollow.txt
train classify hollow.csv
refuses "no labels" "hollow.csv:2: a text without a label"
train tag hollow.conll
refuses "nothing but a tab" "hollow.conll:1: *"
train translate hollow.tsv
refuses "pairs of nothing" "hollow.tsv: no pair has text on both sides"
run "$recur" evaluate translate hollow.tsv
refuses "pairs of nothing to score" "hollow.tsv: no pair has text on both sides"
train language hollow.txt --split 1,0,0
works "a text of empty lines"

# --- one line, one class ---
printf 'label,text\na,x\n' >one.csv
printf 'a\tX\n' >one.conll
printf 'one line\n' >one.txt
printf 'a b\tc\n' >one.tsv
train classify one.csv --split 1,0,0
refuses "one example" "one.csv: *two classes are needed"
for task in tag language translate; do
    train "$task" "one.${ending[$task]}" --split 1,0,0
    works "$task: one line"
    train "$task" "one.${ending[$task]}"
    check "$task: one line in three parts" [ "$code" = 0 -o "$code" = 3 -o "$code" = 2 ]
    check "$task: and one message at most" [ "$(wc -l <"$err")" -le 1 ]
    rm -rf left
done

# --- the end of a file and of its lines, and what stands before it ---
same_model() { # same_model NAME TASK: data.X gives the model of plain/
    train "$2" "data.${ending[$2]}" --split 1,0,0
    expect "$1" 0 "*" ""
    check "$1: the same model" cmp -s left/model.safetensors "plain-$2"
    rm -rf left
}
for task in $tasks; do
    plain=$task.${ending[$task]} data=data.${ending[$task]}
    cp "$plain" "$data"
    train "$task" "$data" --split 1,0,0
    mv left/model.safetensors "plain-$task"
    rm -rf left
    sed 's/$/\r/; 1s/^/\xef\xbb\xbf/' "$plain" >"$data"
    same_model "$task: a byte order mark and CR LF" "$task"
    awk 'NR > 1 { printf "%s%s", last, NR % 3 == 0 ? "\r\n" : NR % 3 == 1 && $0 != "" ? "\r" : "\n" } { last = $0 } END { print last }' \
        "$plain" >"$data"
    same_model "$task: mixed line ends" "$task"
    [ "$task" = language ] && continue # there the last line end is a character like any other
    head -c -1 "$plain" >"$data"
    same_model "$task: no line end at the end" "$task"
done

# --- bytes that are no text ---
printf 'label,text\na,fine\nb,caf\xe9 x\na,x\nb,x\n' >latin.csv
printf 'fine\tX\ncaf\xe9\tY\nx\tX\nx\tY\n' >latin.conll
printf 'fine\ncaf\xe9 x and some more of this\nfine\n' >latin.txt
printf 'fine\tx\ncaf\xe9\tx\nx\tfine\n' >latin.tsv
printf 'label,text\na,x\nb,y\0\n' >nul.csv
printf 'a\tX\nb\0\tY\n' >nul.conll
printf 'a\nb\0\n' >nul.txt
printf 'a\tb\nb\0\tc\n' >nul.tsv
declare -A where=([classify]=3:4 [tag]=2:4 [language]=2:4 [translate]=2:4)
for task in $tasks; do
    data=latin.${ending[$task]} nul=nul.${ending[$task]}
    advice="the byte 0xe9 is not UTF-8; convert the file, or pass --lossy to read it as U+FFFD"
    place=$data:${where[$task]}
    [ "$task" = classify ] && place="$data:3: character 4 of the text" # quotes have hidden the column
    train "$task" "$data" --split 1,0,0
    refuses "$task: not UTF-8" "$place: $advice"
    train "$task" "$data" --split 1,0,0 --lossy
    works "$task: not UTF-8, lossy"
    run "$recur" evaluate "$task" "$data"
    refuses "$task: evaluate not UTF-8" "$place: $advice"
    run "$recur" evaluate "$task" "$data" --lossy --quiet
    expect "$task: evaluate not UTF-8, lossy" 0 "*" ""
    train "$task" "$nul" --split 1,0,0
    refuses "$task: a NUL byte" "$nul:*NUL*"
done
for task in classify tag translate; do
    run "$recur" predict "$task" latin.txt
    expect "$task: predict not UTF-8" 3 "*" "recur: latin.txt:2:4: $advice"
    run "$recur" predict "$task" - < <(cat latin.txt)
    expect "$task: predict not UTF-8 from a pipe" 3 "*" "recur: standard input:2:4: $advice"
    run "$recur" predict "$task" latin.txt --lossy
    check "$task: predict not UTF-8, lossy" [ "$code" = 0 -a "$(wc -l <"$out")" = 3 ]
    run "$recur" predict "$task" latin.txt --lossy --json
    check "$task: the same as JSON" [ "$code" = 0 -a "$(wc -l <"$out")" = 3 ]
    run "$recur" predict "$task" nul.txt
    expect "$task: predict a NUL byte" 3 "*" "recur: nul.txt:*NUL*"
done
run "$recur" generate language --prompt $'caf\xe9' --length 4
expect "a prompt that is not UTF-8" 3 "*" "recur: *--lossy*"
run "$recur" generate language --prompt $'caf\xe9' --length 4 --lossy
expect "a prompt that is not UTF-8, lossy" 0 "?*" ""
printf 'label,text\na\xe9,x\nb,y\n' >label.csv
printf 'a\tX\xe9\n' >label.conll
for task in classify tag; do
    train "$task" "label.${ending[$task]}" --lossy
    refuses "$task: a label that is not UTF-8" "label.${ending[$task]}:*the byte 0xe9 is not UTF-8; convert the file: labels and tags are never guessed"
done

# --- labels never seen ---
printf 'label,text\nmixed,so so\n' >strange.csv
printf 'It\tO\nhere\tB-PLANET\nthere\tI-PLANET\n' >strange.conll
run "$recur" evaluate classify strange.csv --json
expect "a label never seen" 0 '{*"accuracy": 0.0*"mixed"*}' "recur: 1 examples have a label that the model does not know*"
train classify classify.csv --test strange.csv --valid strange.csv
works "a label never seen in the parts"
run "$recur" evaluate tag strange.conll --json
expect "a tag never seen" 0 '{*"recall": 0.0*"PLANET": {"gold": 1,*"correct": 0*}' ""
train tag tag.conll --test strange.conll --valid strange.conll
works "a tag never seen in the parts"

# --- empty texts ---
printf 'label,text\nneg,\npos,fine\npos,\n' >gaps.csv
printf '\n\n' >blank.txt
train classify gaps.csv --split 1,0,0
works "empty texts among others"
run "$recur" evaluate classify gaps.csv
expect "empty texts to score" 0 "*" ""
run "$recur" evaluate language blank.txt
expect "empty lines to score" 0 "*" ""
run "$recur" predict classify blank.txt
expect "classes of nothing" 0 $'@(neg|pos)\t0.????\n@(neg|pos)\t0.????' ""
for task in tag translate; do
    run "$recur" predict $task blank.txt
    check "$task: an empty line for each empty line" cmp -s "$out" blank.txt
    run "$recur" predict $task blank.txt --json
    check "$task: an object for each" [ "$code" = 0 -a "$(grep -c '^{' "$out")" = 2 ]
done
run "$recur" generate language --prompt ""
expect "an empty prompt" 2 "" "recur: --prompt: *empty*"

# --- 100,000 characters ---
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "%s", i % 3 ? "good " : "slow "; print "" }' >long.txt
{
    echo label,text
    for _ in 1 2; do sed 's/^/neg,/' long.txt; done
    printf 'pos,good\nneg,slow\n'
} >long.csv
{
    tr -s ' ' '\n' <long.txt | sed '/./s/$/\tO/'
    printf '\ngood\tB-X\n'
} >long.conll
paste long.txt long.txt >long.tsv
printf 'good\tslow\nslow\tgood\n' >>long.tsv
for task in classify tag translate; do
    run "$recur" predict "$task" long.txt --quiet
    expect "$task: an answer to 100,000 characters" 0 "?*" ""
done
for task in $tasks; do
    train "$task" "long.${ending[$task]}" --split 1,0,0
    works "$task: 100,000 characters to learn from"
    run "$recur" evaluate "$task" "long.${ending[$task]}" --quiet
    expect "$task: 100,000 characters to score" 0 "*" ""
done
for task in classify translate; do
    train "$task" "long.${ending[$task]}" --split 1,0,0 --max-length 300
    works "$task: cut to 300"
done
run "$recur" generate language --length 3 --prompt "$(<long.txt)"
expect "a prompt of 100,000 characters" 0 "slow good *" ""

# --- a reader that goes away ---
awk 'BEGIN { for (i = 0; i < 20000; i++) print "good" }' >many.txt
for task in classify tag translate; do
    {
        "$recur" predict "$task" many.txt 2>"$err"
        echo $? >ended
    } | head -1 >first
    check "$task: the first answer was read" [ "$(wc -l <first)" = 1 ]
    check "$task: a closed pipe" [ "$(<ended)" = 141 ]
    check "$task: is no reason for words" [ ! -s "$err" ]
done

# --- Ctrl-C, and going on to the same bits ---
for task in $tasks; do
    data=$task.${ending[$task]}
    # shellcheck disable=SC2206 # options are words
    command=("$recur" train "$task" "$data" ${small[$task]} --hidden 8 --epochs 60 --patience 0 --threads 1 --no-plot)
    "${command[@]}" --quiet --out whole >/dev/null
    "${command[@]}" --out cut >"$out" 2>"$err" &
    pid=$!
    for ((i = 0; i < 1000; i++)); do
        [ -e cut/metrics.jsonl ] && [ "$(wc -l <cut/metrics.jsonl)" -ge 2 ] && break
        sleep 0.01
    done
    kill -INT $pid
    wait $pid
    code=$?
    expect "$task: Ctrl-C" 130 "" "*recur: stopped after * steps; all is saved*recur train $task --resume --out cut goes on"
    check "$task: no result yet" [ ! -e cut/result.json ]
    run "${command[@]}" --resume --quiet --out cut
    expect "$task: going on" 0 "*" ""
    check "$task: ends in the same bits" cmp whole/model.safetensors cut/model.safetensors
    rm -rf whole cut
done
done_testing
