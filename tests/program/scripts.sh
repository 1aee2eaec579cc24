#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The command files of scripts/ run on the built-in example. Where trained networks and CIFAR-10 are to be had, the
# program's headline session runs on them as well.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1

for script in "$SRCDIR"/scripts/*.ippro; do
    "$IPPRO" -n -e 'load example; data shapes images=600' -f "$script" >out 2>err
    status=$?
    [ $status -eq 0 ] && [ ! -s err ] && [ "$(wc -l <out)" -gt 20 ]
    good=$?
    ok $good "scripts/$(basename "$script") runs"
    [ $good -eq 0 ] || explain err
done
for file in compare-spearman.png compare-spearman.csv compare-kendall.csv compare-overlap.csv compare-scores.png; do
    [ -s "$file" ] || { echo "# $file was not written"; good=1; }
done
ok $good "compare-criteria.ippro writes its files"

# A figure's files carry the same numbers, in full precision, and the facts that name model, data and sample.
"$IPPRO" -n -e 'load example; data shapes images=200; score all samples=40 seed=5' -e 'corr > c.csv; corr > c.json' >out 2>err
ok $? "corr to CSV and JSON"
awk -F, '!/^#/ && $1 == "l1" && $2 == "taylor" { print $3 }' c.csv >from.csv
value=$(cat from.csv)
[ -n "$value" ] && grep -qF -- "$value" c.json
ok $? "both carry the same number ($value)"
for fact in model_hash data_hash seed gamma sample; do
    grep -q "^# *$fact" c.csv && grep -q "\"$fact\"" c.json
    ok $? "both carry the fact $fact"
done

# Threads change nothing, bit for bit.
for threads in 1 2 3; do
    "$IPPRO" -n --threads $threads -e 'load example; data shapes images=200; score every samples=50' \
        -e 'rank layer3.1.conv1 > rank.csv' >out 2>err && mv rank.csv "rank$threads.csv"
done
cmp -s rank1.csv rank2.csv && cmp -s rank1.csv rank3.csv
ok $? "the number of threads changes nothing"

model=$shared/data/models/resnet56_bn.onnx
images=$shared/data/cifar-10-batches-bin
if [ -f "$model" ] && [ -d "$images" ]; then
    "$IPPRO" -n -e "load '$model'" -e "data cifar10 '$images' split=train normalize=imagenet" \
        -e 'score all samples=200 balanced=yes seed=1' -e 'hist layer3.8.conv1' -e 'corr' >out 2>err
    status=$?
    [ $status -eq 0 ] && grep -q 'Spearman' out && grep -q 'l1 in layer3.8.conv1' out
    good=$?
    ok $good "the headline session on ResNet-56 and CIFAR-10"
    [ $good -eq 0 ] || explain err
    "$IPPRO" -n -e "load '$model'" -e "data cifar10 '$images' split=test normalize=imagenet" \
        -e 'eval samples=1000 order=first > e.csv' >out 2>err
    grep -q 'top-1' e.csv
    ok $? "eval on CIFAR-10"
else
    skip "the headline session on ResNet-56 and CIFAR-10" "resnet56_bn.onnx or CIFAR-10 is not in the test data"
    skip "eval on CIFAR-10" "resnet56_bn.onnx or CIFAR-10 is not in the test data"
fi
finish
