#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Criteria beside PyTorch in float64, where it is: the example, and ResNet-20 where there is shared data. And what criteria
# say that have no scores of a layer.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1

"$IPPRO" -n -e 'load example; data shapes; score apoz samples=20; layers' >out 2>err
said 'apoz has no scores of'
said 'no activation function follows it, so that nothing is 0'
refused 'lamp has no variants' 'load example; score lamp:deep'
refused "geomedian has no variant 'angle'" 'load example; score geomedian:angle'
for seed in -1 1.5 1e300; do
    refused "random has no variant '$seed'" "load example; score random:$seed"
done
refused 'these criteria need gradients, and no data set is open' 'load example; score jacobian'
refused 'squares of weight gradients are taken image by image' 'load example; data shapes; score obd samples=20 mode=train'
"$IPPRO" -n -e 'load example; score random:2 random:3; set seed 3; score random; corr > corr.csv' >out 2>err
grep -q '^random:3,.*,1\(,\|$\)' corr.csv && grep -q '^random:2,' corr.csv
ok $? "a seed behind random draws as the option seed does"

cat >dump.lua <<'END'
local data = arg[2] == "-" and ippro.data("shapes", {split = "train"}) or
    ippro.data("cifar10", arg[2], {split = "train", normalize = "imagenet"})
local model, names = ippro.load(arg[1]), {
    "lamp", "jacobian", "jacobian:batch", "fisher", "fisher:plain", "obd", "snip", "geomedian:cosine", "whc", "variance", "apoz",
    "hrank", "chip", "sequential",
}
local set = model:score(data, names, {samples = 8, order = "first", precision = arg[4], batch = 3})
local out <close> = io.open(arg[3], "w")
for _, name in ipairs(names) do
    for _, layer in ipairs(model:layers()) do
        local scored, scores = pcall(set[name].of, set[name], layer.name) -- apoz has no scores of some
        for channel, score in ipairs(scored and scores or {}) do
            out:write(("%s,%s,%d,%.17g\n"):format(name, layer.name, channel - 1, score))
        end
    end
end
END

# beside NAME MODEL FOLDER RECORDS NORMALIZATION: every criterion, in double to 10^-6 of the layer's largest score. A map's
# rank depends on where small singular values are taken for 0.
beside() {
    "$IPPRO" -n dump.lua "$2" "$3" scores.csv double >out 2>err || explain err
    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 "$python" "$SRCDIR/tests/score/criteria_numbers.py" "$2" "$4" "$5" 8 3 scores.csv \
        >found 2>err || explain err
    for criterion in lamp jacobian jacobian:batch fisher fisher:plain obd snip geomedian:cosine whc variance apoz hrank chip \
        sequential; do
        awk -v name="$criterion" '$1 == name && $2 > 0 { good = $3 < (name == "hrank" ? 0.02 : 1e-6) } END { exit !good }' found
        good=$?
        ok $good "$1: $criterion is as PyTorch has it"
        [ $good -eq 0 ] || grep "^$criterion " found | sed 's/^/# /'
    done
}
python=
for candidate in /usr/bin/python3 python3; do
    [ -z "$python" ] && $candidate -c 'import numpy, onnx, torch' >python.out 2>&1 && python=$candidate
done
dump=$(dirname "$IPPRO")/../tests/data/shapes_dump
if [ -z "$python" ] || [ ! -x "$dump" ]; then
    skip 'criteria beside PyTorch' 'there is no Python with numpy, onnx and torch, or no shapes_dump'
else
    "$dump" train 8 1 >shapes.bin
    beside example "$SRCDIR/examples/shapes-resnet.onnx" - shapes.bin half
    cifar=$shared/data/cifar-10-batches-bin network=$shared/data/models/resnet20_bn.onnx
    if [ -r "$cifar/data_batch_1.bin" ] && [ -r "$network" ]; then
        beside ResNet-20 "$network" "$cifar" "$cifar/data_batch_1.bin" imagenet
    else
        skip 'ResNet-20 beside PyTorch' 'there is no shared test data'
    fi
fi
finish
