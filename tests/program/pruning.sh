#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Pruning real networks, where the test data are: known accuracies, the recipes' own figures, whole networks with
# option-A shortcuts, and that others can read what is written.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1
models=$shared/data/models
images=$shared/data/cifar-10-batches-bin

# near VALUE EXPECTED TOLERANCE
near() {
    awk -v value="$1" -v expected="$2" -v tolerance="$3" \
        'BEGIN { d = value - expected; exit !(value != "" && d <= tolerance && -d <= tolerance) }'
}

# Accuracy without fine-tuning after 40 % of each block's first convolution went.
if [ -f "$models/resnet56_bn.onnx" ] && [ -d "$images" ]; then
    "$IPPRO" -n -e "load '$models/resnet56_bn.onnx'" \
        -e "data cifar10 '$images' split=test normalize=imagenet" -e 'ratio *.conv1 0.4' \
        -e 'prune l1 round=prune-floor > l1.csv; eval samples=1000 order=first > l1_eval.csv' \
        -e 'prune geomedian round=prune-floor > gm.csv; eval samples=1000 order=first > gm_eval.csv' >out 2>err ||
        explain err
    for line in 'l1_eval 69.6' 'gm_eval 66.0'; do
        set -- $line
        value=$(awk -F, '/^"?top-1 accuracy/ { print $(NF - 1) }' "$1.csv")
        near "$value" "$2" 0.3
        ok $? "accuracy after pruning: $1 $value, expected $2"
    done
else
    skip "accuracy after pruning" "resnet56_bn.onnx or CIFAR-10 is not in the test data"
fi

# What the recipes' comments say.
if [ -f "$models/resnet56_bn.onnx" ]; then
    for name in resnet56-50 resnet56-75; do
        for rounding in floor prune-floor; do
            "$IPPRO" -n -e "load '$models/resnet56_bn.onnx'; recipe $name; prune l1 round=$rounding > r.csv" >out 2>err ||
                explain err
            left=$(sed -n 's/^# note: parameters 853,018 to \([0-9,]*\).*/\1/p' r.csv)
            grep -q "round $rounding .*853,018 to $left " "$SRCDIR/scripts/recipes/$name.recipe"
            ok $? "recipe $name, round $rounding: $left parameters"
        done
    done
else
    skip "recipes" "resnet56_bn.onnx is not in the test data"
fi

# Everything pruned, streams with zero-padded shortcuts included: the file can be read, here and elsewhere.
checker=
for python in python3 /usr/bin/python3; do
    [ -z "$checker" ] && $python -c 'import onnx.checker' >python.out 2>&1 && checker=$python
done
check_file() {
    "$IPPRO" -n -e "load $1" >out 2>err
    ok $? "$1 can be loaded again"
    if [ -n "$checker" ]; then
        $checker -c "import onnx, sys; onnx.checker.check_model(onnx.load(sys.argv[1]), full_check=True)" "$1" >out 2>&1
        ok $? "$1 passes onnx.checker"
    else
        skip "$1 passes onnx.checker" "there is no Python module onnx"
    fi
}
for network in resnet20_bn resnet20_folded resnet56_bn; do
    for ratio in 0.3 0.5; do
        if [ ! -f "$models/$network.onnx" ]; then
            skip "$network pruned at $ratio" "$network.onnx is not in the test data"
            continue
        fi
        "$IPPRO" -n -e "load '$models/$network.onnx'; prune l1 $ratio > p.csv; apply; save $network-$ratio.onnx" >out 2>err ||
            explain err
        apart=$(tr '\n' ' ' <out | sed -n 's/.*smaller network: \([0-9.e-]*\).*/\1/p')
        near "$apart" 0 1e-4
        ok $? "$network pruned at $ratio: masked and smaller network differ by $apart"
        check_file "$network-$ratio.onnx"
    done
done

# loss LINES NUMBER: what the NUMBERth eval of the lines measures.
loss() {
    "$IPPRO" -n -e "data cifar10 '$cases/images.bin' normalize=none; set precision=double" -e "$1" >out 2>err || explain err
    awk -F, '/^"?mean loss/ { print $2 }' "eval-$2.csv"
}

# The masked network is the smaller one, in double to all digits that are known: where branches are divided, and behind
# activations that are written out.
cases=$shared/data/cases
# FILE, the loss of the whole network, and that of the pruned one
for row in '03-quotient 2.096082614 2.207279388' '14-gelu 3.155282060 2.985889034' '15-mish 2.184007787 2.272057827' \
    '10-depth-to-space 2.425310811 2.285261095' '11-conv-transpose 2.181215923 2.276790761' '16-reflect 2.132462656 2.169500512' \
    '17-shared-convolution 8.812809243 2.843859400'; do
    set -- $row
    name=$1 whole=$2 pruned=$3
    if [ ! -f "$cases/$name.onnx" ]; then
        skip "$name, masked and removed" "the network is not here"
        continue
    fi
    for turn in "whole $whole" "masked $pruned" "smaller $pruned" "saved $pruned"; do
        set -- $turn
        value=$(loss "load '$cases/$name.onnx'; eval > eval-whole.csv; prune l1 0.4 > p.csv; eval > eval-masked.csv; apply; \
            eval > eval-smaller.csv; save q.onnx; load q.onnx; eval > eval-saved.csv" "$1")
        near "$value" "$2" 1e-8
        ok $? "$name, $1: loss $value, expected $2"
    done
done

# A layer over channels that come last has scores: sums over all positions of an image. FILTER and its score:
if [ -f "$cases/19-tokens.onnx" ]; then
    "$IPPRO" -n -e "load '$cases/19-tokens.onnx'; data cifar10 '$cases/images.bin' normalize=none" \
        -e 'score taylor samples=all order=first precision=double; rank pw1 > pw1.csv' >out 2>err || explain err
    while read -r filter expected; do
        value=$(awk -F, -v filter="$filter" '$2 == filter && $1 ~ /^[0-9]+$/ { print $3 }' pw1.csv)
        near "$value" "$expected" 1e-5
        ok $? "19-tokens, filter $filter of pw1: $value, expected $expected"
    done <<END
0 0.00345642
1 3.76467e-05
8 0.0252766
17 0.0286899
19 0.0229439
END
else
    skip "19-tokens, scores of pw1" "the network is not here"
fi

# Which channels go: squares of positions together, filters that lie along the second dimension of their weight, and
# what is padded with its mirror image.
# FILE, then LAYER and the channels that it loses
while read -r name layer cut; do
    if [ ! -f "$cases/$name.onnx" ]; then
        skip "$name, channels of $layer" "the network is not here"
        continue
    fi
    "$IPPRO" -n -e "load '$cases/$name.onnx'; prune l1 0.4 > p.csv; save cut.csv overwrite=yes" >out 2>err || explain err
    gone=$(awk -F, -v layer="$layer" '$1 == layer && $3 == 0 { printf "%s%s", sep, $2; sep = "," }' cut.csv)
    [ "$gone" = "$cut" ]
    ok $? "$name: $layer loses $gone, expected $cut"
done <<END
10-depth-to-space stem.conv 4,5,6,7,8,9,10,11
10-depth-to-space last.conv 1,2,5,8
11-conv-transpose stem.conv 0,3,6,7
11-conv-transpose down.conv 0,1,5,6,9
11-conv-transpose up 1,2,4
11-conv-transpose last.conv 1,3,7,9
16-reflect stem.conv 1,3,5,6
16-reflect last.conv 2,4,7,9
END
"$IPPRO" -n -e 'load example; prune l1 0.5 > p.csv; apply; save example.onnx' >out 2>err
check_file example.onnx
finish
