#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Bad input from outside: one line on standard error that names file and place, the exit status, nothing on standard
# output, and a session that goes on as it was.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1
example=$SRCDIR/examples/shapes-resnet.onnx

# refused STATUS WORDS COMMAND: after a session with scores, the command fails so, and the session answers as before.
refused() {
    expected=$1 words=$2 command=$3
    "$IPPRO" -n -e "$command" >out 2>err
    alone=$?
    { echo 'load example'; echo 'score l1 l2'; echo 'corr > before.csv'; printf '%s\n' "$command"; echo 'corr > after.csv'; } >in
    rm -f before.csv after.csv
    "$IPPRO" -n -k -f in >out.all 2>err.all
    status=$?
    good=0
    [ "$status" -eq "$expected" ] || { echo "# exit status $status instead of $expected"; good=1; }
    [ "$alone" -ne 0 ] || { echo "# alone it does not fail"; good=1; }
    [ "$(wc -l <err.all)" -eq 1 ] || { echo "# not one line on standard error"; good=1; }
    grep -qF -- "$words" err.all || { echo "# the message does not say: $words"; good=1; }
    LC_ALL=C grep -q "$(printf '[\001-\010\013-\037]')" err.all && { echo "# control characters in the message"; good=1; }
    cmp -s before.csv after.csv || { echo "# the session is not as it was"; good=1; }
    ok $good "refused: $command"
    [ $good -eq 0 ] || explain err.all
}

mkdir folder
: >empty.onnx
echo 'this is no model' >text.onnx
head -c 300000 "$example" >half.onnx
head -c 20 "$example" >twenty.onnx
head -c 3000 "$SRCDIR/COPYING" | tr 'a-z' '\201-\232' >noise.pth
cp noise.pth noise.safetensors
cp text.onnx text.pth
: >empty.pth
mkfifo fifo.onnx
mkdir cifar
head -c 3073 /dev/zero >cifar/test_batch.bin
head -c 5000 /dev/zero >cifar/data_batch_1.bin
printf '\377' >bad.bin
head -c 3072 /dev/zero >>bad.bin

refused 3 missing.onnx 'load missing.onnx'
refused 3 folder 'load folder'
refused 3 empty.onnx 'load empty.onnx'
refused 3 text.onnx 'load text.onnx'
refused 3 half.onnx 'load half.onnx'
refused 3 twenty.onnx 'load twenty.onnx'
refused 3 fifo.onnx 'load fifo.onnx'
refused 3 "noise.pth: no PyTorch checkpoint (a zip file" 'load noise.pth'
refused 3 "noise.safetensors: no safetensors file" 'load noise.safetensors'
refused 3 "text.pth: no PyTorch checkpoint (a zip file with data.pkl in it, or a pickle of torch.save's old format): it looks like text" 'load text.pth'
refused 3 "empty.pth: the file is empty" 'load empty.pth'
refused 3 /dev/zero 'load /dev/zero'
refused 3 missing 'data cifar10 missing'
refused 3 data_batch_1.bin 'data cifar10 cifar split=train'
refused 3 bad.bin 'data cifar10 bad.bin'
refused 3 folder 'data cifar10 folder'
refused 3 empty.onnx 'data cifar10 empty.onnx'
refused 1 "no layer 'conv99': nearest is 'conv1'" 'hist conv99'
refused 1 "no layer matches 'x*'" 'hist x*'
refused 1 "ratio: '1.5' is not a number from 0 to 1" 'set ratio 1.5'
refused 1 "gamma: 'nan' is not" 'set gamma nan'
refused 1 "bins: '-3' is not" 'hist conv1 bins=-3'
refused 1 "no command 'frobnicate'" 'frobnicate'
refused 1 "the quote ' is not closed" "load 'x"
refused 3 folder/no/x.csv 'corr > folder/no/x.csv'
refused 3 folder 'run folder'
refused 3 missing.ippro 'run missing.ippro'
refused 1 'the name must end in' 'corr > x.jpeg'
refused 1 "no layer '\\x1b[2J\\x07'" "$(printf 'layer "\033[2J\007"')"

# Every refusal of a file has the same exit status, whatever the check found: shapes, numbers, names, syntax.
printf 'conv1 2\n' >range.recipe
printf 'nolayer 0.5\n' >name.recipe
printf 'conv1\n' >words.recipe
printf '{"format": "ippro-explore session 1", "commands": [{"line": "load example"}, {"line": "hist x"}]}' >bad.session
printf '{"format": "ippro-explore session 1", "commands": [{"line": "data shapes split=what"}]}' >worse.session
printf 'error(' >syntax.lua
printf 'help\0' >nul.ippro
refused 3 "conv1: '2' is not a ratio" 'recipe range.recipe'
refused 3 "no layer 'nolayer'" 'recipe name.recipe'
refused 3 'a value is missing' 'recipe words.recipe'
refused 3 'bad.session: command 2' 'session open bad.session'
refused 3 'worse.session: command 1' 'session open worse.session'
refused 3 'syntax.lua' 'run syntax.lua'
refused 3 'a NUL byte' 'run nul.ippro'
refused 3 folder 'recipe ./folder'
refused 3 fifo.onnx 'session open fifo.onnx'
refused 3 fifo.onnx 'run fifo.onnx'
refused 3 fifo.onnx 'data cifar10 fifo.onnx'
# A length of six bytes, as no writer of protobuf makes it: damage, not missing memory.
printf '\010\007\072\200\200\200\200\200\000' >overlong.onnx
refused 3 'overlong.onnx: byte' 'load overlong.onnx'

# Unknown operators are named. The example with one operator's name changed: Relu becomes Rolu.
LC_ALL=C sed 's/Relu/Rolu/g' "$example" >operator.onnx
refused 3 'operator Rolu is not supported' 'load operator.onnx'

# A file that cannot be read, unless the user may read everything.
cp "$example" secret.onnx
chmod 000 secret.onnx
if [ -r secret.onnx ]; then
    skip "refused: load secret.onnx" "this user may read everything"
else
    refused 3 secret.onnx 'load secret.onnx'
fi

# stream WORDS: what stands on standard input is refused as a file is.
stream() {
    "$IPPRO" -n >out 2>err
    [ $? -eq 3 ] && grep -qF -- "$1" err && [ "$(wc -l <err)" -eq 1 ]
    ok $? "standard input is refused: $1"
}
stream 'a directory' <folder || explain err
head -c 1000000 /dev/zero >zeros
tr '\0' a <zeros >letters
stream 'a NUL byte' <zeros
stream 'a line of more than' <letters
printf 'load "missing.onnx"\n' >in.lines
stream 'missing.onnx' <in.lines
# A script that an error of a command ends has the status of that command.
printf 'ippro.load("missing.onnx")\n' >load.lua
"$IPPRO" -n load.lua >out 2>err
[ $? -eq 3 ]
ok $? "a script that a refused file ends: status 3"
printf 'error("mine")\n' >own.lua
"$IPPRO" -n own.lua >out 2>err
[ $? -eq 1 ]
ok $? "a script that its own error ends: status 1"
for case in sum_missing_input sum_missing_input_folded overlong_length compute_bomb_many; do
    file=$shared/data/hostile/$case.onnx
    if [ -r "$file" ]; then refused 3 "$case.onnx" "load $file"; else skip "refused: $case.onnx" "no test data"; fi
done

# usage STATUS WORDS ARGUMENTS...: the program itself is called wrongly.
usage() {
    expected=$1 words=$2
    shift 2
    "$IPPRO" "$@" >out 2>err </dev/null
    status=$?
    [ "$status" -eq "$expected" ] && grep -qF -- "$words" err && [ ! -s out ]
    good=$?
    ok $good "exit status $expected: $*"
    [ $good -eq 0 ] || explain err
}
usage 2 "option '--bogus' is not known" --bogus
usage 2 "option '-x' is not known" -x
usage 2 "needs an argument" -e
usage 2 "unexpected argument 'b.onnx'" a.onnx b.onnx
usage 3 missing.onnx -n missing.onnx
usage 3 missing.ippro -n -f missing.ippro
usage 1 "no data set kind 'mnist'" -n --data mnist:x
usage 1 "threads: '0' is not" -n --threads 0
usage 1 "no command 'nonsense'" -n -e nonsense -e info

# The first failure ends a file, unless the program is told to go on; then the status is still that of the failure.
printf 'nonsense\nset gamma\n' >two.ippro
"$IPPRO" -n -f two.ippro >out 2>err
[ $? -eq 1 ] && [ ! -s out ] && grep -q '^two.ippro:1: ' err
ok $? "a file ends at the first failure"
"$IPPRO" -n -k -f two.ippro >out 2>err
[ $? -eq 1 ] && grep -q '^gamma ' out
ok $? "--keep-going goes on"
printf 'run self.ippro\n' >self.ippro
"$IPPRO" -n -f self.ippro >out 2>err
[ $? -eq 1 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q 'more than 16 deep' err
ok $? "a file that runs itself is stopped"
echo 'set gamma' | "$IPPRO" -n >out 2>err
[ $? -eq 0 ] && grep -q '^gamma ' out
ok $? "commands come from standard input"
"$IPPRO" -n -e 'load example; info' >/dev/full 2>err
[ $? -eq 1 ] && [ "$(wc -l <err)" -eq 1 ]
ok $? "output that cannot be written is a failure"

# Configuration: run at the start, skipped by -n; a file in the current folder is not looked at.
mkdir -p "$XDG_CONFIG_HOME/ippro-explore"
echo 'set gamma 7' >"$XDG_CONFIG_HOME/ippro-explore/config"
echo 'set gamma 8' >config
"$IPPRO" -e 'set gamma' >out 2>&1
grep -q '7 *0.01' out
ok $? "the configuration file is run"
"$IPPRO" -n -e 'set gamma' >out 2>&1
grep -q '0.01 *0.01' out
ok $? "-n skips it"

# No escape sequence in a pipe, whatever the terminal.
TERM=xterm-256color "$IPPRO" -n -e 'load example; score l1 l2; corr; hist conv1; set; help; nonsense' >out 2>&1
LC_ALL=C grep -q "$(printf '\033')" out
[ $? -eq 1 ]
ok $? "pipes see no escape sequence"
LC_ALL=C "$IPPRO" -n -e 'load example; score l1 l2; corr; hist conv1; layers; set' >out 2>&1
LC_ALL=C grep -q "$(printf '[\200-\377]')" out
[ $? -eq 1 ]
ok $? "a locale without UTF-8 sees ASCII only"

# A value is taken whole or not at all.
refused 1 'criterion: the value is too long' "hist conv1 criterion=$(printf 'l1,%.0s' $(seq 60))l1"
finish
