#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The Lua scripts of scripts/ on the built-in example: they print a table, write what they say, and their numbers are those
# of the commands.
. "$SRCDIR/tests/program.sh"
cd "$work" || exit 1

# script NAME FILE...: it runs and writes the files.
script() {
    name=$1
    shift
    "$IPPRO" -n -e 'set samples 200' "$SRCDIR/scripts/$name.lua" >"$name.out" 2>err
    status=$?
    [ $status -eq 0 ] && [ ! -s err ] && grep -q '──' "$name.out"
    good=$?
    for file; do
        [ -s "$file" ] || { echo "# $file was not written"; good=1; }
    done
    ok $good "scripts/$name.lua"
    [ $good -eq 0 ] || explain err
}

script gamma-sweep gamma-sweep.csv gamma-sweep.png
script correlation correlation.csv correlation.png
script histograms histograms.csv histogram-conv1.csv histogram-conv1.png
script scale-attack scale-attack.csv scale-attack.png
script compare-criteria compare-criteria.csv compare-criteria.png
script global-vs-layerwise global-vs-layerwise.csv global-vs-layerwise.png
script session session.csv session.png pruned.onnx
script no-finetune no-finetune.csv no-finetune.png
script sampling sampling.csv sampling.png

for file in "$SRCDIR"/scripts/*.lua; do
    name=$(basename "$file" .lua)
    [ -s "$name.out" ] || { echo "# $name.lua is not tested"; exit 1; }
    grep -q "scripts/$name.lua" "$SRCDIR/scripts/local.mk" && sed -n 2p "$file" | grep -q '^-- '
    ok $? "$name.lua is installed and says what it is"
done

# The same numbers as at the prompt.
"$IPPRO" -n -e 'load example; data shapes; score l1 taylor geomedian proscore samples=200' -e 'corr by=layer > typed.csv' \
    -e 'corr method=kendall > kendall.csv' >out 2>err
cmp typed.csv correlation.csv
ok $? "correlation.lua writes what corr writes"
value=$(awk -F, '$1 == "l1" && $2 == "taylor" { printf "%.4f", $3 }' kendall.csv)
grep 'l1 ~ taylor' correlation.out | grep -qF -- "$value"
ok $? "Kendall's coefficient is the same ($value)"
"$IPPRO" -n -e 'load example; data shapes; score l1 proscore samples=200; ratio streams 0.15; ratio inner 0.4; prune proscore' \
    -e 'apply; save typed.json' -e 'eval samples=500 > eval.csv' >out 2>err
accuracy=$(awk -F, '$1 == "top-1 accuracy, %" || $1 == "\"top-1 accuracy" { for (i = 2; i <= NF; i++) if ($i ~ /^[0-9.]+$/) { print $i + 0; exit } }' eval.csv)
awk -F, -v wanted="$accuracy" '$1 == "removed for good" { found = (($4 - wanted) ^ 2 < 1e-12) } END { exit !found }' session.csv
ok $? "session.lua measures what eval measures ($accuracy)"
finish
