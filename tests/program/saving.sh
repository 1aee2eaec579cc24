#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# save: state_dicts, and programs that prune a model in PyTorch; where that is, they are held against it.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1

# run NAME LINE...: the program in batch, its output in NAME.out; its exit status.
run() {
    name=$1
    shift
    for line; do printf '%s\n' "$line"; done | "$IPPRO" -n -k -f - >"$name.out" 2>&1
}
# good STATUS NAME FILE
good() {
    status=$1
    ok "$status" "$2"
    [ "$status" -eq 0 ] || explain "$3"
}
# refused WORDS LINE...
refused() {
    words=$1
    shift
    ! run refused "$@" && tr -s '\n ' '  ' <refused.out | grep -qF "$words"
    good $? "refused: $words" refused.out
}

run example 'load example' 'prune l1 0.4' 'save selected.py' 'save masked.pth masked=yes' 'apply' 'save small.safetensors' \
    'save small.pth' 'save small.pt'
good $? "state_dicts and a program of the example" example.out
cat >names.lua <<'END'
local file = io.open("small.safetensors", "rb")
local header = file:read(string.unpack("<I8", file:read(8)))
local at = 0
for _, name in ipairs{"conv1.weight", "layer1.0.conv1.weight", "layer3.1.conv2.weight", "linear.weight"} do
    local found = header:find('"' .. name .. '"', 1, true)
    assert(found and found > at, name .. " is missing, or not in its place")
    at = found
end
assert(header:find('"shape": *%[10, *%d%d%]'), header)
END
run names 'run names.lua'
good $? "names and shapes are those of the network" names.out
cmp -s small.pth small.pt && [ -s masked.pth ]
ok $? ".pt and .pth are the same"
grep -q '^def prune(model):' selected.py && grep -q '"conv1.weight": ((16, 3, 3, 3, ), (' selected.py
ok $? "the program has what stays of every parameter"
refused 'channels are selected and not removed yet' 'load example' 'prune l1 0.4' 'save no.pth'
refused "must end in .onnx, .pth, .pt, .safetensors, .py, .csv or .json" 'load example' 'save no.bin'
[ ! -e no.pth ]
ok $? "nothing was written then"
refused 'was read in this session' 'load example' 'save small.safetensors' 'save x.csv' 'run names.lua' 'save names.lua'

python=/usr/bin/python3
if "$python" -c 'import torch, onnx' 2>missing; then
    "$python" "$SRCDIR/tests/program/peer/saving.py" make >made.out 2>&1
    good $? "PyTorch makes networks" made.out
    run residual 'load residual.th' 'prune l1 0.3' 'apply' 'rescale layer2.1.conv1 4' 'undo' 'prune l1 0.25' \
        'save prune_residual.py' 'apply' 'save residual.pth prefix=no' 'save residual.pt'
    good $? "a network of a state_dict, pruned twice" residual.out
    grep -qF 'begin with module., as in its file' residual.out && grep -q '19 of them are no part of the network' residual.out
    good $? "it is told what is kept of the file" residual.out
    run again 'load residual.th' 'prune l1 0.3' 'apply' 'forward images.npy > one.npy' 'save again.pth' 'load again.pth' \
        'forward images.npy > two.npy' 'prune l1 0.2' 'apply' 'forward images.npy > three.npy' 'save again.safetensors' \
        'load again.safetensors' 'forward images.npy > four.npy'
    good $? "weights of a pruned network with shortcuts of option A are loaded again, twice" again.out
    [ "$(grep -c 'channels of zeros in its shortcuts are as the file records them' again.out)" -eq 2 ] &&
        cmp -s one.npy two.npy && cmp -s three.npy four.npy && ! cmp -s two.npy three.npy
    good $? "with the same outputs" again.out
    run plain 'load plain.onnx' 'prune l1 0.4' 'apply' 'save prune_plain.py' 'save plain.pth'
    good $? "a network of an ONNX file" plain.out
    "$python" "$SRCDIR/tests/program/peer/saving.py" check >check.out 2>&1
    good $? "PyTorch reads and prunes the same, with the same outputs" check.out
    "$python" prune_residual.py >usage.out 2>&1 && grep -q 'from prune_residual import prune, check' usage.out
    good $? "the program tells its usage" usage.out
    cat >try.py <<'END'
import contextlib, io, runpy, sys
name, sys.argv = sys.argv[1], ["program"]
usage = io.StringIO()
with contextlib.redirect_stdout(usage), contextlib.suppress(SystemExit):
    runpy.run_path(name, run_name="__main__")
lines = [line[4:] for line in usage.getvalue().splitlines() if line.startswith("    ")]
exec("\n".join(line for line in lines if "(model" not in line))
assert callable(prune) and callable(check)
END
    for file in my-model class v1.2 2nd under_score 'a"""b' 'back\N{x}slash' größe; do
        run odd 'load residual.th' 'prune l1 0.3' "save '$file.py'" &&
            "$python" -m py_compile "$file.py" >>odd.out 2>&1 && "$python" try.py "$file.py" >>odd.out 2>&1
        good $? "as its usage says, a program gets at $file.py" odd.out
    done
    refused '(Reshape) has numbers of channels' 'load shuffled.onnx' 'prune l1 0.4' 'save no.py'
else
    skip "PyTorch reads and prunes the same, with the same outputs" "$(tail -n 1 missing)"
fi
finish
