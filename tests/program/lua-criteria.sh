#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Criteria and recipes in Lua: equal to the built-in ones where they should be, and harmless where they are wrong.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1

# lua NAME [ARGUMENT...]: run the script on standard input; it must end well and print "good" last.
lua() {
    name=$1
    shift
    cat >script.lua
    timeout 120 "$IPPRO" -n script.lua "$@" >out 2>err
    status=$?
    [ $status -eq 0 ] && [ "$(tail -n 1 out)" = good ]
    good=$?
    ok $good "$name"
    [ $good -eq 0 ] || { tail -n 3 out | sed 's/^/# /'; explain err; }
}

# session NAME PATTERN COMMAND...: the last line on standard error or output must match.
session() {
    name=$1 pattern=$2
    shift 2
    printf '%s\n' "$@" >commands
    "$IPPRO" -n --keep-going -f commands >out 2>&1
    grep -q -- "$pattern" out
    good=$?
    ok $good "$name"
    [ $good -eq 0 ] || explain out
}

cat >l1.lua <<'END'
ippro.criterion{name = "mine", title = "My l1", help = "sum of absolute weights", paper = "arXiv 1608.08710",
    score = function(layer, c)
        assert(#c.weights == layer.channels and #c.weights[1] == layer.filter_length)
        local scores = {}
        for i, filter in ipairs(c.weights) do
            local sum = 0
            for _, weight in ipairs(filter) do sum = sum + math.abs(weight) end
            scores[i] = sum
        end
        return scores
    end}
END

lua "l1 in Lua has the scores, ranks, pruned set and curve of the built-in one" <<'END'
dofile("l1.lua")
local m, d = ippro.load("example"), ippro.data("shapes", {images = 200})
local s = m:score(d, {"l1", "mine"})
for _, layer in ipairs(s.l1:layers()) do
    local a, b, x, y = s.l1:of(layer), s.mine:of(layer), s.l1:order(layer), s.mine:order(layer)
    for i = 1, #a do assert(a[i] == b[i] and x[i] == y[i]) end
end
assert(s.l1:corr(s.mine) == 1 and s.l1:overlap(s.mine, 0.4) == 1)
assert(s:corr("kendall").values.l1.mine == 1)
m:ratios{inner = 0.4, streams = 0.2}
local function flat(selection)
    local words = {}
    for layer, channels in pairs(selection:removed()) do words[#words + 1] = layer .. ":" .. table.concat(channels, ",") end
    table.sort(words)
    return table.concat(words, " ")
end
local first = flat(m:prune("l1"))
m:undo()
assert(flat(m:prune("mine")) == first and first ~= "")
m:unprune("all")
local curve = ippro.curve and ippro.command("curve l1 mine ratios=0.2,0.4 samples=50")[1]
assert(table.concat(curve.series[1].y, " ") == table.concat(curve.series[2].y, " "))
print("good")
END

lua "declared needs arrive, and only those" <<'END'
local m, d = ippro.load("example"), ippro.data("shapes", {images = 200})
local seen = {}
local function ask(name, needs, check)
    ippro.criterion{name = name, needs = needs, score = function(layer, c)
        seen[name] = true
        return check(layer, c)
    end}
end
local function per(values, f)
    local scores = {}
    for i, v in ipairs(values) do scores[i] = f(v, i) end
    return scores
end
ask("w", {"weights"}, function(_, c)
    assert(not c.delta and not c.zeros and not c.images and c.epsilon > 0 and #c.variance == #c.scale)
    return per(c.scale, math.abs)
end)
ask("gate", {"gradients"}, function(_, c)
    assert(not c.weights and not c.weight_abs and c.images == 40 and #c.lift == #c.delta)
    return per(c.gate_squared, function(v) return v / c.images end)
end)
ask("gradient", {"weight-gradients"}, function(_, c) return per(c.weight_abs, function(v) return v / c.images end) end)
ask("maps", {"activations"}, function(_, c)
    assert(not c.rank and not c.gram and c.positions >= 1)
    return per(c.zeros, function(v, i)
        assert(v >= 0 and v <= c.images * c.positions)
        assert(c.activation[i] ^ 2 <= c.activation_squared[i] * c.images * c.positions * (1 + 1e-9))
        return v
    end)
end)
ask("products", {"feature-gram", "activations"}, function(_, c)
    for i, row in ipairs(c.gram) do
        assert(math.abs(row[i] - c.activation_squared[i]) <= 1e-9 * (1 + row[i]))
        for j = 1, #row do assert(row[j] == c.gram[j][i] and row[j] ^ 2 <= row[i] * c.gram[j][j] * (1 + 1e-9)) end
    end
    return per(c.gram, function(row, i) return row[i] end)
end)
ask("ranks", {"feature-ranks"}, function(_, c)
    return per(c.rank, function(v) assert(v >= 0 and v <= c.images * 32) return v end)
end)
local names = {"w", "gate", "gradient", "maps", "products", "ranks"}
local s = m:score(d, {"bn", "taylor", "taylor:weight", table.unpack(names)}, {samples = 40})
for _, name in ipairs(names) do assert(seen[name], name) end
for _, layer in ipairs(s.bn:layers()) do
    for ours, theirs in pairs{w = "bn", gate = "taylor", gradient = "taylor:weight"} do
        local a, b = s[ours]:of(layer), s[theirs]:of(layer)
        for i = 1, #a do assert(a[i] == b[i], ours) end
    end
end
-- any number of threads, the same bits
ippro.set("threads", 1)
local again = m:score(d, names, {samples = 40, seed = 1})
for _, name in ipairs(names) do assert(table.concat(s[name]:of("conv1"), " ") == table.concat(again[name]:of("conv1"), " ")) end
print("good")
END

lua "what a criterion may do wrong is an error with file and line; the session goes on" <<'END'
local m, d = ippro.load("example"), ippro.data("shapes")
local function fails(pattern, score, needs)
    ippro.criterion{name = "bad", score = score, needs = needs}
    local fine, message = pcall(function() m:score(d, {"bad"}, {samples = 10}) end)
    assert(not fine and message:find(pattern), message)
    assert(#m:score(d, {"l1"}):criteria() == 1)
end
local function same(value)
    return function(layer) local s = {} for i = 1, layer.channels do s[i] = value end return s end
end
fails("script.lua:9: .*score 1 is not a number", same(0 / 0))
fails("score 1 is a string", same("1"))
fails("score 1 is a table", same{})
fails("script.lua:%d+: .*1 scores for 16 channels", function() return {1} end)
fails("17 scores for 16", function() local s = {} for i = 1, 17 do s[i] = i end return s end)
fails("script.lua:%d+: .*expected, not a nil", function() end)
fails("script.lua:%d+: my own", function() error("my own") end)
fails("a table, not a text", function() error{} end)
fails("script.lua:%d+: attempt to index a nil", function(_, c) return c.nothing.x end)
fails("cannot run commands", function() ippro.help() end)
fails("cannot run commands", function() ippro.load("example") end)
fails("cannot run commands", function() m:undo() end)
fails("cannot define", function() ippro.criterion{name = "x", score = print} end)
fails("yield", function() coroutine.yield() end)
fails("stack overflow", function() local function f() return f() + 1 end f() end)
fails("memory", function() local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1000) .. i end end)
ippro.criterion{name = "bad", score = function() m:free() return {} end}
local fine, message = pcall(function() m:score(d, {"bad"}) end)
assert(not fine and message:find("0 scores"))
assert(not pcall(function() m:layers() end))
assert(#ippro.load("example"):score(d, {"l1"}):criteria() == 1)
print("good")
END

lua "what a definition may do wrong" <<'END'
local f = function() end
for _, bad in ipairs{{}, {name = "x"}, {name = "l1", score = f}, {name = "every", score = f}, {name = "Upper", score = f},
    {name = "a b", score = f}, {name = "", score = f}, {name = ("x"):rep(40), score = f}, {name = "x\0", score = f},
    {name = 1, score = f}, {name = "x", score = "f"}, {name = "x", score = f, needs = "weights"},
    {name = "x", score = f, needs = {"wieghts"}}, {name = "x", score = f, needs = {1}}, {name = "x", score = f, helq = ""},
    {name = "x", score = f, help = 1}, {name = "x", score = f, 1}} do
    assert(not pcall(ippro.criterion, bad))
end
for _, bad in ipairs{1, "x", f} do assert(not pcall(ippro.criterion, bad)) end
for i = 1, 32 do ippro.criterion{name = "c" .. i, score = f} end
local fine, message = pcall(ippro.criterion, {name = "c33", score = f})
assert(not fine and message:find("more than 32"))
ippro.criterion{name = "c32", score = f} -- a new one in its place
print("good")
END

lua "scores outlive the criterion they came from" <<'END'
local m, d = ippro.load("example"), ippro.data("shapes")
local function define(factor)
    ippro.criterion{name = "turn", score = function(layer)
        local s = {}
        for i = 1, layer.channels do s[i] = factor * i end
        return s
    end}
end
define(1)
local a = m:score(d, {"turn"})
define(-1)
local b = m:score(d, {"turn"})
assert(a.turn:of("conv1")[2] == 2 and b.turn:of("conv1")[2] == -2)
assert(a.turn:corr(b.turn) == -1)
assert(not pcall(function() return a:turn{gamma = 1} end)) -- its function is gone
ippro.set("gamma", 3)
assert(a:rank("conv1", {count = 1}).rows[1].channel == 0 and b:rank("conv1", {count = 1}).rows[1].channel == 15)
print("good")
END

lua "progress is heard, can cancel, and may not run commands" <<'END'
local m, d = ippro.load("example"), ippro.data("shapes")
local last
m:score(d, {"taylor"}, {samples = 100, progress = function(...) last = {...} end})
assert(last[1] == 100 and last[2] == 100 and last[3] == "scoring" and last[4] == "images")
local fine, message = pcall(m.score, m, d, {"taylor"}, {samples = 200, progress = function() return false end})
assert(not fine and message:find("cancelled"))
fine, message = pcall(m.score, m, d, {"taylor"}, {samples = 200, progress = function() error("heard") end})
assert(not fine and message:find("heard"))
fine, message = pcall(m.score, m, d, {"taylor"}, {samples = 200, progress = function() ippro.help() end})
assert(not fine and message:find("cannot run commands"))
assert(not pcall(m.score, m, d, {"taylor"}, {progress = 1}))
local co = coroutine.wrap(function() m:eval(d, {samples = 50, progress = function(done) last = done end}) end)
co()
assert(last == 50)
print("good")
END

session "help, completion words and lists know it" "^My l1: sum of absolute weights" 'lua dofile("l1.lua")' 'help mine'
session "at the prompt's commands it is like any other" "mine  *1.000" 'load example' 'lua dofile("l1.lua")' 'score l1 mine' 'corr'
session "prune by it" "^selected by mine\|mine" 'load example' 'lua dofile("l1.lua")' 'prune mine 0.3' 'undo' 'diff mine l1'
"$IPPRO" -n -e 'load example' -e 'lua dofile("l1.lua")' -e 'score mine' -e 'session save saved.json' >out 2>&1
ok $? "a session with a criterion of its own is saved"
"$IPPRO" -n -e 'session open saved.json' >out 2>&1
grep -q "command 2: needs the criterion mine of .*/l1.lua, a program: programs=yes runs it" out
ok $? "a saved session without its criterion is refused"
"$IPPRO" -n -e 'lua dofile("l1.lua")' -e 'session open saved.json' -e 'score mine' >out 2>&1
ok $? "and opens when it is defined"

# --- recipes ----------------------------------------------------------------------------------------------------

echo 'return function(layer) return layer.stream and 0.15 or 0.4 end' >function.lua
echo 'ratios = {inner = 0.4, streams = 0.15}' >table.lua
printf 'inner 0.4\nstreams 0.15\n' >plain.recipe
for file in plain.recipe function.lua table.lua; do
    "$IPPRO" -n -e 'load example' -e "recipe $file" -e 'prune l1' -e 'ratio' | grep -v 'ratios of' >"$file.out" 2>&1
    cmp -s plain.recipe.out "$file.out" && grep -q 0.150 "$file.out"
    ok $? "recipe $file"
done
echo 'return {inner = 0.3, criterion = "l2", round = "prune-floor", conv1 = false}' >settings.lua
session "settings in a recipe" "alone now selects by l2" 'load example' 'recipe settings.lua'
"$IPPRO" -n -e 'load example' -e 'recipe table.lua' -e 'prune l1' -e 'session save r.json' -e 'session open r.json' >out 2>&1
ok $? "a session with a recipe in Lua opens again"

# wrong NAME CODE PATTERN
wrong() {
    printf '%s\n' "$2" >wrong.lua
    session "recipe: $1" "$3" 'load example' 'recipe wrong.lua'
}
wrong "nothing" 'local x = 1' 'a recipe returns a number, a table or a function, not nil'
wrong "a list" 'return {1, 2}' 'wrong.lua: the keys are layers'
wrong "no such layer" 'return {nolayer = 1}' "wrong.lua: no layer"
wrong "not a ratio" 'return {conv1 = 2}' "wrong.lua: conv1: '2' is not a ratio"
wrong "NaN" 'return 0/0' "is not a ratio"
wrong "a function that returns a table" 'return function() return {} end' 'a table is no ratio'
wrong "an error" 'error("oops")' 'wrong.lua:1: oops'
wrong "syntax" 'x = = 1' 'wrong.lua:1: unexpected symbol'
wrong "a command" 'ippro.help() return 1' 'wrong.lua:1: a recipe cannot run commands'
wrong "lines of a recipe in a word" 'return {["conv1 0.5\nconv1"] = 1}' 'cannot stand in a recipe'

# --- any call whatsoever ----------------------------------------------------------------------------------------

lua "three thousand calls with arguments that make no sense" <<'END'
math.randomseed(7)
local m, d = ippro.load("example"), ippro.data("shapes", {images = 50})
local s = m:score(d, {"l1", "proscore"}, {samples = 10})
local f = s:corr()
local sel = m:prune("l1", 0.3)
local dead = ippro.load("example")
dead:free()
local values = {nil, true, false, 0, -1, 1.5, 0/0, 1/0, 1 << 62, "", "l1", "conv1", "%s%n", "\27[0m", ("x"):rep(5000), "a\0b", {},
    {1, 2}, {"l1"}, {samples = "x"}, {[1] = {}}, print, function() end, coroutine.create(print), m, d, s, s.l1, f, sel, dead}
local targets = {ippro, m, d, s, s.l1, f, sel, dead}
local skip = {run = true, save = true, session = true, quit = true, finetune = true, sensitivity = true, curve = true, eval = true, time = true,
    train = true, latency = true, search = true}
local names = {}
for _, t in ipairs{ippro} do for k, v in pairs(t) do if type(v) == "function" and not skip[k] then names[#names + 1] = k end end end
for _, k in ipairs{"score", "layers", "ratios", "cost", "of", "order", "corr", "overlap", "removed", "kept", "count", "text", "rank",
    "hist", "layer", "filter", "criteria", "free", "info", "group", "diff", "unprune", "undo", "redo", "rescale", "recipe", "prune",
    "__gc", "__index", "csv", "nothing"} do names[#names + 1] = k end
table.sort(names)
local raised = 0
for i = 1, 3000 do
    local target, name = targets[math.random(#targets)], names[math.random(#names)]
    if not (name == "csv") then
        local arguments = {}
        for j = 1, math.random(0, 4) do arguments[j] = values[math.random(31)] end
        local fine = pcall(function()
            local method = target[name]
            if math.random(2) == 1 then method(target, table.unpack(arguments, 1, 4)) else method(table.unpack(arguments, 1, 4)) end
        end)
        raised = raised + (fine and 0 or 1)
    end
end
assert(raised > 1000)
local n = ippro.load("example")
assert(#n:layers() == 14 and n:score(ippro.data("shapes"), {"l1"}).l1:of("conv1")[1] > 0)
print("good")
END

finish
