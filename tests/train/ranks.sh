#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Training over ranks: the records and networks of one process, bit for bit; failures of one rank; what a killed job
# leaves behind.
. "$SRCDIR/tests/support/program.sh"
. "$SRCDIR/tests/support/ranks.sh"
cd "$work" || exit 1

training=${IPPRO%/src/*}/tests/train/ranks_training
model=$SRCDIR/examples/shapes-resnet.onnx

if ! have_ranks; then
    skip "training over ranks" "the program is built without MPI, or mpirun is missing or starts nothing here"
    finish
    exit 0
fi

# train RANKS CHECKPOINT WORD...: its output in `out`, its exit status in `status`.
train() {
    ranks=$1
    shift
    status=0
    if [ "$ranks" -eq 1 ]; then
        timeout -k 10 180 "$training" "$model" "$@" >out 2>err </dev/null || status=$?
    else
        timeout -k 10 180 mpirun -n "$ranks" "$training" "$model" "$@" >out 2>err </dev/null || status=$?
    fi
}

# same NAME: `out` is that of one process.
same() {
    [ "$status" -eq 0 ] && [ -s one ] && grep -q '^best ' one && cmp -s one out
    same_status=$?
    [ $same_status -eq 0 ] || diff one out | head -10 | cut -c 1-100 | sed 's/^/# /'
    [ $same_status -eq 0 ] || explain err
    ok $same_status "$1"
}

# Of all ranks together.
images_read() {
    sed -n 's/^read \([0-9]*\) images.*/\1/p' err
}

# --- the same numbers ---

# Batches of 8 parts, the last one of an epoch smaller; of 2 and 1 parts, so that some of four ranks have none.
compare() {
    name=$1
    shift
    train 1 checkpoint "$@"
    mv out one
    all=$(images_read)
    for n in 2 3 4; do
        train $n "checkpoint$n" "$@"
        same "$name: $n ranks learn what one process does"
        here=$(sed -n 's/^read .*, \([0-9]*\) of them here$/\1/p' err)
        [ "$all" -gt 0 ] && [ "$(images_read)" -eq "$all" ] && [ "$here" -le $((all * 2 / 3)) ]
        ok $? "$name: and share the images"
    done
}
compare "float"
compare "double" double=1 images=60
compare "fewer parts than ranks" batch=7 images=22
compare "out of patience" patience=1 images=70 batch=32

# --- failures ---

train 1 checkpoint
mv out one
sed -n '/^last /p' one >learnt

for setting in unreadable unjudged full; do
    for rank in 0 1; do
        [ $setting$rank = full1 ] && continue # which writes nothing
        train 3 failing $setting=$rank
        [ "$status" -eq 3 ] && head -1 out | grep -q 'is gone\|no judge\|[Ff]ile too large'
        status=$?
        [ $status -eq 0 ] || explain out
        ok $status "$setting: what fails on rank $rank ends the training of all ranks, in the same state"
    done
done
train 3 failing full=1
same "only the first rank writes checkpoints"

# --- going on ---

# A rank is killed in the second epoch: the job ends, its checkpoint is that of a step before.
for n in 2 4; do
    rm -f going
    train $n going killed=$((n - 1))
    [ "$status" -ne 0 ] && [ "$status" -ne 124 ] && grep -qi 'signal 9' out err && [ -s going ]
    status=$?
    [ $status -eq 0 ] || explain err
    ok $status "a rank of $n that is killed ends the job with a message"
    cp going kept
    for m in 1 2 3; do
        cp kept going
        train $m going resume=1
        same "$m ranks go on with its checkpoint to what would have been"
    done
done
rm -f going
train 4 going killed=0
[ "$status" -ne 0 ] && [ "$status" -ne 124 ] && [ -s going ]
ok $? "so does the rank that writes"
train 2 going resume=1
same "and what it wrote is whole"

for rank in 0 2; do
    rm -f going
    train 3 going cancelled=$rank
    [ "$status" -eq 3 ] && head -1 out | grep -q 'cancelled' && [ -s going ]
    ok $? "rank $rank cancels the training of all"
    train 2 going resume=1
    same "which others take up"
done

# A rank in a folder of its own lacks the checkpoint, or has another one.
mkdir here there
train 1 here/going cancelled=0
cat >apart.sh <<'END'
if [ "${OMPI_COMM_WORLD_RANK:-$PMIX_RANK}" -eq 1 ]; then cd there; else cd here; fi
exec "$@"
END
for case in none another; do
    [ $case = none ] || train 1 there/going cancelled=0 step=3
    status=0
    timeout -k 10 180 mpirun -n 3 sh apart.sh "$training" "$model" going resume=1 >out 2>err </dev/null || status=$?
    [ "$status" -eq 3 ] && head -1 out | grep -q 'rank 1 .*\(No such file\|another file\)'
    status=$?
    [ $status -eq 0 ] || explain out
    ok $status "all refuse a checkpoint where one rank has $case"
done

finish
