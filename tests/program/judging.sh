#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What networks are judged by, through the program: ends in Softmax, ties, logits that are not numbers, layers that a
# criterion cannot score. The networks are test data; layers without scores are tried on the built-in example too.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1
cases=$shared/data/cases

# run CASE COMMANDS: in double, over the 8 images
run() {
    "$IPPRO" -n -e "load '$1'; data cifar10 '$cases/images.bin' normalize=none; set precision=double timing=no" \
        -e "$2" >out 2>err
}

# row FILE MEASURE: the value behind it
row() {
    awk -F, -v what="$2" 'index($0, what) { sub(/^"[^"]*"/, "x"); print $2; exit }' "$1"
}

near() {
    awk -v value="$1" -v expected="$2" -v tolerance="$3" \
        'BEGIN { d = value - expected; exit !(value != "" && d <= tolerance && -d <= tolerance) }'
}

if [ -f "$cases/02-softmax-end.onnx" ]; then
    run "$cases/02-softmax-end.onnx" 'eval > e.csv; score taylor proscore order=first samples=all; info; save s.onnx'
    near "$(row e.csv 'mean loss')" 3.007260777 1e-8
    ok $? "a network that ends in Softmax: the loss of its logits"
    [ "$(grep -c 'ends in Softmax: loss and gradients are taken at its input' out)" -ge 2 ] &&
        grep -q '^judged *at the input of its Softmax' out && grep -q '^# judged: at the input of its Softmax' e.csv
    ok $? "a network that ends in Softmax: load, info, score and files say so"
    grep -q Softmax s.onnx
    ok $? "a network that ends in Softmax: it is saved with it"
    run "$cases/02-softmax-end.onnx" \
        'prune l1 0.4; eval > m.csv; curve l1 ratios=0.4 samples=all; apply; eval > a.csv; save a.onnx; load a.onnx; eval > r.csv'
    masked=$(row m.csv 'mean loss')
    near "$(row a.csv 'mean loss')" "$masked" 1e-9 && near "$(row r.csv 'mean loss')" "$masked" 1e-6
    ok $? "a network that ends in Softmax: masked, smaller and written have one loss"
else
    skip "a network that ends in Softmax" "the network is not here"
fi

if [ -f "$cases/01-equal-logits.onnx" ]; then
    run "$cases/01-equal-logits.onnx" 'eval > e.csv'
    near "$(row e.csv 'top-5')" 25 1e-9 && near "$(row e.csv 'top-1')" 25 1e-9 &&
        near "$(row e.csv 'mean loss')" 2.302585093 1e-9
    ok $? "equal logits: top-5 counts the first five classes"
else
    skip "equal logits" "the network is not here"
fi

if [ -f "$shared/data/hostile/nan_weights.onnx" ] && [ -f "$cases/images.bin" ]; then
    run "$shared/data/hostile/nan_weights.onnx" 'eval > e.csv; sensitivity random ratios=0.5 samples=all > s.csv;
curve random ratios=0.5 samples=all > c.csv; prune random 0.5; apply; info'
    [ $? -eq 0 ] && [ -z "$(row e.csv 'top-1')" ] && [ "$(row e.csv 'images without numbers')" = 8 ] &&
        grep -q '^# note: all images have logits that are not numbers' e.csv
    ok $? "logits that are not numbers: eval counts the images and has no accuracy"
    grep -q '^# note: 2 of 2 points have images whose logits are not numbers' s.csv &&
        grep -q '^# note: unpruned: all images have logits that are not numbers' s.csv &&
        grep -q '^# note: 1 of 1 points have images whose logits are not numbers' c.csv &&
        grep -q '^conv1,0.5,nan' s.csv
    ok $? "logits that are not numbers: curve and sensitivity say so and give no 0 %"
    tr '\n' ' ' <out | grep -q 'not known on 4 images; the logits of 4 of 4 images are not numbers before, of 4 after'
    ok $? "logits that are not numbers: apply tells how many images it could compare"
else
    skip "logits that are not numbers" "the network is not here"
fi

if [ -f "$cases/07-groups.onnx" ]; then
    run "$cases/07-groups.onnx" 'group ga; group ga > g.csv; prune l1 0.4; group ga > p.csv; ratio ga 0.5'
    tr '\n' ' ' <out | tr -s ' ' | grep -q '12 channels of stem.conv, ga and gb, in 2 classes of 6: a class is kept' &&
        grep -q '^[^#]*stream,12,,0,2 classes of 6' g.csv && grep -q '^[^#]*stream,12,0.4,6,2 classes of 6' p.csv &&
        grep -q '0.5 for 12 channels in 1 block' out
    ok $? "classes of several channels of one layer: channels are counted"
    run "$cases/08-multiplier.onnx" 'group dw; prune l1 0.4; save cut.json; eval > e.csv'
    tr '\n' ' ' <out | tr -s ' ' | grep -q '8 classes of channels of stem.conv and dw, each with 1 of stem.conv and 2 of dw' &&
        near "$(row e.csv 'mean loss')" 2.452432418 1e-8
    ok $? "depthwise filters follow"
else
    skip "classes of several channels" "the networks are not here"
fi

if [ -f "$cases/19-tokens.onnx" ]; then
    run "$cases/19-tokens.onnx" 'score taylor bn l1 order=first samples=all; rank pw1 criterion=taylor > t.csv;
rank last.conv criterion=taylor > l.csv; corr > o.csv; prune bn 0.5 > p.csv'
    awk -F, '!/^#/ && $2 == 0 && $3 != "" { a = $3 } !/^#/ && $2 == 19 { b = $3 } END { print a, b }' t.csv >values
    read -r first last <values
    near "$first" 0.00345642 1e-8 && near "$last" 0.0229439 1e-7 && grep -q '^[^#]*,4,0.3806' l.csv
    ok $? "a linear layer on channels last: Taylor sums over all positions"
    grep -q 'bn has no scores of 4 layers: stem, dw, pw1, pw2 (it has no BatchNorm)' out &&
        grep -q '^# note: bn has no scores of 4 layers' o.csv &&
        grep -q '^# note: pw1: 0 channels go, not 10 as asked: channels without a score stay' p.csv
    ok $? "a criterion that cannot score all layers: the others are named"
    run "$cases/19-tokens.onnx" 'score bn; rank pw1'
    [ $? -eq 1 ] && grep -q "rank: bn has no scores of layer 'pw1': it has no BatchNorm" err
    ok $? "a criterion that cannot score a layer: rank refuses it"
else
    skip "layers that a criterion cannot score" "the network is not here"
fi

# A criterion of a script's own that passes over one layer.
cat >partly.lua <<'END'
ippro.criterion{name = "partly", score = function(layer)
    if layer.name == "conv1" then return nil end
    local s = {}
    for i = 1, layer.channels do s[i] = i end
    return s
end}
END
lacking='partly has no scores of 1 layer: conv1 (its function gave nil)'
"$IPPRO" -n -e 'load example; data shapes images=8; run partly.lua; score partly l1; layer conv1; filter conv1:0;
rank conv1; hist conv1; heat partly; corr by=layer > corr.csv; overlap > overlap.csv; scatter l1 partly > scatter.csv;
curve partly ratios=0.5 samples=4; sensitivity partly ratios=0.5 samples=4; prune l1 0.3; diff partly;
prune partly 0.3 global=yes > global.csv; prune partly 0.3' >out 2>err || explain err
[ -s err ] && explain err
[ "$(tr '\n' ' ' <out | tr -s ' ' | grep -o 'partly has no scores of 1 layer: conv1 (its function gave nil)' | wc -l)" -ge 6 ] &&
    grep -q "^# note: $lacking" corr.csv && grep -q "^# note: $lacking" overlap.csv &&
    grep -q "^# note: $lacking" scatter.csv && grep -q "^# note: $lacking" global.csv
ok $? "layers without scores: every command that leaves them out names them"
! grep -q '^conv1,' corr.csv && ! grep -q ',conv1:0,' scatter.csv && grep -q ',layer1.0.conv1:0,' scatter.csv
ok $? "layers without scores: they are in no comparison"
cat >reads.lua <<'END'
local model, data = ippro.load("example"), ippro.data("shapes")
local s = model:score(data, {"partly", "l1"}, {samples = 4})
assert(#s.partly:layers() == #s.l1:layers() - 1)
assert(s.partly:corr(s.l1) and s.l1:overlap(s.partly))
s.partly:of("conv1")
END
"$IPPRO" -n -e 'run partly.lua; run reads.lua' >out 2>err
[ $? -eq 1 ] && grep -q 'conv1 is not scored by partly: its function gave nil' err
ok $? "layers without scores: scripts are told why"
"$IPPRO" -n -e 'load example; run partly.lua; score partly; rank conv1' >out 2>err
[ $? -eq 1 ] && grep -q "partly has no scores of layer 'conv1': its function gave nil" err
ok $? "layers without scores: rank refuses them"
"$IPPRO" -n --screen=100x30 -e 'load example; run partly.lua; score partly l1; screen save s.txt' >out 2>err
[ $? -eq 0 ] && [ -s s.txt ]
ok $? "layers without scores: the panes draw"
finish
