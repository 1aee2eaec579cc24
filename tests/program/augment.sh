#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Scores of augmented images: the same for any number of threads, named in files, brought back by sessions, and for scripts.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1

# lines COMMANDS...: one after the other, what they say to out.
lines() {
    printf '%s\n' "$@" >lines.txt
    "$IPPRO" -n -k -e 'set timing=no' -f lines.txt >out 2>&1
}
# check NAME COMMAND...: succeeds.
check() {
    name=$1
    shift
    "$@"
    status=$?
    ok $status "$name"
    [ $status -eq 0 ] || explain out
}
# told TEXT: the last run said so.
told() {
    tr -s ' \n' '  ' <out | grep -qF -- "$1"
}

# --- threads ----------------------------------------------------------------------------------------------------
for threads in 1 2; do
    for how in crop,flip resized-crop,flip; do
        lines "set threads=$threads" "load example" "data shapes images=60" \
            "score proscore taylor samples=all augment=$how" "rank layer1.0.conv1 criterion=proscore count=16 > $threads.csv" \
            "rank layer1.0.conv1 criterion=taylor count=16 > $threads-taylor.csv"
        cat "$threads.csv" "$threads-taylor.csv" >"$how.$threads" 2>/dev/null
        rm -f "$threads.csv" "$threads-taylor.csv"
    done
done
check "crop and flip: two threads score as one" cmp crop,flip.1 crop,flip.2
check "resized-crop and flip: two threads score as one" cmp resized-crop,flip.1 resized-crop,flip.2
scores() {
    grep -v '^#' "$1"
}
differ() {
    [ "$(scores "$1")" != "$(scores "$2")" ]
}
check "another augmentation, other scores" differ crop,flip.1 resized-crop,flip.1

# --- names ------------------------------------------------------------------------------------------------------
check "files of figures name it" grep -q '^# augment: crop,flip$' crop,flip.1
check "their titles name it and the seed" grep -q '^# title: .*60 of 60 images (shapes train, seed 1, augment=crop,flip)' crop,flip.1
lines "load example" "data shapes images=60" "score taylor samples=all" "rank conv1 > plain.csv"
absent() {
    ! grep -q augment plain.csv
}
check "what is not augmented does not" absent

# --- passes -----------------------------------------------------------------------------------------------------
lines "load example" "data shapes images=60" "score taylor samples=all augment=crop" "score taylor seed=2"
passes=$(grep -c 'earlier pass' out)
check "another seed augments all images anew" [ "$passes" -eq 0 ]
lines "load example" "data shapes images=60" "score taylor samples=all augment=flip,crop" "score taylor augment=none" \
    "score taylor augment=crop:4,flip"
check "the same augmentation in other words is an earlier pass" told "the gradients of an earlier pass served"
lines "load example" "data shapes images=60" "score taylor samples=all augment=flip" "set augment crop"
check "the scores of another augmentation are said to be old" told "the scores stay those of the sample before"

# --- sessions, scripts ------------------------------------------------------------------------------------------
lines "load example" "data shapes images=60" "score taylor samples=20 augment=crop:2,flip" "session save a.session"
lines "session open a.session" "info"
check "a session brings it back" told "20 of 60 images (shapes train, seed 1, augment=crop:2,flip)"
check "as an option" told "set augment crop:2,flip"
cat >a.lua <<'END'
local ippro = require "ippro"
local model, data = ippro.load("example"), ippro.data("shapes", nil, {images = 60})
local set = model:score(data, {"taylor"}, {samples = 20, augment = "flip,crop:2"})
print(ippro.get("augment"))
END
"$IPPRO" -n a.lua >out 2>&1
check "scripts take it" [ $? -eq 0 ]

# --- another split than the one that is open ---------------------------------------------------------------------
lines "load example" "data shapes split=test images=60" "score taylor samples=20 on=train" "info"
check "training images are scored with while others are open" told "20 of 60 images (shapes train, seed 1)"
check "which stay open" told "data shapes test"
check "and the option tells" told "set on train"
lines "load example" "data shapes split=test images=60" "score taylor samples=20 on=train" "score taylor samples=20 on=test" \
    "score taylor on=train"
check "back on the first ones no pass is made" told "the gradients of an earlier pass served"
lines "load example" "data shapes split=test images=60" "score taylor samples=20" "score taylor on=test"
check "what is open may be what is meant" told "the gradients of an earlier pass served"
lines "load example" "data shapes split=test images=60" "score taylor samples=20 on=augmented"
check "augmented images are training images" told "20 of 60 images (shapes train, seed 1, augment=crop,flip)"
lines "load example" "data shapes split=test images=60" "score taylor samples=20 on=augmented augment=crop:2"
check "changed as augment says" told "augment=crop:2)"
lines "load example" "data shapes split=test images=60" "score taylor samples=20" "set on train"
check "the scores of other images are said to be old" told "the scores stay those of the sample before"
lines "load example" "data shapes images=60" "sampling 20% 50% repeats=2 criterion=taylor on=test"
check "samples are drawn from them too" told "from samples of shapes test, compared"
lines "load example" "data shapes split=test images=60" "score taylor samples=20 on=train" "session save on.session"
lines "session open on.session" "info"
check "a session brings them back" told "20 of 60 images (shapes train, seed 1)"
{
    printf '\223NUMPY\001\000v\000'
    printf '%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (20, 3, 32, 32), }"
    head -c 61440 /dev/zero
} >images.npy
"$IPPRO" -n -e 'load example; data npy images.npy labels=none; score taylor on=train' >out 2>&1
check "one file is one split" told "on=train: the npy that is open holds one split, called test; 'data npy PATH split=train"
"$IPPRO" -n -e 'load example; data npy images.npy labels=none; score l1 on=train' >out 2>&1
check "which weights do not ask for" [ $? -eq 0 ]

# --- images that the network has learnt -------------------------------------------------------------------------
lines "load example" "data shapes images=20 seed=5" "score taylor samples=5 order=first"
check "next to no loss is said" told "next to no loss on these 5 images (mean 0.0064): few of them make nearly all of the gradients, and what their signs decide is noise; try images that the network has not learnt (on=test), these seen in another way (augment=resized-crop,flip), statistics of batches (mode=train)"
lines "load example" "data shapes images=20 seed=5" "score taylor samples=4 order=first"
check "beside noise it is said once" told "halves agree 0.19), with next to no loss (mean 0.00016): try images"
once() {
    [ "$(grep -c 'next to no loss' out)" -eq 1 ]
}
check "and only once" once
lines "load example" "data shapes images=20 seed=5" "score l1" "score geomedian samples=2 order=first"
silent() {
    ! told "next to no loss"
}
check "not of scores from weights" silent
lines "load example" "data shapes images=200" "score taylor samples=all"
check "not where there is a loss" silent

# mode=train counts wherever images are scored.
lines "load example" "data shapes images=200" "set mode train" "sampling 20% 50% repeats=2 criterion=taylor"
check "samples are scored in the mode that is set" told ", mode=train"
lines "load example" "data shapes images=200" "set timing yes" "set mode train" "set batch 32" "info"
check "and info tells the memory of its batches" told "images to score 32 at a time"

if [ -f "$shared/data/models/resnet56_bn.onnx" ] && [ -d "$shared/data/cifar-10-batches-bin" ]; then
    lines "load $shared/data/models/resnet56_bn.onnx" "data cifar10 $shared/data/cifar-10-batches-bin split=train normalize=cifar-usual" \
        "score taylor samples=500"
    check "ResNet-56 has learnt its training images" told "next to no loss on these 500 images"
    lines "load $shared/data/models/resnet56_bn.onnx" "data cifar10 $shared/data/cifar-10-batches-bin split=test normalize=cifar-usual" \
        "score taylor samples=500"
    check "and not its test images" silent
else
    skip "ResNet-56 has learnt its training images" "no test data"
    skip "and not its test images" "no test data"
fi
finish
