#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# finetune: stopped and gone on with, bit for bit; full disks; what scripts have to say.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1

cat >start <<'END'
set timing=no
load example; data shapes images=128; prune l1 0.4; apply
END
run() {
    cat start - >lines
    "$IPPRO" -n -k -f lines >out 2>err
}

run='finetune epochs=3 batch=16 judge=40'
echo "$run > whole.csv; save whole.onnx" | run
ok $? "a training that is not stopped"

# Ctrl-C, somewhere: the best so far is there, and the rest follows.
{
    cat start
    echo "$run checkpoint=run.ckpt"
    echo "save stopped.onnx"
} >lines
sed -i 's/epochs=3/epochs=400/' lines
"$IPPRO" -n -k -f lines >out 2>err &
pid=$!
for _ in $(seq 300); do
    [ -s run.ckpt ] && break
    sleep 0.1
done
kill -INT $pid
wait $pid
grep -q 'stopped after .* of 3,200 steps: the network of the best epoch so far is kept' out
good=$?
ok $good "Ctrl-C keeps the best network so far"
[ $good -eq 0 ] || { explain out; explain err; }
[ -s run.ckpt ]
ok $? "and leaves a checkpoint"

# After any number of steps, also within an epoch, and whatever the number of threads.
for steps in 1 8 11; do
    rm -f run.ckpt
    {
        echo "$run checkpoint=run.ckpt steps=$steps"
        echo "undo"
        echo "set threads=1"
        echo "$run resume=run.ckpt checkpoint=run.ckpt > resumed.csv; save resumed.onnx overwrite=yes"
    } | run
    cmp -s whole.csv resumed.csv
    good=$?
    ok $good "stopped after $steps steps: the same epochs when it goes on"
    [ $good -eq 0 ] || { explain err; diff whole.csv resumed.csv | sed 's/^/# /'; }
done
printf '%s\n' "load whole.onnx; forward shapes > one.npy" >/dev/null

# Sessions train again, without the files.
{
    echo "$run checkpoint=other.ckpt steps=20; session save run.session; undo; session open run.session"
    echo "info"
} | run
good=$?
grep -q '"finetune epochs=3 batch=16 judge=40 steps=16"' run.session
[ $? -eq 0 ] && [ $good -eq 0 ]
good=$?
ok $good "a session has what counts of a training that was stopped"
[ $good -eq 0 ] || { explain err; grep finetune run.session | sed 's/^/# /'; }

# A disk that is full takes the checkpoint, and nothing of the training.
cat start >lines
echo "$run checkpoint=full.ckpt > full.csv" >>lines
(
    trap '' XFSZ
    ulimit -f 200
    "$IPPRO" -n -k -f lines >out 2>err
)
grep -v '^#' whole.csv >one
grep -v '^#' full.csv >two
cmp -s one two && [ ! -e full.ckpt ]
good=$?
ok $good "a full disk takes nothing of the training"
[ $good -eq 0 ] || { explain out; explain err; }
cat start >lines
echo "$run checkpoint=full.ckpt" >>lines
(
    trap '' XFSZ
    ulimit -f 200
    "$IPPRO" -n -k -f lines >out 2>err
)
grep -q 'the checkpoint is not that of the end: full.ckpt: ' out
ok $? "and is told"

# refused PATTERN LINE: an error, and the session is as before.
refused() {
    printf '%s\n' "$2" "eval samples=20" | run
    grep -q -- "$1" err && grep -q 'baseline top-1' out && ! grep -q 'finetune:' out
    good=$?
    ok $good "refused: $1"
    [ $good -eq 0 ] || explain err
}
refused 'no number in epoch' 'finetune epochs=2 batch=16 lr=100000'
echo "$run lr=0.02 checkpoint=other.ckpt" | run
refused 'it was made with rate=0.02' "$run resume=other.ckpt"
printf 'load example; data shapes images=128\n%s steps=1 checkpoint=loaded.ckpt\n' "$run" >lines
"$IPPRO" -n -k -f lines >out 2>err
refused 'loaded.ckpt: ' "$run resume=loaded.ckpt"
head -c 1000 other.ckpt >cut.ckpt
refused 'cut.ckpt: ' "$run resume=cut.ckpt"
finish
