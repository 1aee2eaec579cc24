#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Several ranks under mpirun: the numbers of one process, bit for bit; one voice; failures that end all of them.
. "$SRCDIR/tests/support/program.sh"
. "$SRCDIR/tests/support/ranks.sh"
cd "$work" || exit 1

# ranks COUNT ARGUMENT...: the program under mpirun, for three minutes at most.
ranks() {
    ranks=$1
    shift
    timeout -k 10 180 mpirun -n "$ranks" "$IPPRO" -n "$@" </dev/null
}

# Without a launcher there is one rank, in any build.
"$IPPRO" -n -e 'load example; data shapes images=100; eval samples=10' -e 'info' >alone.out 2>&1
ok $? "without a launcher the program is one rank"

if ! "$IPPRO" --version | grep -q "MPI [0-9]"; then
    OMPI_COMM_WORLD_SIZE=2 "$IPPRO" -n -e 'help' >without.out 2>&1
    [ $? -eq 3 ] && grep -q 'built without MPI' without.out
    ok $? "built without MPI, ranks are refused"
    skip "several ranks" "the program is built without MPI"
    finish
    exit 0
fi
if ! have_ranks; then
    skip "several ranks" "mpirun is missing, or starts nothing here"
    finish
    exit 0
fi

# --- the same numbers ---

cat >all.ippro <<'END'
load example
data shapes images=400
score all samples=200 seed=3
score taylor:weight-sum samples=100
rank layer3.1.conv1 criterion=proscore > rank.csv
corr > corr.csv
prune proscore 0.3
eval samples=150 > eval.csv
confusion samples=150 > confusion.csv
curve l1,proscore ratios=0.2,0.6 samples=70 > curve.csv
sensitivity l1 ratios=0.5 samples=40 > sensitivity.csv
sensitivity l1 ratios=0.5 samples=3 > few.csv
apply
save pruned.onnx
load pruned.onnx
eval samples=50 > pruned.csv
calibrate samples=90 batch=40
save calibrated.onnx
finetune epochs=2 samples=100 batch=32 judge=30 augment=crop,flip teacher=yes group_lasso=0.0001 lr=0.05 checkpoint=going > tuned.csv
save tuned.onnx
calibrate samples=5 batch=3 precision=double
save twice.onnx
END
cat >maps.lua <<'END'
ippro.criterion{name = "busy", needs = {"activations"}, score = function(layer, c) return c.activation end}
ippro.load("example"); ippro.data("shapes", {images = 60})
ippro.score("busy", {samples = 60})
local f = io.open("maps.txt", "w")
for _, v in ipairs(ippro.scores.busy:of("layer3.1.conv1")) do f:write(("%.17g\n"):format(v)) end
f:close()
local inputs, state = {}, 1
for n = 1, 5 do
    inputs[n] = {}
    for c = 1, 3 do
        inputs[n][c] = {}
        for y = 1, 32 do
            inputs[n][c][y] = {}
            for x = 1, 32 do state = state * 16807 % 2147483647; inputs[n][c][y][x] = state % 4001 / 1000 - 2 end
        end
    end
end
ippro.array(inputs):save("inputs.npy")
ippro.command("forward inputs.npy > logits.npy")
ippro.command("forward inputs.npy micro_batch=1 > logits1.npy")
END
for n in 1 2 4; do
    mkdir "ranks$n"
    cp all.ippro maps.lua "ranks$n"
    cd "ranks$n" || exit 1
    if [ $n -eq 1 ]; then
        "$IPPRO" -n -f all.ippro >out 2>err && "$IPPRO" -n maps.lua >maps.out 2>&1
    else
        ranks $n -f all.ippro >out 2>err && ranks $n maps.lua >maps.out 2>&1
    fi
    ok $? "a command file and a script run on $n ranks"
    cd .. || exit 1
done
# What depends on the clock is left out.
timeless() {
    sed -e 's/[0-9.e+,]* s, [0-9.e+,]* images\/s//' -e 's/one pass in .*//' -e 's/\(in\|baseline:\) [0-9.e+,-]* s$/\1/' \
        -e 's/,[0-9.e+-]*,\(best\)*$/,\1/' "$1"
}
for n in 2 4; do
    [ -s ranks1/rank.csv ] && [ -s ranks1/few.csv ] || echo "# nothing to compare"
    for file in rank.csv corr.csv eval.csv confusion.csv curve.csv sensitivity.csv few.csv pruned.csv tuned.csv maps.txt out; do
        timeless ranks1/$file >one
        timeless "ranks$n/$file" >many
        [ -s one ] && cmp -s one many
        status=$?
        [ $status -eq 0 ] || diff one many | head -10 | sed 's/^/# /'
        ok $status "$file of $n ranks is that of one process, bit for bit"
    done
    for file in pruned.onnx calibrated.onnx twice.onnx tuned.onnx logits.npy logits1.npy; do
        cmp -s ranks1/$file "ranks$n/$file"
        ok $? "so is $file that $n ranks write"
    done
done

# --- a checkpoint of another number of ranks ---

cat >start.ippro <<'END'
load example; data shapes images=200
finetune epochs=3 batch=32 judge=30 checkpoint=going steps=9
END
cat >rest.ippro <<'END'
load example; data shapes images=200
finetune epochs=3 batch=32 judge=30 resume=going
save rest.onnx
END
sed -e 's/ resume=going//' rest.ippro >whole.ippro
"$IPPRO" -n -f whole.ippro >whole.out 2>&1 && mv rest.onnx whole.onnx
cat >kills.lua <<'END'
ippro.load("example") ippro.data("shapes", {images = 200})
ippro.finetune{epochs = 3, batch = 32, judge = 30, checkpoint = "going", on_epoch = function(row)
    if os.getenv("OMPI_COMM_WORLD_RANK") == "1" and row.epoch == 2 then os.execute("kill -9 $PPID") end
end}
print("went on")
END
for how in stopped killed; do
    rm -f going
    status=0
    if [ $how = stopped ]; then
        ranks 3 -f start.ippro >start.out 2>&1 || status=1
    else
        ranks 3 kills.lua >start.out 2>&1 || status=$?
        [ $status -ne 0 ] && [ $status -ne 124 ] && grep -qi 'signal 9' start.out && ! grep -q 'went on' start.out
        status=$?
    fi
    [ $status -eq 0 ] && [ -s going ]
    status=$?
    [ $status -eq 0 ] || explain start.out
    ok $status "finetune of 3 ranks is $how"
    cp going kept
    for n in 1 2; do
        rm -f rest.onnx
        cp kept going
        if [ $n -eq 1 ]; then
            "$IPPRO" -n -f rest.ippro >rest.out 2>&1
        else
            ranks $n -f rest.ippro >rest.out 2>&1
        fi
        cmp -s rest.onnx whole.onnx
        status=$?
        [ $status -eq 0 ] || explain rest.out
        ok $status "and $n go on with its checkpoint to the same network"
    done
done

# --- failures ---

status=0
ranks 2 -e 'load example; data shapes images=40' -e 'load missing.onnx' -e 'echo went on' >missing.out 2>&1 || status=$?
[ $status -eq 3 ] && [ "$(grep -c 'missing.onnx' missing.out)" -eq 1 ] && ! grep -q 'went on' missing.out
ok $? "what fails on all ranks is said once, with the exit status of one process"

# The folder of rank 1 is another one: what it lacks fails everywhere.
mkdir here there
cp "$SRCDIR/examples/shapes-resnet.onnx" here/net.onnx
cat >apart.sh <<'END'
if [ "${OMPI_COMM_WORLD_RANK:-$PMIX_RANK}" -eq 1 ]; then cd there; else cd here; fi
exec "$IPPRO" -n "$@"
END
status=0
timeout -k 10 60 mpirun -n 3 sh apart.sh -e 'load net.onnx' -e 'echo went on' >apart.out 2>&1 </dev/null || status=$?
[ $status -eq 3 ] && grep -q 'rank 1 on .*net.onnx' apart.out && ! grep -q 'went on' apart.out
ok $? "what fails on one rank fails on all, with the rank's number"
status=0
timeout -k 10 60 mpirun -n 3 sh apart.sh -k -e 'load net.onnx' -e 'echo went on' >apart.out 2>&1 </dev/null || status=$?
[ $status -eq 3 ] && grep -q 'went on' apart.out
ok $? "and all go on together with --keep-going"

# The last picture of a data set is cut off: the rank that reads it fails in its share of a pass.
mkdir -p pictures/one pictures/two
"$IPPRO" -n -e 'load example; score l1; hist layer3.1.conv1 > picture.png' >picture.out 2>&1
for i in 10 11 12 13 14 15 16 17 18 19 20 21; do cp picture.png pictures/one/$i.png; done
head -c 700 picture.png >pictures/two/last.png
"$IPPRO" -n -e 'load example; data folder pictures' -e 'eval micro_batch=1 samples=all order=first' >cut1.out 2>&1
for n in 2 3; do
    status=0
    ranks $n -e 'load example; data folder pictures' -e 'eval micro_batch=1 samples=all order=first' -e 'echo went on' \
        >cut.out 2>&1 || status=$?
    [ $status -ne 0 ] && [ $status -ne 124 ] && grep -q 'last.png' cut.out && ! grep -q 'went on' cut.out
    status=$?
    [ $status -eq 0 ] || explain cut.out
    ok $status "a picture that $n ranks cannot read ends the pass on all"
done

# More pictures of the same size, so that a batch can be had: the one that is cut off is in the last rank's share.
for n in 1 3; do
    status=0
    commands="load example; data folder pictures; calibrate samples=all order=first batch=13"
    if [ $n -eq 1 ]; then
        "$IPPRO" -n -e "$commands" -e 'echo went on' >cut.out 2>&1 || status=$?
    else
        ranks $n -e "$commands" -e 'echo went on' >cut.out 2>&1 || status=$?
    fi
    [ $status -eq 3 ] && [ "$(grep -c 'last.png' cut.out)" -eq 1 ] && ! grep -q 'went on' cut.out
    status=$?
    [ $status -eq 0 ] || explain cut.out
    ok $status "nor does it let $n ranks calibrate"
done
cat >calibrates.lua <<'END'
ippro.load("example") ippro.data("shapes", {images = 100})
if os.getenv("OMPI_COMM_WORLD_RANK") == "1" then ippro.calibrate{samples = 60} else ippro.calibrate{samples = 50} end
END
status=0
ranks 2 calibrates.lua >calibrates.out 2>&1 || status=$?
[ $status -ne 0 ] && [ $status -ne 124 ] && grep -q 'different ways' calibrates.out
ok $? "ranks that learn from other batches end with a message"

cat >different.lua <<'END'
if os.getenv("OMPI_COMM_WORLD_RANK") == "1" then ippro.load("example") else ippro.theme("dark") end
END
status=0
ranks 2 different.lua >different.out 2>&1 || status=$?
[ $status -ne 0 ] && [ $status -ne 124 ] && grep -q 'different ways' different.out
ok $? "ranks that go different ways end with a message"
cat >early.lua <<'END'
if os.getenv("OMPI_COMM_WORLD_RANK") == "1" then error("I am off") end
ippro.load("example")
END
status=0
ranks 2 early.lua >early.out 2>&1 || status=$?
[ $status -ne 0 ] && [ $status -ne 124 ] && grep -q 'different ways' early.out
ok $? "a rank that ends early ends all"
cat >dies.lua <<'END'
ippro.load("example") ippro.data("shapes", {images = 2000})
ippro.command("eval samples=20")
if os.getenv("OMPI_COMM_WORLD_RANK") == "1" then os.execute("kill -9 $PPID") end
ippro.score("all", {samples = "all"})
print("went on")
END
status=0
ranks 2 dies.lua >dies.out 2>&1 || status=$?
[ $status -ne 0 ] && [ $status -ne 124 ] && grep -qi 'signal 9' dies.out && ! grep -q 'went on' dies.out
ok $? "a rank that is killed ends the job with a message"

status=0
ranks 2 >prompt.out 2>&1 || status=$?
[ $status -eq 2 ] && grep -q 'no prompt' prompt.out
ok $? "there is no prompt for ranks, and no standard input"

finish
