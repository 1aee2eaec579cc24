#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Accuracy back without training: apply compensate=yes and repair.
. "$SRCDIR/tests/support/program.sh"
peer=$(cd "$SRCDIR" && pwd)/tests/program/repair_peer.py
cd "$work" || exit 1
models=$shared/data/models
images=$shared/data/cifar-10-batches-bin

# accuracy FILE: of a table of eval.
accuracy() {
    awk -F, '/^"?top-1 accuracy/ { print $(NF - 1) }' "$1"
}

# above A B NAME
above() {
    awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && b != "" && a + 0 > b + 0) }'
    ok $? "$3: $1 is more than $2"
}

refused 'no data set is open' 'load example; prune l1 0.3; apply compensate=yes'
refused 'as it was loaded' 'load example; data shapes; repair'
refused "'apply' removes them" 'load example; data shapes; prune l1 0.3; repair'
refused 'positions' 'load example; data shapes; prune l1 0.3; apply; repair positions=0'
refused 'ridge' 'load example; data shapes; prune l1 0.3; apply; repair ridge=-1'
refused '51 images asked for' 'load example; data shapes images=50; prune l1 0.3; apply; repair samples=51'

# The example: an option of the sample holds for the command alone, and what is undone is as it was.
run 'prune, apply, repair' 'load example; data shapes split=test; prune l1 0.4 > p.csv; apply; eval > a.csv
    repair samples=200 > r.csv; eval > b.csv; undo; eval > c.csv; redo; eval > d.csv; save repaired.onnx; set samples'
above "$(accuracy b.csv)" "$(accuracy a.csv)" 'accuracy after repair'
[ "$(accuracy a.csv)" = "$(accuracy c.csv)" ] && [ "$(accuracy b.csv)" = "$(accuracy d.csv)" ]
ok $? 'undo and redo'
! grep -q 'samples *200' out
ok $? 'the sample is of the command alone'
run 'compensate' 'load example; data shapes split=test; prune l1 0.4 > p.csv; apply compensate=yes samples=200; undo; redo'
said 'removed inputs add on average'

# The same numbers whatever the threads.
for threads in 1 3; do
    run "$threads threads" "set threads $threads; load example; data shapes split=test; prune l1 0.4 > p.csv
        apply compensate=yes samples=100; repair samples=100 > r.csv; save $threads.onnx"
done
cmp 1.onnx 3.onnx >cmp.out 2>&1
ok $? 'any number of threads gives the same weights'

# A session file makes them again.
run 'session save' 'load example; data shapes split=test; prune l1 0.4 > p.csv; apply compensate=yes samples=60
    repair samples=60 > r.csv; session save s.ippro'
run 'session open' 'session open s.ippro'

# Scripts have it from the table.
cat >repair.lua <<'END'
local model = ippro.load("example")
ippro.data("shapes")
ippro.prune("l1", 0.4)
ippro.apply{compensate = true, samples = 50}
local result = ippro.repair{samples = 50, positions = 5}
print(type(result))
END
"$IPPRO" -n repair.lua >out 2>err
status=$?
ok $status 'from Lua'
[ $status -eq 0 ] || explain err

# Against numpy.linalg.lstsq.
python=
for candidate in python3 /usr/bin/python3; do
    [ -z "$python" ] && $candidate -c 'import numpy, onnx, torch' >python.out 2>&1 && python=$candidate
done
if [ -n "$python" ]; then
    mkdir peer
    $python "$peer" make peer >python.out 2>&1 || explain python.out
    run 'a network of PyTorch' 'load peer/network.onnx; data npy peer/images.npz
        prune l1 0.25 > p.csv; apply; save peer/pruned.onnx
        repair samples=all positions=100 ridge=0 > peer/r.csv; save peer/repaired.onnx'
    $python "$peer" check peer >out 2>&1
    status=$?
    ok $status 'weights are those of numpy.linalg.lstsq'
    explain out
else
    skip 'weights are those of numpy.linalg.lstsq' 'there is no Python with numpy, onnx and torch'
fi

# A real network, on images that it was not repaired on.
if [ -f "$models/resnet20_bn.onnx" ] && [ -d "$images" ]; then
    run 'resnet20' "load '$models/resnet20_bn.onnx'; data cifar10 '$images' split=train normalize=imagenet
        ratio *.conv1 0.3; prune l1 > p.csv; apply
        data cifar10 '$images' split=test normalize=imagenet; eval samples=1000 order=first > a.csv; undo; undo
        apply compensate=yes samples=300
        data cifar10 '$images' split=test normalize=imagenet; eval samples=1000 order=first > b.csv; undo
        repair samples=300 > r.csv
        data cifar10 '$images' split=test normalize=imagenet; eval samples=1000 order=first > c.csv"
    above "$(accuracy b.csv)" "$(accuracy a.csv)" 'compensated accuracy'
    above "$(accuracy c.csv)" 85 'repaired accuracy'
else
    skip 'resnet20' 'resnet20_bn.onnx or CIFAR-10 is not in the test data'
fi
finish
