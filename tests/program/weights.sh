#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Weights without a graph, as a user has them: recognised, refused with what does not fit, and networks that users
# describe themselves.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1

# A description, and files of weights that fit it or nearly do, written by Lua.
networks=$XDG_CONFIG_HOME/ippro-explore/networks
mkdir -p "$networks"
cat >"$networks/tiny.lua" <<'EOF'
for i, width in ipairs{6, 8} do
  ippro.network{
    name = "tiny" .. width, title = "a network of " .. width .. " channels", input = {3, 32, 32}, classes = 10, by = "us",
    names = {{by = "others", {"^head%.", "fc."}, {"^stem%.", "conv."}}}, extras = {"auxiliary.*"},
    build = function(n)
      local x = n:relu(n:batchnorm("norm", n:conv("stem", n.input, width, 3, {stride = 2})))
      x = n:relu(n:add(x, n:conv("side", x, width, 1, {bias = true})))
      return n:linear("head", n:flatten(n:average(x)), n.classes)
    end,
  }
end
EOF
cat >write.lua <<'EOF'
-- With `half` in half precision: 1, 1/2, 1/4, -1.
local halves = {0x3c00, 0x3800, 0x3400, 0xbc00}
local function write(path, width, classes, change, half)
  local bytes = half and 2 or 4
  local weights, names, header, data = {}, {}, {}, {}
  local function add(name, ...) weights[name] = {...} names[#names + 1] = name end
  add("stem.weight", width, 3, 3, 3)
  for _, part in ipairs{"weight", "bias", "running_mean", "running_var"} do add("norm." .. part, width) end
  add("side.weight", width, width, 1, 1)
  add("side.bias", width)
  add("head.weight", classes, width)
  add("head.bias", classes)
  if change then change(weights, names) end
  local offset = 0
  for i, name in ipairs(names) do
    local count = 1
    for _, size in ipairs(weights[name]) do count = count * size end
    header[#header + 1] = ('"%s":{"dtype":"%s","shape":[%s],"data_offsets":[%d,%d]}'):format(name,
      half and "F16" or "F32", table.concat(weights[name], ","), offset, offset + bytes * count)
    for k = 1, count do
      data[#data + 1] = half and string.pack("<I2", halves[k % 4 + 1]) or string.pack("<f", ((k * 37 + i) % 11 + 1) / 11)
    end
    offset = offset + bytes * count
  end
  local text = "{" .. table.concat(header, ",") .. "}"
  local file <close> = assert(io.open(path, "wb"))
  file:write(string.pack("<I8", #text), text, table.concat(data))
end
local function rename(weights, names, from, to)
  for i, name in ipairs(names) do
    if name == from then names[i], weights[to] = to, weights[from] end
  end
end
write("tiny.safetensors", 8, 10)
write("half.safetensors", 8, 10, nil, true)
write("classes.safetensors", 8, 4)
write("narrow.safetensors", 7, 10)
write("mixed.safetensors", 8, 10, function(weights) weights["side.bias"] = {7} end)
write("sides.safetensors", 8, 10, function(weights)
  weights["side.bias"], weights["side.weight"] = {7}, {7, 8, 1, 1}
end)
write("others.safetensors", 8, 10, function(weights, names)
  rename(weights, names, "stem.weight", "conv.weight")
  rename(weights, names, "head.weight", "fc.weight")
  rename(weights, names, "head.bias", "fc.bias")
  for _, name in ipairs{"auxiliary.weight", "auxiliary.num_batches_tracked", "norm.num_batches_tracked"} do
    names[#names + 1], weights[name] = name, {3}
  end
end)
write("lacking.safetensors", 8, 10, function(weights, names)
  for i = 1, 12 do rename(weights, names, i == 1 and "norm.bias" or "", "none") end
  for i = 1, 7 do names[#names + 1], weights["more." .. i] = "more." .. i, {2} end
end)
EOF
"$IPPRO" -n write.lua >out 2>err
[ $? -eq 0 ] && [ -s lacking.safetensors ]
ok $? "files of weights are there"
explain err

# --- what fits --------------------------------------------------------------------------------------------------

"$IPPRO" -n -e 'load tiny.safetensors; info' >out 2>err
[ $? -eq 0 ] && [ ! -s err ] && [ "$(head -n 1 out)" = "tiny.safetensors: tiny8 (a network of 8 channels), names of us" ] &&
    grep -q '^tiny.safetensors: 3 layers, 394 parameters, 3x32x32 images in, 10 classes out$' out &&
    grep -q '^architecture .*tiny8, weights from a file (safetensors) *$' out
ok $? "weights are recognised"
explain err
"$IPPRO" -n -e 'load others.safetensors; layers' >out 2>err
grep -q ', names of others$' out && grep -q '^1 parameter is not used, which training alone needs: auxiliary.weight$' out &&
    grep -q '^conv ' out && grep -q '^fc ' out
ok $? "by the names of others too, which stay"
"$IPPRO" -n -e 'load classes.safetensors input=16x24' >out 2>err
grep -q 'tiny8' out && grep -q '3x16x24 images in, 4 classes out$' out && ! grep -q narrower out
ok $? "classes are the file's; input= is the size of images"
"$IPPRO" -n -e 'load narrow.safetensors' >out 2>err
grep -q '^narrow.safetensors: tiny8 ' out && grep -q '^8 parameters are narrower than described' out
ok $? "channels may be fewer, if they go together: the wider network is taken"
"$IPPRO" -n -e 'load narrow.safetensors as=tiny6' >out 2>err
grep -q '^narrow.safetensors: tiny6 ' out && grep -q '^8 parameters are of other sizes than described' out
ok $? "as= chooses another"
"$IPPRO" -n -e 'load tiny.safetensors; data shapes images=100; prune l1 0.5; apply; eval; undo; session save s.session' >out 2>err &&
    "$IPPRO" -n -e 'session open s.session; info' >out 2>err && grep -q '^architecture .*tiny8' out
ok $? "it can be pruned like any other, and a session file brings it back"
explain err
names() { # FILE: all names of a file of safetensors
    tr '{}' '\n\n' <"$1" | grep -ao '"[a-z_.]*":$'
}
"$IPPRO" -n -e 'load others.safetensors; save all.safetensors; prune l1 0.5; apply; save cut.safetensors; load cut.safetensors' >out 2>err &&
    tr '\n' ' ' <out | grep -q '1 parameter is left out, which training alone needs .*: auxiliary.weight' &&
    names all.safetensors | grep -q auxiliary && ! names cut.safetensors | grep -q auxiliary && names cut.safetensors | grep -q norm.num_batches
ok $? "a head for training alone is saved with the whole network, and left out of a smaller one"
explain err
cat >types.lua <<'EOF'
-- The header, without blanks, and the data.
local function parts(path)
  local file <close> = assert(io.open(path, "rb"))
  local header = file:read(string.unpack("<I8", file:read(8)))
  return header:gsub("%s", ""), file:read("a")
end
local _, before = parts("half.safetensors")
local header, after = parts("same.safetensors")
assert(before == after)
assert(not header:find('"F32"', 1, true) and header:find('"dtype":"F16"', 1, true))
EOF
"$IPPRO" -n -e 'load half.safetensors; save same.safetensors; save half.onnx; load half.onnx; data shapes images=20 normalize=none; eval' \
    -e 'run types.lua' >out 2>err
[ $? -eq 0 ] && [ ! -s err ]
ok $? "half precision: saved in half precision again; as a graph it is one of floats"
explain err

# --- what does not ----------------------------------------------------------------------------------------------

"$IPPRO" -n -e 'load example' -e 'load lacking.safetensors' >out 2>err
[ $? -eq 3 ] && sed -n '/^What/,$p' out >shown
cat >expected <<'EOF'
What does not fit tiny8 in the names of us
parameter is  name       described  in the file
────────────  ─────────  ─────────  ───────────
missing       norm.bias  8          –
unexpected    none       –          8
unexpected    more.1     –          2
unexpected    more.2     –          2
unexpected    more.3     –          2
unexpected    more.4     –          2
and 3 more that are unexpected
EOF
cmp -s shown expected
ok $? "what does not fit the nearest one is shown, a few rows of each kind"
diff expected shown | sed 's/^/# /'
echo "ippro-explore: load: lacking.safetensors: no network that is known has these weights; nearest is tiny8: of its parameters 1 are missing, 8 unexpected, 0 different" >expected
cmp -s err expected
ok $? "and the error says how far it is"
explain err
"$IPPRO" -n -k -e 'load example' -e 'load mixed.safetensors as=tiny8' -e info >out 2>err
grep -q '^different  *side.bias  *8  *7$' out && grep -q '^model .*example$' out &&
    grep -q 'not tiny8: conv side: side.bias is 7, but what is before it needs 8$' err
ok $? "channels that do not go together are refused, and the session is as before"
explain err
cat >"$networks/stump.lua" <<'EOF'
ippro.network{name = "stump", title = "less of it", input = {3, 32, 32}, classes = 10, build = function(n)
  local x = n:relu(n:batchnorm("norm", n:conv("stem", n.input, 8, 3, {stride = 2})))
  return n:linear("head", n:flatten(n:average(x)), n.classes)
end}
EOF
"$IPPRO" -n -e 'load sides.safetensors' >out 2>err
[ $? -ne 0 ] && grep -q 'nearest is tiny8: add: its inputs are 8x16x16 and 7x16x16$' err
ok $? "the nearest is one with the same names, whatever the shapes"
explain err
rm "$networks/stump.lua"
"$IPPRO" -n -e 'load tiny.safetensors as=tiny9' >out 2>err
[ $? -ne 0 ] && grep -q "no network 'tiny9' is described: did you mean 'tiny6'?" err
ok $? "a name that is not there: the nearest one"
"$IPPRO" -n -e 'load example as=tiny8' >out 2>err
[ $? -ne 0 ] && grep -q 'example: as= and input= are for weights without a graph' err
ok $? "as= is for weights"
"$IPPRO" -n -k -e 'load tiny.safetensors input=0' -e 'load tiny.safetensors input=9x' -e 'load tiny.safetensors input=99999' >out 2>err
[ "$(grep -c 'input' err)" -eq 2 ] && grep -q "'99999' is no size of images" err
ok $? "sizes that are none"
explain err

# --- one's own networks -----------------------------------------------------------------------------------------

"$IPPRO" -n -e 'networks tiny*; networks nothing*' >out 2>err
[ $? -ne 0 ] && grep -q '^tiny6  *286  *3x32x32  *10  *a network of 6 channels$' out && grep -q "no network's name matches 'nothing\*'" err
ok $? "networks lists them"
"$IPPRO" -n -e 'networks' >out 2>err
[ "$(grep -n '^tiny6' out | cut -d: -f1)" -lt "$(grep -n '^resnet18' out | cut -d: -f1)" ]
ok $? "before those that come with the program"
echo 'ippro.network{name = "broken", input = {3, 8, 8}, classes = 2, build = function(n)
  return n:linear("a", n.input, 2)
end}' >"$networks/broken.lua"
"$IPPRO" -n -e 'load tiny.safetensors' >out 2>err
[ $? -eq 0 ] && tr '\n' ' ' <out | grep -q 'broken.lua:2: linear a: its input is not flat: flatten it first' && grep -q '^tiny.safetensors: tiny8 ' out
ok $? "a description that is wrong is told, with file and line, and stops no other"
explain out
rm "$networks/broken.lua"
echo 'ippro.load("example") ippro.network{}' >"$networks/commands.lua"
"$IPPRO" -n -e 'networks' >out 2>err
tr '\n' ' ' <out | grep -q 'commands.lua:1: a file of networks cannot run commands'
ok $? "a file of networks cannot run commands"
rm "$networks/commands.lua"

# refused NAME CODE WORDS: a description whose error has the words.
refused() {
    printf '%s\n' "$2" >wrong.lua
    "$IPPRO" -n wrong.lua >out 2>err
    [ $? -ne 0 ] && head -n 1 err | grep -qF "wrong.lua:1: $3"
    ok $? "refused: $1"
    grep -qF "$3" err || explain err
}
head='name = "wrong", input = {3, 8, 8}, classes = 2, build = function(n)'
refused "no name" 'ippro.network{}' "network: name is a text"
refused "an unknown field" 'ippro.network{nam = 1}' "network: no field 'nam'"
refused "a name of capitals" 'ippro.network{name = "Wrong", input = {3, 8, 8}, classes = 2, build = function(n) return n:conv("a", n.input, 2, 1) end}' \
    "a network's name is a word"
refused "no classes" 'ippro.network{name = "wrong", input = {3, 8, 8}}' "network: classes is a whole number"
refused "no function" 'ippro.network{name = "wrong", input = {3, 8, 8}, classes = 2}' "network: the field 'build' must be a function"
refused "no output" "ippro.network{$head end}" "the function build must return the network's output"
refused "no such layer" "ippro.network{$head return n:convolution() end}" "a network has no layer 'convolution'"
refused "no such option" "ippro.network{$head return n:conv('a', n.input, 2, 1, {strides = 2}) end}" \
    "conv has no option 'strides': there are stride, padding, dilation, groups, bias"
refused "a setting that is missing" "ippro.network{$head return n:conv('a', n.input, 2) end}" "conv: kernel is missing"
refused "too many arguments" "ippro.network{$head return n:conv('a', n.input, 2, 1, {}, 3) end}" "conv: too many arguments"
refused "a number that is none" "ippro.network{$head return n:conv('a', n.input, 'x', 1) end}" "conv: channels is a number"
refused "a value that is none" "ippro.network{$head return n:relu(7) end}" "bad argument #1 to 'relu'"
refused "an equal name" "ippro.network{$head return n:conv('a', n:conv('a', n.input, 3, 1), 3, 1) end}" \
    "the name a.weight stands for two parameters"
refused "a command inside" "ippro.network{$head ippro.load('example') end}" "the description of a network cannot run commands"
refused "another inside" "ippro.network{$head ippro.network{} end}" "the description of a network cannot describe a network"
refused "an unknown part" "ippro.network{$head return n:part('none', '', n.input) end}" "part: no network 'none' is described"
refused "names that are none" "ippro.network{$head return n:conv('a', n.input, 2, 1) end, names = {{}}}" "network: names: by, a text"
refused "names that meet" "ippro.network{$head return n:conv('a', n:conv('b', n.input, 3, 1), 3, 1) end, names = {{by = 'x', {'^b', 'a'}}}}" \
    "the name a.weight stands for two parameters in the names of x"

cat >part.lua <<'EOF'
local kept
ippro.network{name = "whole", input = {3, 64, 64}, classes = 5, build = function(n)
  local _, _, _, x = n:part("resnet18", "backbone.", n.input, {features = true, dilated = {false, false, true, true}})
  assert(x.channels == 512 and x.height == 8)
  kept = n
  return n:resize(n:conv("head", x, n.classes, 1), n.input)
end}
print(pcall(kept.conv, kept, "late", kept.input, 3, 1))
print(ippro.networks("whole"))
EOF
"$IPPRO" -n part.lua >out 2>err
grep -q '^whole  *11,179,072  *3x64x64  *5 ' out && grep -q 'the network whole is finished' out
ok $? "parts of other networks; nothing is added to one that is finished"
explain err
finish
