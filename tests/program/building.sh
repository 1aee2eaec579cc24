#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Networks from nothing: build, in the sizes that are asked for, with PyTorch's parameters, and what is refused.
. "$SRCDIR/tests/support/program.sh"
peer=$(cd "$SRCDIR" && pwd)/tests/program/peer/building.py
cd "$work" || exit 1

# said TEXT COMMANDS: they run, and say so, however the lines are broken.
said() {
    "$IPPRO" -n -e "$2" >out 2>err && tr '\n' ' ' <out | tr -s ' ' | grep -qF -- "$1"
    status=$?
    ok $status "$2"
    [ $status -eq 0 ] || { explain out; explain err; }
}

said 'cifar-resnet20: 20 layers, 269,722 parameters, 3x32x32 images in, 10 classes out' 'build cifar-resnet20'
said 'cifar-resnet14: 14 layers, 172,506 parameters' 'build cifar-resnet14 seed=2'
said '1x48x64 images in, 7 classes out' 'build cifar-resnet8 classes=7 channels=1 input=48x64 width=0.3'
said '3x64x64 images in, 100 classes out' 'build mobilenet-v2 classes=100 input=64 width=0.5'
said '5 classes per pixel' 'build deeplabv3-mobilenet-v3 classes=5 input=64 width=0.5'
said 'without the heads that only' 'build googlenet width=0.25 input=64'
said 'weights drawn at random (pytorch, seed 4)' 'build cifar-resnet8 init=pytorch seed=4; info'
refused "did you mean 'cifar-resnet20'?" 'build resnet20'
refused 'NETWORK is missing' 'build'
refused "classes: '0' is not" 'build cifar-resnet20 classes=0'
refused "width: '0' is not" 'build cifar-resnet20 width=0'
refused "'xavier' is not he or pytorch" 'build cifar-resnet20 init=xavier'
refused 'vgg16: adaptive_average: 3x3 is no multiple of 7x7' 'build vgg16 input=100'
refused 'resnext50: conv layer1.0.conv2: ' 'build resnext50 width=0.3'
printf '%s\n' 'load example' 'build cifar-resnet8 input=0' 'build vgg16 input=100' info >commands
"$IPPRO" -n -k -f commands >out 2>err
grep -q '^model  *example' out
ok $? "a network that is refused leaves the one before"
said 'selected nothing' 'load example; build cifar-resnet8; undo; info'
said 'example: 14 layers' 'build cifar-resnet8; load example'

# The same seed is the same network, another is not; sessions bring it back.
cat >seeds.lua <<'EOF'
local function hash(options)
  local model = ippro.build("cifar-resnet8", options)
  assert(#model:layers() == 8)
  return tostring(ippro.info()):match("model hash%s+(%x+)")
end
assert(hash{seed = 1} == hash{seed = 1} and hash{seed = 1} ~= hash{seed = 2})
assert(hash{seed = 1, init = "pytorch"} ~= hash{seed = 1})
ippro.command("session save built.session overwrite=yes")
print("good")
EOF
"$IPPRO" -n seeds.lua >out 2>err && [ "$(tail -n 1 out)" = good ]
status=$?
ok $status "seeds"
[ $status -eq 0 ] || explain err
said 'cifar-resnet8, weights drawn at random (he, seed 1)' 'session open built.session; info'

# A table of settings is in Lua's hands in another order each time the program runs: not so in what is written.
echo 'ippro.build("cifar-resnet8", {width = 0.5, seed = 3, classes = 4, init = "he", channels = 1, input = 16})
ippro.command("session save order.session overwrite=yes")' >order.lua
status=0
for run in 1 2 3 4 5 6; do
    "$IPPRO" -n order.lua >out 2>err &&
        grep -q 'build cifar-resnet8 channels=1 classes=4 init=he input=16 seed=3 width=0.5' order.session || status=1
done
ok $status "settings of scripts are sorted"
[ $status -eq 0 ] || { explain err; grep build order.session | sed 's/^/# /'; }

# Every network that is listed can be built, here narrow ones.
"$IPPRO" -n -e 'networks > networks.csv' >out 2>err
sed -n '/^[a-z]/s/,.*//p' networks.csv | tr -d '"' | grep -v '^network$' >names
[ "$(wc -l <names)" -gt 60 ]
ok $? "there are names"
sed 's/.*/build & width=0.25/; /resnext/s/0.25/0.5/' names >all
"$IPPRO" -n -k -f all >out 2>err && [ "$(grep -c 'parameters,' out)" -eq "$(wc -l <names)" ] && [ ! -s err ]
status=$?
ok $status "all of them can be built"
[ $status -eq 0 ] || explain err

# The script that makes a network like the example, with few images at a rate at which it learns from them.
sed 's/images = 20000/images = 500/; s/judge = 2000/on = "train"/; s/batch = 64, lr = 0.1/batch = 50, lr = 0.02/' \
    "$SRCDIR/examples/train-example.lua" >small.lua
if "$IPPRO" -n -e 'help train' 2>err | grep -q 'epochs='; then
    "$IPPRO" -n --threads 1 small.lua one.onnx 1 3 >out 2>err && "$IPPRO" -n --threads 2 small.lua two.onnx 1 3 >out 2>err &&
        cmp one.onnx two.onnx >>err &&
        grep -q 'two.onnx: .* of 2000 test images' out && grep -aq 'best epoch [1-3]' two.onnx
    status=$?
    ok $status "train-example.lua trains, the same for any number of threads"
    [ $status -eq 0 ] || { explain out; explain err; }
else
    skip "train-example.lua" "there is no command train"
fi

python=/usr/bin/python3
if "$python" -c 'import torch, torchvision' 2>missing; then
    printf '%s\n' 'build cifar-resnet20; save he.pth' 'build cifar-resnet20 init=pytorch seed=5; save pytorch.pth' \
        'build mobilenet-v2 classes=7; save mobilenet.pth' >commands
    "$IPPRO" -n -f commands >out 2>err && "$python" "$peer" >check.out 2>&1 &&
        grep -q '^equal' check.out
    status=$?
    ok $status "PyTorch has the same parameters, distributed in the same way"
    [ $status -eq 0 ] || { explain err; explain check.out; }
else
    skip "PyTorch has the same parameters" "$(tail -n 1 missing)"
fi
finish
