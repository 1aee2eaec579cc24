#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Networks with several outputs, and losses that look at no labels, against PyTorch in double precision.
. "$SRCDIR/tests/support/program.sh"
peer=$(cd "$SRCDIR" && pwd)/tests/program/outputs_peer.py
huber=$(cd "$SRCDIR" && pwd)/scripts/losses/huber.lua
cd "$work" || exit 1

# said TEXT: it is in what the last run wrote, however the lines were broken.
said() {
    tr '\n' ' ' <out | tr -s ' ' | grep -qF -- "$1"
    status=$?
    ok $status "says: $1"
    [ $status -eq 0 ] || explain out
}

# --- losses of the built-in example ----------------------------------------------------------------------------------

cat >l2.lua <<'END'
return function(outputs)
    local loss = 0
    for _, output in ipairs(outputs) do
        local _, squares = output.data:sums()
        loss = loss + squares / 2
        output.gradient:add(1, output.data)
    end
    return loss
end
END
cat >returned.lua <<'END'
return function(outputs)
    local loss, gradients = 0, {}
    for k, output in ipairs(outputs) do
        assert(outputs[output.name] == output and output.shape[1] == 10 and #output.shape == 1)
        gradients[k] = {}
        for i = 1, #output.data do
            loss, gradients[k][i] = loss + output.data[i] ^ 2 / 2, output.data[i]
        end
    end
    return loss, gradients
end
END
cat >dump.lua <<'END'
-- dump.lua THREADS PRECISION MODEL DATA LOSS MODE: scores with all their digits
ippro.set("threads", arg[1])
local model = ippro.load(arg[3])
if arg[4] == "shapes" then ippro.data("shapes", {images = 50}) else ippro.data("npy", arg[4], {normalize = "none"}) end
local options = {samples = "all", order = "first", precision = arg[2], loss = arg[5]}
print("loss", 0, string.format("%.17g", ippro.eval(options)[1].rows[1].value))
options.mode, options.batch = arg[6] or "eval", 25
local set = model:score(ippro.dataset, "taylor:weight", options)
local scores = set["taylor:weight"]
for _, layer in ipairs(scores:layers()) do
    for channel, score in ipairs(scores:of(layer)) do print(layer, channel - 1, string.format("%.17g", score)) end
end
END

# dump FILE ARGUMENTS...
dump() {
    to=$1
    shift
    "$IPPRO" -n dump.lua "$@" >"$to" 2>err
    status=$?
    [ $status -eq 0 ] || explain err
}

# same FILE FILE NAME
same() {
    [ -s "$1" ] && cmp "$1" "$2" >cmp.out 2>&1
    ok $? "$3"
}

dump l2 2 double example shapes l2
dump lua 2 double example shapes l2.lua
dump returned 2 double example shapes returned.lua
same l2 lua 'a loss in Lua with written gradients is the built-in one'
same l2 returned 'and one that returns them'
for loss in sum l2 "$huber"; do
    dump one 1 float example shapes "$loss"
    dump three 3 float example shapes "$loss"
    same one three "any number of threads gives the same bits: ${loss##*/}"
done
dump one 1 float example shapes l2 train
dump three 3 float example shapes l2 train
same one three 'in training mode too'

run 'a loss is said' 'load example; data shapes images=40; score taylor loss=l2 samples=all; eval loss=sum
    prune taylor 0.3; eval loss=l2'
said 'loss l2)'
said 'Loss sum of example on 40'
said 'mean loss as loaded'
run 'labels again' 'load example; data shapes images=40; score taylor loss=l2; score taylor loss=auto; eval'
said 'top-1 accuracy'

# --- errors ----------------------------------------------------------------------------------------------------------

refused "it has output (?x10)" 'load example output=logits'
refused 'does not classify pixels' 'load example; data shapes; score taylor loss=pixels'
refused 'is not auto, classification, pixels, sum, l2 or FILE.lua' 'set loss hinge'
refused 'absent.lua' 'load example; data shapes; score taylor loss=absent.lua'
# wrong NAME TEXT CODE: a loss with this code is refused.
wrong() {
    printf '%s\n' "$3" >wrong.lua
    refused "$2" 'load example; data shapes images=8; score taylor samples=all loss=wrong.lua'
    "$IPPRO" -n -e 'load example; data shapes images=8; eval loss=wrong.lua' >out 2>err
    [ $? -eq 1 ] || [ $? -eq 3 ]
    ok $? "eval: $1"
}
wrong 'no function' 'returns a function of the outputs, not nil' 'local x = 1'
wrong 'syntax' 'wrong.lua:2' 'return function(outputs)
    return return end'
wrong 'an error with its line' 'wrong.lua:2: attempt to' 'return function(outputs)
    return outputs.absent.data end'
wrong 'NaN' 'wrong.lua:1: the loss is not a number' 'return function(outputs) return 0 / 0 end'
wrong 'no number' 'a loss is a number, not a nil' 'return function(outputs) end'
wrong 'sizes' 'has 1 numbers, not 10' 'return function(outputs) return 1, {{1}} end'
wrong 'a gradient that is NaN' 'is not finite' 'return function(outputs) outputs[1].gradient[3] = 0 / 0 return 1 end'
wrong 'commands' 'cannot' 'return function(outputs) require("ippro").load("example") return 1 end'
wrong 'the data' 'cannot be changed' 'return function(outputs) outputs[1].data[1] = 1 return 1 end'
cat >state.lua <<'END'
ippro.load("example") ippro.data("shapes", {images = 8}) ippro.score("l1")
assert(not pcall(ippro.score, "taylor", {loss = "wrong.lua", samples = "all"}))
local mean = ippro.model:eval{loss = "sum"}
assert(type(mean.loss) == "number" and mean.error > 0 and not mean.top1, "the mean loss as fields")
assert(ippro.model:eval().top1)
assert(ippro.model and #ippro.scores:criteria() == 1, "the session is as it was")
END
"$IPPRO" -n state.lua >out 2>err
status=$?
ok $status 'a failed command leaves the session as it was'
[ $status -eq 0 ] || explain err

# --- a session file --------------------------------------------------------------------------------------------------

run 'session save' 'load example; data shapes images=20; score taylor loss=l2.lua samples=all; session save s.ippro'
refused 'programs=yes' 'session open s.ippro'
run 'session open' 'session open s.ippro programs=yes'

# --- networks of PyTorch ---------------------------------------------------------------------------------------------

python=
for candidate in python3 /usr/bin/python3; do
    [ -z "$python" ] && $candidate -c 'import numpy, onnx, torch' >python.out 2>&1 && python=$candidate
done
if [ -z "$python" ]; then
    skip 'networks with several outputs' 'there is no Python with numpy, onnx and torch'
    finish
    exit
fi

# life FOLDER NAME: it is scored, pruned, made smaller, saved and read again, and stays the same network.
life() {
    run "$1/$2 lives" "load $1/$2.onnx; data npy $1/$2.npz normalize=none; score l1 taylor proscore loss=l2 samples=all
        prune taylor 0.3; eval loss=l2 > masked.csv; apply; eval loss=l2 > smaller.csv; save smaller.onnx overwrite=yes
        load smaller.onnx; eval loss=l2 > read.csv"
    grep -h '^mean loss,' masked.csv smaller.csv read.csv >means
    awk -F, '{ v[NR] = $2 } END { for (i = 2; i <= 3; i++) { d = v[i] - v[1]
        if (d < 0) d = -d; if (!(v[1] > 0) || d > 1e-4 * v[1]) exit 1 } }' means
    status=$?
    ok $status "the smaller network has the loss of the masked one"
    [ $status -eq 0 ] || explain means
}

for opset in 11 13 17; do
    mkdir $opset
    $python "$peer" make $opset $opset >python.out 2>&1 || explain python.out
    for name in yolov8 yolov8raw yolov5 ultraface yunet auxiliary segments; do
        for loss in sum l2; do
            dump scores 2 double $opset/$name.onnx $opset/$name.npz $loss
            $python "$peer" check $opset $name $loss scores >out 2>&1
            ok $? "$opset: $(head -1 out)"
        done
    done
done
for name in yolov8 yolov8raw yolov5 ultraface yunet auxiliary segments; do
    life 13 $name
done

for name in scores boxes; do
    run "forward output=$name" "load 13/ultraface.onnx; forward 13/ultraface.npz:images.npy output=$name precision=double > $name.npy"
done
$python -c "
import numpy as np
for k, n in enumerate(('scores', 'boxes')):
    assert np.abs(np.load(n + '.npy') - np.load('13/ultraface.%d.npy' % k)).max() < 1e-9
" >out 2>&1
ok $? 'every output is that of PyTorch'
explain out

run 'heads to learn with' 'load 13/auxiliary.onnx; prune l1 0.3; apply; save a.onnx; info'
said 'left out, when it is saved too: aux2 (?x10), aux1 (?x10)'
said 'without the outputs that were left out: aux2 (?x10), aux1 (?x10)'
run 'one by its name' 'load 13/auxiliary.onnx output=aux1'
said '10 classes out'
run 'all of them' 'load 13/auxiliary.onnx output=all; info'
said '3 outputs'
run 'pixels' 'load 13/segments.onnx'
said '4 classes per pixel'
refused 'map3 (?x3x8x8x10)' 'load 13/yolov5.onnx output=boxes'
refused 'gradients need a loss' 'load 13/yolov5.onnx; data npy 13/yolov5.npz; score taylor'
refused 'there is no accuracy' 'load 13/yolov5.onnx; data npy 13/yolov5.npz; eval'
refused 'does not classify' 'load 13/yolov5.onnx; data npy 13/yolov5.npz; curve l1'
refused 'does not classify' 'load 13/yolov5.onnx; data npy 13/yolov5.npz; finetune'
run 'without a loss' 'load 13/yolov5.onnx; data npy 13/yolov5.npz; score every'
said 'taylor is left out'
$python -c "
import numpy as np
np.save('x.npy', np.load('13/yolov5.npz')['images'])
np.save('y.npy', np.load('13/auxiliary.npz')['images'])" >out 2>&1 || explain out
run 'images alone' 'load 13/yolov5.onnx; data npy x.npy labels=none; score taylor loss=sum samples=all; eval loss=sum'
said 'without labels'
refused 'have no labels' 'load 13/auxiliary.onnx; data npy y.npy labels=none; eval'
printf '%s\n' 'ippro.load("13/yolov5.onnx") local o = ippro.model:outputs()' \
    'assert(#o == 3 and o[1].name == "output" and o[1].shape[1] == 240 and #o[2].shape == 4)' >o.lua
"$IPPRO" -n o.lua >out 2>err
ok $? 'model:outputs'
explain err
finish
