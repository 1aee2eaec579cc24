#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The Lua scripts of scripts/ on the built-in example: they print a table, write what they say, and their numbers are those
# of the commands typed at the prompt.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1

# script NAME "ARGUMENTS" FILE...: it runs and writes the files.
script() {
    name=$1
    arguments=$2
    shift 2
    # shellcheck disable=SC2086 # the arguments are words
    "$IPPRO" -n -e 'set samples 200' "$SRCDIR/scripts/$name.lua" $arguments >"$(basename "$name").out" 2>err
    status=$?
    [ $status -eq 0 ] && [ ! -s err ] && grep -q '──' "$(basename "$name").out"
    good=$?
    for file; do
        [ -s "$file" ] || { echo "# $file was not written"; good=1; }
    done
    ok $good "scripts/$name.lua"
    [ $good -eq 0 ] || explain err
}

script gamma-sweep "" gamma-sweep.csv gamma-sweep.png gamma-spread.png
script correlation "" correlation.csv correlation-pairs.csv correlation.png
script histograms "" histograms.csv histogram-conv1.csv histogram-conv1.png
script scale-attack "example - layer1.0.conv1 0.1 1 10" scale-attack.csv scale-attack.png
script compare-criteria "example - 0.4 100 2" compare-criteria.csv compare-criteria.png compare-criteria-layers.csv \
    compare-criteria-layers.png
script global-vs-layerwise "example - 0.1 100 0.1 0.3" global-vs-layerwise.csv global-vs-layerwise.png
script session "" session.csv session.png pruned.onnx pruned.csv pruned.session
script no-finetune "example - 100 2 0.2 0.4" no-finetune.csv no-finetune.png
script finetune "example - 0.3 short 1 100 l1" finetune.csv finetune.png
script sampling "example - proscore 2 0.2 100" sampling.csv sampling.png sampling-accuracy.png

script paper/rescored "example - 0.2 50 sum jacobian random:1" rescored.csv rescored.png
script paper/readings "example - 50 1 0.2" readings.csv readings-correlation.csv readings-train.png readings-unseen.png \
    readings-augmented.png

for file in "$SRCDIR"/scripts/*.lua "$SRCDIR"/scripts/paper/*.lua; do
    name=$(basename "$file" .lua)
    [ -s "$name.out" ] || { echo "# $name.lua is not tested"; exit 1; }
    grep -q "${file#"$SRCDIR/"}" "$SRCDIR/scripts/local.mk" && sed -n 2p "$file" | grep -q '^-- ' &&
        grep -q "$name.lua" "$SRCDIR/scripts/README.md" "$SRCDIR/man/ippro-lua.3"
    ok $? "$name.lua is installed, listed, and says what it is"
done
if command -v luacheck >/dev/null 2>&1; then
    luacheck --no-color --std lua54 --globals ippro arg --max-line-length 125 \
        "$SRCDIR"/scripts/*.lua "$SRCDIR"/scripts/paper/*.lua "$SRCDIR"/scripts/criteria/*.lua >luacheck.out 2>&1
    good=$?
    ok $good "luacheck finds nothing"
    [ $good -eq 0 ] || explain luacheck.out
else
    skip "luacheck finds nothing" "there is no luacheck"
fi

# --- the same numbers as at the prompt ------------------------------------------------------------------------------

typed() {
    "$IPPRO" -n -e 'load example; data shapes' "$@" >typed.out 2>err || explain err
}
# cell FILE ROW-PATTERN COLUMN: of a CSV file, the facts left out.
cell() {
    awk -F, -v row="$2" -v column="$3" '!/^#/ && $0 ~ row { print $column; exit }' "$1"
}
# pair FILE A B: of a matrix as CSV.
pair() {
    awk -F, -v a="$2" -v b="$3" '!/^#/ && $1 == a && $2 == b { print $3; exit }' "$1"
}
# near NAME A B: two numbers are the same.
near() {
    awk -v a="$2" -v b="$3" 'BEGIN { d = a - b; exit !(a != "" && b != "" && d * d <= 1e-18 * (1 + a * a)) }'
    ok $? "$1 ($2)"
}

typed -e 'score l1 taylor geomedian proscore samples=200' -e 'corr by=layer > typed.csv' \
    -e 'corr method=kendall > kendall.csv; overlap > overlap.csv; hist conv1 scale=standard > hist.csv'
cmp typed.csv correlation.csv
ok $? "correlation.lua writes what corr writes"
near "Kendall's coefficient" "$(pair kendall.csv l1 taylor)" "$(cell correlation-pairs.csv '^l1 ~ taylor' 3)"
near "the overlap" "$(pair overlap.csv l1 taylor)" "$(cell correlation-pairs.csv '^l1 ~ taylor' 5)"
cmp hist.csv histogram-conv1.csv
ok $? "histograms.lua writes what hist writes"

typed -e 'score proscore samples=200; gamma sweep 1e-4:1e4:log:81 inf at=0.4 rows=1000 > gamma.csv' \
    -e 'set gamma 1; score proscore; score proscore:0.01; overlap > at1.csv; corr > rank1.csv'
near "overlap at gamma 1" "$(cell gamma.csv '^1,' 4)" "$(cell gamma-sweep.csv '^1,' 4)"
near "overlap of gamma 1 by the command overlap" "$(pair at1.csv proscore proscore:0.01)" "$(cell gamma-sweep.csv '^1,' 4)"
near "rank agreement at gamma 1 by corr" "$(pair rank1.csv proscore proscore:0.01)" "$(cell gamma-sweep.csv '^1,' 3)"

typed -e 'score l1 l2 taylor geomedian proscore samples=200; rescale layer1.0.conv1 10 > rescale.csv'
near "mean place before the attack" "$(cell rescale.csv '^l1,' 4)" "$(cell scale-attack.csv '^l1,1,' 3)"
near "mean place after it" "$(cell rescale.csv '^log proscore,' 5)" "$(cell scale-attack.csv '^proscore,10,' 3)"
near "filters cut after it" "$(cell rescale.csv '^geomedian,' 7)" "$(cell scale-attack.csv '^geomedian,10,' 4)"

typed -e 'score l1 samples=200; ratio inner 0.4; prune l1' -e 'data shapes seed=2; eval samples=100 order=first > eval.csv' \
    -e 'curve l1,random ratios=0.2,0.4 where=inner seeds=2 samples=100 order=first > curve.csv'
accuracy=$(awk -F, '/^"?top-1 accuracy/ { for (i = 2; i <= NF; i++) if ($i ~ /^[0-9.]+$/) { print $i; exit } }' eval.csv)
near "accuracy of l1 by eval" "$accuracy" "$(cell compare-criteria.csv '^l1,' 5)"
near "and in no-finetune.lua" "$accuracy" "$(cell no-finetune.csv '^l1,' 3)"
sed -n '/curve_points/,$p' curve.csv >points.csv
near "random filters, mean of two seeds, by curve" "$(awk -F, '$1 == "0.4" { print 100 * $3; exit }' points.csv)" \
    "$(cell no-finetune.csv '^"random, mean of 2"' 4)"

typed -e 'score l1 samples=200; prune l1 0.1 global=yes' -e 'data shapes seed=2; eval samples=100 order=first > eval.csv'
accuracy=$(awk -F, '/^"?top-1 accuracy/ { for (i = 2; i <= NF; i++) if ($i ~ /^[0-9.]+$/) { print $i; exit } }' eval.csv)
near "accuracy of a global ranking" "$accuracy" "$(cell global-vs-layerwise.csv '^l1,global' 3)"

"$IPPRO" -n -e 'load example; data shapes images=600; sampling 5% 50% repeats=2 > sizes.csv' >typed.out 2>err || explain err
sed -n '/sampling_sizes/,$p' sizes.csv >table.csv
near "mean correlation of two draws of 5 %" "$(cell table.csv '^30,proscore' 4)" \
    "$(awk -F, '$1 == "5" { sum += $3 } END { printf "%.17g", sum / 2 }' sampling.csv)"
near "mean overlap of two draws of 50 %" "$(cell table.csv '^300,proscore' 8)" \
    "$(awk -F, '$1 == "50" { sum += $4 } END { printf "%.17g", sum / 2 }' sampling.csv)"

typed -e 'score l1 proscore samples=200; ratio streams 0.05; ratio inner 0.2; prune l1; apply; save typed.onnx' \
    -e 'data shapes seed=2; eval samples=300 order=first > eval.csv'
accuracy=$(awk -F, '/^"?top-1 accuracy/ { for (i = 2; i <= NF; i++) if ($i ~ /^[0-9.]+$/) { print $i; exit } }' eval.csv)
near "session.lua measures what eval measures" "$accuracy" "$(cell session.csv '^"?removed' 7)"

# --- criteria in Lua --------------------------------------------------------------------------------------------------
# Each against numbers that are made in another way: norms by the command, correlations of pairs one by one.
cat >criteria.lua <<'END'
local model, data = ippro.load("example"), ippro.data("shapes", {images = 100})
local filters = {}
ippro.criterion{name = "spy", score = function(layer, c)
    filters[layer.name] = c.weights
    local zeros = {}
    for i = 1, #c.weights do zeros[i] = 0 end
    return zeros
end}
local set = model:score(data, {"spy", "l2", "l2-normalised", "cop", "torque"}, {samples = 20})
local function near(a, b) assert(math.abs(a - b) <= 1e-9 * (1 + math.abs(b)), a .. " and " .. b) end

local function pearson(a, b)
    local n, sa, sb, saa, sbb, sab = #a, 0, 0, 0, 0, 0
    for k = 1, n do
        sa, sb, saa, sbb, sab = sa + a[k], sb + b[k], saa + a[k] ^ 2, sbb + b[k] ^ 2, sab + a[k] * b[k]
    end
    return (n * sab - sa * sb) / math.sqrt((n * saa - sa ^ 2) * (n * sbb - sb ^ 2))
end

for _, layer in ipairs{"conv1", "layer1.0.conv2"} do
    local l2, normalised, cop, torque = set.l2:of(layer), set["l2-normalised"]:of(layer), set.cop:of(layer), set.torque:of(layer)
    local f, total, pivot = filters[layer], 0, 1
    for i, norm in ipairs(l2) do
        total = total + norm
        if norm > l2[pivot] then pivot = i end
    end
    for i = 1, #f do
        local highest = 0
        for j = 1, #f do if j ~= i then highest = math.max(highest, math.abs(pearson(f[i], f[j]))) end end
        near(normalised[i] * total / #f, l2[i])
        near(cop[i], 1 - highest)
        near(torque[i] * (1 + math.abs(i - pivot)), l2[i])
    end
end
local chosen = model:prune("cop", 0.3)
assert(chosen:count() > 0 and #set:corr().row_names == 5)
print("all the same")
END
define=
for criterion in l2-normalised cop torque; do
    grep -q "scripts/criteria/$criterion.lua" "$SRCDIR/scripts/local.mk" && grep -q "$criterion.lua" "$SRCDIR/scripts/README.md"
    ok $? "criteria/$criterion.lua is installed and listed"
    define="$define -e 'run \"$SRCDIR/scripts/criteria/$criterion.lua\"'"
done
eval "\"\$IPPRO\" -n $define -e 'run criteria.lua'" >criteria.out 2>err
[ ! -s err ] && grep -q 'all the same' criteria.out
good=$?
ok $good "criteria in Lua give the scores that they say"
[ $good -eq 0 ] || explain err
finish
