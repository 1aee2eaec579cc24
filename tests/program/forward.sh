#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# forward: arrays of NumPy through a network, from the prompt and from Lua; what does not fit; and, where PyTorch is,
# the same inputs through PyTorch.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1

# run NAME LINE...: the program in batch, its output in NAME.out; its exit status.
run() {
    name=$1
    shift
    for line; do printf '%s\n' "$line"; done | "$IPPRO" -n -k -f - >"$name.out" 2>&1
}

# Two inputs of noise that no other number is like, and bytes of images: channels first, and the same channels last.
cat >make.lua <<'END'
local function random(n)
    local state = 1
    return function() state = (state * 16807) % 2147483647; return state % n end
end
local real, inputs = random(4001), {}
for n = 1, 2 do
    inputs[n] = {}
    for c = 1, 3 do
        inputs[n][c] = {}
        for y = 1, 32 do
            inputs[n][c][y] = {}
            for x = 1, 32 do inputs[n][c][y][x] = real() / 1000 - 2 end
        end
    end
end
ippro.array(inputs):save("input.npy")
local byte, pixels = random(256), {}
for i = 1, 2 * 3 * 32 * 32 do pixels[i] = byte() end
local function header(shape)
    local text = "{'descr': '|u1', 'fortran_order': False, 'shape': (" .. shape .. "), }"
    return "\x93NUMPY\1\0" .. string.pack("<s2", text)
end
local first, last = {}, {}
for n = 0, 1 do
    for i = 0, 1023 do
        for c = 0, 2 do
            first[n * 3072 + c * 1024 + i + 1] = string.char(pixels[n * 3072 + c * 1024 + i + 1])
            last[n * 3072 + i * 3 + c + 1] = first[n * 3072 + c * 1024 + i + 1]
        end
    end
end
local function write(name, text) local file = io.open(name, "wb"); file:write(text); file:close() end
write("first.npy", header("2, 3, 32, 32") .. table.concat(first))
write("last.npy", header("2, 32, 32, 3") .. table.concat(last))
local scaled, at = {}, 0
for n = 1, 2 do
    scaled[n] = {}
    for c = 1, 3 do
        scaled[n][c] = {}
        for y = 1, 32 do
            scaled[n][c][y] = {}
            for x = 1, 32 do at = at + 1; scaled[n][c][y][x] = pixels[at] / 255 end
        end
    end
end
ippro.array(scaled):save("scaled.npy")
END
run made 'run make.lua'
ok $? "arrays are made by a script"
explain made.out

# same A B TOLERANCE: do two arrays have one shape and the same numbers?
same() {
    cat >same.lua <<END
local a, b = ippro.npy("$1"), ippro.npy("$2")
assert(table.concat(a:shape(), "x") == table.concat(b:shape(), "x"), "the shapes differ")
local function compare(x, y)
    if type(x) == "table" then for i = 1, #x do compare(x[i], y[i]) end
    else assert(math.abs(x - y) <= $3, x .. " is not " .. y) end
end
compare(a:table(), b:table())
END
    run same 'run same.lua'
    status=$?
    [ $status -eq 0 ] || explain same.out
    return $status
}

run outputs 'load example' 'forward input.npy > out.npy' 'forward input.npy precision=double > double.npy' \
    'forward input.npy' 'forward input.npy > out.csv' 'forward input.npy > out.json'
ok $? "outputs are written and shown"
grep -q '^ *0 .*%' outputs.out && grep -q '^ *1 .*%' outputs.out && grep -q 'Outputs 2x10' outputs.out
ok $? "the best classes of each input are shown"
grep -q '^# inputs: input.npy' out.csv && grep -q '"inputs": "input.npy"' out.json
ok $? "files say what the inputs were"
same out.npy double.npy 1e-4
ok $? "float and double agree"
run pixels 'load example' 'forward first.npy normalize=none precision=double > first-out.npy' \
    'forward last.npy normalize=none precision=double > last-out.npy' \
    'forward scaled.npy precision=double > scaled-out.npy' \
    'data shapes images=20 normalize=0.5/0.25' 'forward first.npy precision=double > data-out.npy' \
    'forward first.npy normalize=0.5/0.25 precision=double > given-out.npy'
ok $? "images of bytes are normalised"
same first-out.npy scaled-out.npy 1e-9
ok $? "as their pixels say"
same first-out.npy last-out.npy 0
ok $? "channels first and last are the same"
same data-out.npy given-out.npy 0
ok $? "as the data set is, where nothing else is said"

run masked 'load example' 'prune l1 0.3' 'forward input.npy precision=double > masked.npy' 'apply' \
    'forward input.npy precision=double > applied.npy'
ok $? "a masked network, and the smaller one"
same masked.npy applied.npy 1e-9
ok $? "give the same outputs"
! same masked.npy double.npy 1e-9 >different
ok $? "which are not those before"

cat >model.lua <<'END'
local m = ippro.load("example")
local x = ippro.npy("input.npy")
assert(#x == 2 and x:type() == "float64" and table.concat(x:shape(), " ") == "2 3 32 32")
assert(tostring(x) == "array of float64, 2x3x32x32")
assert(x[3] == nil and #x[1] == 3 and #x[2][3][32] == 32)
local y = m:forward(x, {precision = "double"}):save("lua.npy")
local t = m:forward({x[2]}, {precision = "double"})
assert(type(t) == "table" and #t == 1 and #t[1] == 10 and t[1][7] == y[2][7])
assert(#m:forward(x[1]) == 1)
m:prune("l1", 0.3)
assert(m:forward(x, {precision = "double"})[1][1] ~= y[1][1])
for _, bad in ipairs{{{1, 2}, {3}}, {1, {2}}, {{{}}, 1}, {"x"}, {}} do
    assert(not pcall(m.forward, m, bad))
end
local good, why = pcall(m.forward, m, {{1, 2}, {3, 4}})
assert(not good and why:find("the array is 2x2, and the network takes N x 3x32x32", 1, true), why)
assert(not pcall(y.save, y, "input.txt") and not pcall(y.save, y, "input.npy"))
y:save("input.npy", {overwrite = true})
x:free()
assert(not pcall(m.forward, m, x) and tostring(x) == "array (freed)")
END
cp input.npy kept.npy
run lua 'run model.lua'
ok $? "models of scripts give the outputs of tables and arrays"
explain lua.out
mv kept.npy input.npy
same lua.npy double.npy 0
ok $? "the same as the command"

# refused STATUS WORDS LINE...: the last line ends the program with this status and says these words.
refused() {
    expected=$1 words=$2
    shift 2
    run refused "$@"
    [ $? -eq "$expected" ] && tr -s '\n ' '  ' <refused.out | grep -qF "$words"
    status=$?
    ok $status "refused: $words"
    [ $status -eq 0 ] || explain refused.out
}
head -c 1000 input.npy >short.npy
refused 1 'no model is loaded' 'forward input.npy'
refused 1 'the array is 2x10, and the network takes N x 3x32x32' 'load example' 'forward out.npy'
refused 1 'how is not known' 'load example' 'forward first.npy'
refused 1 'normalize= is for images of uint8' 'load example' 'forward input.npy normalize=none'
refused 3 'missing.npy: No such file' 'load example' 'forward missing.npy'
refused 3 'short.npy: 872 bytes follow the header' 'load example' 'forward short.npy'
if command -v python3 >/dev/null && python3 - <<'END' 2>/dev/null; then
import shutil, zipfile
for name, kind in (("stored.npz", zipfile.ZIP_STORED), ("deflated.npz", zipfile.ZIP_DEFLATED)):
    with zipfile.ZipFile(name, "w", kind) as file:
        file.write("input.npy", "x.npy")
        if kind == zipfile.ZIP_DEFLATED:
            file.write("first.npy", "images.npy")
END
    run npz 'load example' 'forward stored.npz precision=double > stored.npy' \
        'forward deflated.npz:x precision=double > deflated.npy'
    ok $? "members of .npz files, stored and deflated"
    same stored.npy double.npy 0 && same deflated.npy double.npy 0
    ok $? "are the same arrays"
    refused 3 'name one of its members' 'load example' 'forward deflated.npz'
    refused 3 "no member 'y'" 'load example' 'forward deflated.npz:y'
    head -c 2000 deflated.npz >damaged.npz
    refused 3 'damaged.npz' 'load example' 'forward damaged.npz:x'
else
    skip "members of .npz files, stored and deflated" "no python3 makes them"
fi
refused 3 'is no .npy file' 'load example' 'forward make.lua'
refused 1 'a .npy file holds one array, and these are 2 figures' 'data shapes images=20' 'load example' 'eval > two.npy'
cat >figures.lua <<'END'
local function shape(name) return table.concat(ippro.npy(name):shape(), "x") end
local corr, hist = ippro.npy("corr.npy"):table(), ippro.npy("hist.npy"):table()
assert(corr[1][1] == 1 and corr[1][2] == corr[2][1] and math.abs(corr[1][2]) < 1)
local sum = 0
for _, count in ipairs(hist[1]) do sum = sum + count end
assert(#hist == 1 and sum == 16)
ippro.curve{name = "c", x_axis = "x", y_axis = "y", series = {{name = "s", x = {1, 2}, y = {3, 4}}}}:npy("curve.npy")
assert(shape("scatter.npy") == "16x2" and shape("curve.npy") == "1x2x2" and ippro.npy("curve.npy")[1][2][2] == 4)
assert(ippro.npy("cost.npy"):shape()[1] > 2)
END
run figures 'load example' 'score l1,geomedian' 'corr > corr.npy' 'hist layer1.0.conv1 criterion=l1 > hist.npy' \
    'cost > cost.npy' 'scatter l1 geomedian layer1.0.conv1 > scatter.npy' \
    'run figures.lua'
status=$?
ok $status "figures of every kind become arrays"
[ $status -eq 0 ] || explain figures.out

python=/usr/bin/python3
if "$python" -c 'import torch, onnx' 2>missing; then
    "$python" "$SRCDIR/tests/program/peer/forward.py" make && run torch 'load peer.onnx' \
        'forward peer-input.npy > peer-float.npy' 'forward peer-input.npy precision=double > peer-double.npy' &&
        "$python" "$SRCDIR/tests/program/peer/forward.py" check >check.out 2>&1
    status=$?
    ok $status "PyTorch gives the same outputs"
    [ $status -eq 0 ] || explain check.out
else
    skip "PyTorch gives the same outputs" "$(tail -n 1 missing)"
fi
finish
