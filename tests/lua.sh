#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Lua: the ways in, the module, and that no script can do harm.
. "$SRCDIR/tests/program.sh"
cd "$work" || exit 1

# lua NAME [OPTION...]: run the script on standard input; it must end well and print "good" last.
lua() {
    name=$1
    shift
    cat >script.lua
    "$IPPRO" -n "$@" script.lua >out 2>err
    status=$?
    [ $status -eq 0 ] && [ "$(tail -n 1 out)" = good ]
    good=$?
    ok $good "$name"
    [ $good -eq 0 ] || { tail -n 3 out | sed 's/^/# /'; explain err; }
}

# refused NAME STATUS PATTERN [OPTION...]: the script on standard input must fail so.
refused() {
    name=$1 wanted=$2 pattern=$3
    shift 3
    cat >script.lua
    timeout 60 "$IPPRO" -n "$@" script.lua >out 2>err
    status=$?
    [ $status -eq "$wanted" ] && grep -q -- "$pattern" err
    good=$?
    ok $good "$name"
    [ $good -eq 0 ] || { echo "# status $status"; explain err; }
}

# --- the module -------------------------------------------------------------------------------------------------

lua "models, data, scores and figures" <<'END'
assert(ippro.version:match("^%d+%.%d+"))
local m, d = ippro.load("example"), ippro.data("shapes", {images = 200})
local s = m:score(d, {"l1", "taylor", "proscore"}, {samples = 0.5, seed = 1})
assert(table.concat(s:criteria(), " ") == "l1 taylor proscore")
for _, method in ipairs{"pearson", "spearman", "kendall"} do
    local figure = s:corr(method)
    assert(figure.kind == "matrix" and figure.facts.method == method)
    assert(math.abs(figure.values.l1.taylor - s.l1:corr(s.taylor, method)) < 1e-12)
    assert(figure.values[1][2] == figure.values.l1.taylor)
end
assert(math.abs(s:overlap(0.4).values.l1.taylor - s.l1:overlap(s.taylor, 0.4)) < 1e-12)
local layers = m:layers()
assert(#layers == 14 and layers[1].name == "conv1" and layers[1].channels == 16 and layers[1].stream)
assert(#s.l1:of("conv1") == 16 and #s.l1:order("conv1") == 16)
local values, order = s.l1:of("conv1"), s.l1:order("conv1")
for i = 2, 16 do assert(values[order[i - 1] + 1] <= values[order[i] + 1]) end
local h = s:hist("layer1.0.conv1", {criterion = {"l1", "taylor"}, bins = 10})
assert(h.kind == "histogram" or tostring(h):match("l1"))
h:csv("h.csv"):json("h.json"):png("h.png"):txt("h.txt")
assert(not pcall(h.csv, h, "h.png"))
assert(h:text() == tostring(h))
assert(ippro.seed == 1 and ippro.get("gamma") == 0.01 and ippro.get("balanced") == false)
ippro.seed = 7
assert(ippro.seed == 7 and ippro.get("seed") == 7)
print("good")
END
for file in h.csv h.json h.png h.txt; do
    [ -s $file ]
    ok $? "$file is written"
done

lua "gamma changes without a pass" <<'END'
local m, d = ippro.load("example"), ippro.data("shapes", {images = 100})
local s = m:score(d, "proscore", {samples = 50})
local first = s.proscore:of("layer1.0.conv1")
local start = os.clock()
for i = 1, 100 do
    local scores = s:proscore{gamma = 10 ^ (i / 25 - 2)}
    assert(scores:overlap(s.proscore, 0.4) >= 0)
end
assert(os.clock() - start < 5)
local same = s:proscore{gamma = 0.01}:of("layer1.0.conv1")
for i = 1, #first do assert(first[i] == same[i]) end
-- The same as the command.
ippro.set("gamma", 0.5)
local set = m:score(d, "proscore", {samples = 50}).proscore:of("layer1.0.conv1")
local called = s:proscore{gamma = 0.5}:of("layer1.0.conv1")
for i = 1, #first do assert(set[i] == called[i] and set[i] ~= first[i]) end
assert(not pcall(s.proscore, s, {gamma = -1}))
assert(not pcall(s.proscore, s, {gamma = "x"}))
assert(not pcall(s.proscore, s, {nonsense = 1}))
print("good")
END

lua "pruning, judging, the way back" <<'END'
local m, d = ippro.load("example"), ippro.data("shapes", {images = 200})
m:score(d, "l1")
local whole = m:cost()
local before = m:eval(d, {samples = 100})
assert(before.images == 100 and before.top1 > 0.5 and before.top1 <= 1 and before.loss > 0)
m:ratios(function(layer)
    assert(layer.name and layer.channels and layer.group)
    return layer.stream and 0.25 or 0.5
end)
local chosen = m:prune("l1")
assert(chosen:count() > 0 and chosen:cost().macs < whole.macs)
assert(chosen:kept("layer1.0.conv1") == 8 and #chosen:removed("layer1.0.conv1") == 8)
assert(#chosen:removed()["conv1"] == 4)
local masked = m:eval(d, {samples = 100})
assert(masked.top1 <= before.top1)
local small = m:apply()
assert(small:cost().macs == chosen:cost().macs)
assert(math.abs(small:eval(d, {samples = 100}).top1 - masked.top1) < 1e-9)
small:save("small.onnx")
m:undo(2)
assert(m:cost().macs == whole.macs)
m:redo()
assert(m:cost().macs < whole.macs)
m:undo()
m:ratios{streams = false, inner = 0.25, ["layer1.*.conv1"] = 0.5}
local chosen = m:prune("l1")
assert(chosen:kept("conv1") == 16 and chosen:kept("layer1.0.conv1") == 8 and chosen:kept("layer2.0.conv1") == 24)
m:ratios(0.5)
assert(m:prune("l1"):kept("layer2.0.conv1") == 16 and m:prune("l1"):kept("conv1") == 16)
m:ratios{["*"] = 0.5} -- a pattern wins over false, words do not
assert(m:prune("l1"):kept("conv1") == 8)
assert(not pcall(m.ratios, m, "x"))
assert(not pcall(m.ratios, m, {nonsense = 0.5}))
assert(not pcall(m.ratios, m, {inner = 7}))
print("good")
END
[ -s small.onnx ]
ok $? "the small network is saved"

lua "every command is a function" <<'END'
ippro.load("example")
local answer = ippro.layers("layer1.*")
assert(#answer == 1 and answer[1].rows[1].layer == "layer1.0.conv1")
assert(tostring(answer):find("layer1.1.conv2", 1, true))
assert(ippro.command("info; cost")[2].kind == "table")
for _, name in ipairs{"score", "prune", "undo", "help", "session", "recipe", "set"} do
    assert(type(ippro[name]) == "function", name)
end
assert(#ippro.help("score").text > 100)
local fine, message = pcall(function() ippro.score("nonsense") end)
assert(not fine and message:match("^script.lua:%d+: score: no criterion 'nonsense'"), message)
assert(select(2, pcall(function() ippro.command("score 'x") end)):match("not closed"))
for _, bad in ipairs{{print}, {{{}}}, {{[print] = 1}}, {"a\0b"}} do
    assert(not pcall(ippro.score, table.unpack(bad)))
end
assert(not pcall(ippro.quit))
assert(not pcall(ippro.command, "= 1"))
print("good")
END

lua "figures of a script's own numbers" <<'END'
local t = ippro.table{name = "t", title = "T", columns = {"a", "b", "c"}, rows = {{"x", 1, 0.5}, {"y", 2, nil}}}
assert(t.kind == "table" and t.rows[1].a == "x" and t.rows[2].b == 2 and t.rows[2].c == nil)
assert(math.type(t.rows[1].b) == "integer" and t.columns[2].name == "b")
t:csv("t.csv"):png("t.png")
local c = ippro.curve{x_axis = "n", y_axis = "m", series = {
    {name = "p", x = {1, 2, 3}, y = {1, 4, 9}}, {name = "q", x = {1, 2}, y = {0.5, 0}}}}
assert(c.kind == "curve" and c.series[1].name == "p" and c.series[1].y[3] == 9 and c.series[2].x[2] == 2)
c = ippro.curve{reference = 2, reference_label = "level", series = {{name = "p", x = {1, 2}, y = {3, 4}, spread = {0.5}}}}
assert(c.reference == 2 and c.series[1].spread[1] == 0.5 and c.series[1].spread[2] ~= c.series[1].spread[2])
c:csv("c.csv"):png("c.png"):txt("c.txt")
for _, bad in ipairs{1, {}, {columns = {}}, {columns = {1}, rows = {{1}}}, {columns = {"a"}, rows = {1}},
    {columns = {"a"}, rows = {{print}}}, {title = {}, columns = {"a"}, rows = {{1}}}} do
    assert(not pcall(ippro.table, bad))
end
for _, bad in ipairs{1, {}, {series = {}}, {series = {1}}, {series = {{x = {1}, y = {1}}}}, {series = {{name = "a", x = {1}}}},
    {series = {{name = "a", x = {print}, y = {1}}}}, {series = {{name = "a", x = {}, y = {}}}}} do
    assert(not pcall(ippro.curve, bad))
end
print("good")
END

# --- handles ----------------------------------------------------------------------------------------------------

lua "what is freed is dead, not dangling" <<'END'
local m, d = ippro.load("example"), ippro.data("shapes", {images = 100})
local s = m:score(d, {"l1", "l2"})
local l1, figure, chosen = s.l1, s:corr(), (m:ratios(0.5) and m:prune("l1"))
s:free()
assert(tostring(s) == "score set (freed)")
assert(select(2, pcall(function() return s.l1 end)):match("this score set was freed"))
assert(#l1:of("conv1") == 16)
l1:free() figure:free() chosen:free() d:free() m:free()
for _, dead in ipairs{
    function() return l1:of("conv1") end, function() return figure.values end,
    function() figure:csv("x.csv") end, function() chosen:count() end, function() m:layers() end,
    function() m:prune("l1") end,
} do
    local fine, message = pcall(dead)
    assert(not fine and message:match("was freed"), message)
end
m:free()
assert(tostring(d) == "data set (freed)")
-- Wrong kinds.
for _, wrong in ipairs{{}, "x", 1, io.stdout, figure} do
    assert(not pcall(l1.of, wrong, "conv1"))
end
assert(getmetatable(m) == "model" and not pcall(setmetatable, m, {}))
-- The model goes while it is iterated.
local m = ippro.load("example")
assert(not pcall(m.ratios, m, function() m:free() end))
local m = ippro.load("example")
assert(not pcall(m.ratios, m, function() m:undo(2) return 0.5 end))
print("good")
END

# --- tame -------------------------------------------------------------------------------------------------------

lua "binary chunks, collection and the debug library are refused" <<'END'
assert(not load("\27Lua") and not load(function() return nil end == nil and "" or "\27x"))
assert(select(2, load("\27LuaT")):match("binary"))
local file = io.open("binary.lua", "w")
file:write("\27LuaT\0\x19\x93\r\n") file:close()
assert(not loadfile("binary.lua") and not pcall(dofile, "binary.lua"))
package.path = "./?.lua"
assert(not pcall(require, "binary"))
assert(not pcall(setmetatable, {}, {__gc = print}))
assert(not debug.sethook and not debug.getregistry and not debug.setmetatable and not string.dump)
assert(not package.loadlib and package.cpath == "" and #package.searchers == 2)
assert(require("debug") == debug)
print("good")
END
printf '\033LuaT\000' >chunk.lua
"$IPPRO" -n chunk.lua >out 2>err
[ $? -ne 0 ] && grep -q 'binary chunks are refused' err
ok $? "a binary chunk as script is refused"
lua "the current folder is not searched for modules" <<'END'
for path in package.path:gmatch("[^;]+") do assert(path:sub(1, 1) == "/", path) end
assert(not pcall(require, "script"))
print("good")
END

refused "a script holds only the memory it is given" 1 'may hold 20 MB' --lua-memory 20 <<'END'
local t = {}
while true do t[#t + 1] = ("x"):rep(1000) .. #t end
END
lua "running out of memory can be caught" --lua-memory 20 <<'END'
assert(not pcall(string.rep, "x", 1 << 30))
assert(not pcall(function() local t = {} while true do t[#t + 1] = {} end end))
ippro.load("example")
print("good")
END

for loop in 'while true do end' \
    'while true do pcall(function() while true do end end) end' \
    'while true do coroutine.wrap(function() while true do end end)() end' \
    'while true do pcall(coroutine.wrap(function() while true do pcall(function() while true do end end) end end)) end' \
    'local function f() xpcall(function() while true do end end, f) end while true do f() end' \
    'while true do pcall(ippro.command, "help") end' \
    'ippro.load("example"):ratios(function() while true do end end)'; do
    # Before the script runs nobody may listen yet, and a shell's background jobs ignore the signal by default.
    rm -f running
    printf 'io.open("running", "w"):close()\n%s\n' "$loop" >loop.lua
    timeout -s KILL 60 "$IPPRO" -n loop.lua >out 2>err & # which passes the signal on
    pid=$!
    while [ ! -e running ] && kill -0 $pid 2>/dev/null; do sleep 0.05; done
    sleep 0.2
    kill -INT $pid
    wait $pid
    status=$?
    [ $status -eq 130 ]
    ok $? "stopped: $loop"
done

lua "patterns find what Lua's own find" <<'END'
local function same(result, ...)
    local parts = table.pack(...)
    for i = 1, parts.n do parts[i] = tostring(parts[i]) end
    assert(table.concat(parts, " ") == result, table.concat(parts, " "))
end
same("8 9", ("hello w%d"):find("%d", 1, true))
same("5 7 b1", ("ab, b1."):find("%f[%w](%w+)", 4) and 5, 7, ("ab, b1."):match("%f[%w](%w+)", 4))
same("key value", ("  key = value"):match("^%s*(%w+)%s*=%s*(%w+)$"))
same("(a(b)c) 3", ("x(a(b)c)"):match("%b()"), ("xa"):match("a()"))
same("nil", ("abc"):match("^b"))
same("=[[x]]= ", ("=[[x]]="):match("=%[(=*)%[.-%]%1%]=") and "=[[x]]=", "")
same("world hello 1", ("hello world"):gsub("(%w+) (%w+)", "%2 %1"))
same("-a-b- 3", ("ab"):gsub("", "-"))
same("$5 b{c} 2", ("{a} b{c}"):gsub("{(%w)}", {a = "$5"}))
same("a.b c 1", ("a b c"):gsub(" ", ".", 1))
local words = {}
for k, v in ("a=1, b=2"):gmatch("(%w)=(%w)") do words[#words + 1] = k .. v end
same("a1 b2", table.unpack(words))
for pattern, message in pairs{["("] = "unfinished capture", ["%"] = "ends with '%%'", ["[a"] = "missing ']'", [")"] = "invalid pattern capture",
    ["%1"] = "invalid capture index %%1", ["%b"] = "missing arguments", ["%f"] = "missing '%['", [("(a"):rep(40)] = "too many captures",
    [("a-"):rep(300)] = "too complex"} do
    local fine, said = pcall(string.match, ("a"):rep(400), pattern .. "")
    assert(not fine and said:find(message), pattern)
end
assert(not pcall(string.gsub, "a", "a", "%2") and not pcall(string.gsub, "a", "a", print == nil) and not pcall(string.find))
same("1 300", (("a"):rep(300)):find(("%a"):rep(300)))
print("good")
END

# --- errors -----------------------------------------------------------------------------------------------------

refused "a syntax error has file and line" 3 '^script.lua:2: ' <<'END'
local x = 1
local = 2
END
refused "a runtime error has file, line and the calls that led there" 1 '^script.lua:1: .*nothing' <<'END'
local function f() local nothing; nothing.x = 1 end
f()
END
grep -q "in local 'f'\|in upvalue 'f'" err
ok $? "the traceback names the function"
refused "errors that are tables" 1 'an error that is a table' <<'END'
error({})
END
refused "errors that are nil" 1 'an error that is a nil' <<'END'
error(nil)
END
refused "errors with a __tostring of their own" 1 'told so' <<'END'
error(setmetatable({}, {__tostring = function() return "told so" end}))
END
refused "escape sequences in errors do not reach the terminal" 1 'x1b' <<'END'
error("\27[31mred")
END
refused "endless recursion" 1 'stack overflow' <<'END'
local function f() return 1 + f() end
f()
END
"$IPPRO" -n missing.lua >out 2>err
[ $? -eq 3 ] && grep -q 'missing.lua' err
ok $? "a script that is missing is a file that is refused"

# --- safe -------------------------------------------------------------------------------------------------------

mkdir -p inside
lua "with --safe nothing is written elsewhere" --safe inside <<'END'
assert(not os and not io)
assert(not pcall(require, "os") and not pcall(require, "io"))
local m = ippro.load("example")
m:score(nil, {"l1", "l2"})
local figure = ippro.corr()[1]
figure:csv("inside/a.csv")
ippro.command("corr > inside/b.csv")
for _, path in ipairs{"x.csv", "inside/../x.csv", "/tmp/x.csv", "~/x.csv", "inside/missing/x.csv", "link/x.csv"} do
    assert(not pcall(figure.csv, figure, path), path)
    assert(not pcall(ippro.command, "corr > " .. path), path)
    assert(not pcall(ippro.save, (path:gsub("csv", "onnx"))), path)
    assert(not pcall(ippro.session, "save", path), path)
end
ippro.save("inside/a.onnx")
assert(not pcall(ippro.run, "x.ippro"))
print("good")
END
[ -s inside/a.csv ] && [ -s inside/b.csv ] && [ -s inside/a.onnx ] && [ ! -e x.csv ]
ok $? "inside the folder it is"
"$IPPRO" -n --safe nowhere script.lua >out 2>err
[ $? -eq 3 ] && grep -q 'nowhere' err
ok $? "a safe folder must exist"

# --- ways in ----------------------------------------------------------------------------------------------------

echo 'print(#arg, arg[0], arg[1], ...)' >arguments.lua
"$IPPRO" -n arguments.lua 'a b' c >out 2>err
[ "$(cat out)" = "$(printf '2\targuments.lua\ta b\ta b\tc')" ]
ok $? "arguments of a script"
"$IPPRO" -n -e "run arguments.lua 'a b' c" >out 2>err
[ "$(cat out)" = "$(printf '2\targuments.lua\ta b\ta b\tc')" ]
ok $? "run with arguments"
"$IPPRO" -n -e 'lua x = 20; y = "a;b # c > d"' -e '= x + 1, y, {1, {k = true}, s = "q"}' >out 2>err
[ "$(cat out)" = "$(printf '21\na;b # c > d\n{1, {k = true}, s = "q"}')" ]
ok $? "lua and = take the rest of the line, and share their globals"
"$IPPRO" -n -e 'load example' -e '= #ippro.layers()[1].rows' >out 2>err
grep -q '^14$' out
ok $? "code and commands share the session"
"$IPPRO" -n -e 'lua for i = 1,' >out 2>err
[ $? -eq 1 ] && grep -q 'eof' err
ok $? "incomplete code is an error where nobody can go on"
printf 'load example\n= 1 + 1\n' >mixed.ippro
echo 'print(tostring(ippro.load("example"))); ippro.run("plain.ippro"); assert(not pcall(ippro.run, "mixed.ippro"))' >outer.lua
echo 'score l1' >plain.ippro
"$IPPRO" -n outer.lua >out 2>err
ok $? "a script runs files of commands, but is not entered again by them"
[ $number -gt 0 ]
finish
