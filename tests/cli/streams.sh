#!/bin/bash
# SPDX-License-Identifier: MIT
# Results on standard output, all else on standard error; terminals, pipes and disks that end.
# shellcheck source=tests/cli/lib.bash
. "${BASH_SOURCE%/*}/lib.bash"

"$recur" data sine --count 300 -o sine.csv
train=("$recur" train forecast sine.csv --target value --window 8 --epochs 3 --patience 0 --no-plot --force --out run)

run "${train[@]}"
expect "results here, progress there" 0 "lstm, *model: run/model.safetensors" "epoch 1/3 *epoch 2/3 *epoch 3/3 *"
check "a line per epoch" [ "$(wc -l <"$err")" = 3 ]
run "${train[@]}" --quiet
expect "--quiet" 0 "lstm, *" ""
run "${train[@]}" --verbose
expect "--verbose" 0 "lstm, *" "*threads*epoch 1/3 *"
run "${train[@]}" --json --quiet
expect "--json" 0 "{*}" ""
check "no colours in a file" [ "$(grep -c $'\033' "$out" "$err" | cut -d: -f2 | paste -sd+ | bc 2>/dev/null || echo 0)" = 0 ]

# A pipe that nobody reads ends the program quietly, and a disk that is full does not pass for success.
{
    "$recur" data ball 2>"$err"
    echo $? >ended
} | head -1 >/dev/null
check "a closed pipe" [ "$(<ended)" = 141 ]
check "is no reason for words" [ ! -s "$err" ]
if [ -e /dev/full ]; then
    "$recur" data sine >/dev/full 2>"$err"
    code=$?
    : >"$out"
    expect "a full disk" 1 "" "recur: cannot write the results to standard output: No space left on device"
    "${train[@]}" --json --quiet >/dev/full 2>"$err"
    code=$?
    expect "a full disk after training" 1 "" "recur: cannot write the results*"
fi

# A folder that cannot be written is noticed before training. Root may write anywhere, so it becomes somebody else.
mkdir locked && chmod a-w locked
if [ "$(id -u)" != 0 ]; then
    run "$recur" train forecast sine.csv --quiet --out locked/run
    expect "a read-only folder" 1 "" "recur: cannot *locked*Permission denied"
elif command -v setpriv >/dev/null && chmod a+rx "$work" && setpriv --reuid 65534 --clear-groups true 2>/dev/null; then
    run setpriv --reuid 65534 --clear-groups "$recur" train forecast sine.csv --quiet --out locked/run
    expect "a read-only folder" 1 "" "recur: cannot *locked*Permission denied"
fi

# A small disk that fills up while training: the work failed, in one line.
if mkdir small && mount -t tmpfs -o size=64k none small 2>/dev/null; then
    run "$recur" train forecast sine.csv --quiet --no-plot --hidden 200 --epochs 1 --out small/run
    expect "a disk that fills up" 1 "" "recur: cannot write small/run/*: No space left on device"
    umount small
fi

# At a terminal: a bar that fits, colours unless NO_COLOR, a prompt.
command -v python3 >/dev/null || done_testing
python3 -c 'import os; os.openpty()' 2>/dev/null || { [ "$failed" = 0 ] && skip "no pseudo-terminal can be opened"; done_testing; }
cat >terminal.py <<'PYTHON'
"""terminal.py COLUMNS [KEYS] -- COMMAND...: runs it at a terminal that wide, prints what appears there."""
import fcntl, os, pty, struct, sys, termios
at = sys.argv.index("--")
columns, keys, command = int(sys.argv[1]), (sys.argv[2] if at > 2 else ""), sys.argv[at + 1:]
child, parent = os.pipe()
pid, terminal = pty.fork()
if pid == 0:
    os.read(child, 1)
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
os.write(parent, b".")
os.write(terminal, keys.encode().decode("unicode_escape").encode())
shown = b""
while True:
    try:
        more = os.read(terminal, 65536)
    except OSError:
        break
    if not more:
        break
    shown += more
_, status = os.waitpid(pid, 0)
sys.stdout.write(shown.decode())
sys.exit(os.waitstatus_to_exitcode(status))
PYTHON
export TERM=xterm
for columns in 20 40 60 80 200; do
    run python3 terminal.py $columns -- "${train[@]}"
    expect "$columns columns" 0 $'*\repoch 1/3*\033[[]K*lstm*' ""
    widest=$(tr '\r' '\n' <"$out" | grep 'epoch [0-9]*/' | sed 's/\x1b\[K//' | awk '{ if (length > n) n = length } END { print n + 0 }')
    check "a bar of $widest letters in $columns columns" [ "$widest" -lt "$columns" ]
done
run python3 terminal.py 200 -- "${train[@]}"
expect "a wide bar has it all" 0 "*epoch 1/3*loss*left*valid*[[]*]*steps/s*" ""
run python3 terminal.py 80 -- "$recur" train
expect "colours" 2 $'\033[[]1;31mrecur:\033[[]0m a task is missing*' ""
run env NO_COLOR=1 python3 terminal.py 80 -- "$recur" train
expect "NO_COLOR" 2 "recur: a task is missing*" ""
run python3 terminal.py 80 '1,2,3\n1,2,3,4,5,6,7,8\nx\n\x04' -- "$recur" predict run
expect "a prompt that goes on after a mistake" 0 \
    "*history, the newest last> *standard input:1: 3 numbers, but the model looks at 8*history*> [0-9]*history*is not a number*history*" ""
done_testing
