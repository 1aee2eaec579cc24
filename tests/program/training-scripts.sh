#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The scripts of scripts/training/ on the built-in example: they run from the shell and from the prompt, print and write
# what they say, and remove what they say.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1
few="epochs=1 images=100 judge=50"

# script NAME "SETTINGS" PATTERN FILE...: it runs, prints the pattern and writes the files.
script() {
    name=$1
    settings=$2
    pattern=$3
    shift 3
    # shellcheck disable=SC2086 # the settings are words
    "$IPPRO" -n "$SRCDIR/scripts/training/$name.lua" $few $settings >"$name.out" 2>err
    status=$?
    [ $status -eq 0 ] && [ ! -s err ] && grep -q -- "$pattern" "$name.out"
    good=$?
    for file; do
        [ -s "$file" ] || { echo "# $file was not written"; good=1; }
    done
    ok $good "training/$name.lua $settings"
    [ $good -eq 0 ] || { explain err; sed 's/^/# /' "$name.out"; }
}
# channels NAME STAGE: of a script's table.
channels() {
    awk -F, -v row="$2" '!/^#/ && $1 ~ row { print $3; exit }' "$1.csv"
}
# are NAME A B
are() {
    [ "$2" = "$3" ]
    good=$?
    ok $good "$1: $3"
    [ $good -eq 0 ] || echo "# $2"
}

# 224 of the 474 channels lie inside blocks.
script rounds "schedule=linear rounds=2 ratio=0.5 samples=50" 'round 1: pruned to 25.0 %' rounds.csv rounds.png
are "half of the rounds takes half" "$(channels rounds '^"?round 1: learned')" 418
are "and all of them all" "$(channels rounds '^"?round 2: learned')" 362
script rounds "rounds=3 ratio=0.5 save=small.onnx" 'round 1: pruned to 35.2 %' rounds.csv rounds.png small.onnx
grep -q 'round 2: pruned to 48.1 %' rounds.out
ok $? "the cubic schedule of Zhu and Gupta"
are "the file has the smaller network" "$("$IPPRO" -n -e 'load small.onnx' -e 'lua print(ippro.model:cost().channels)' | tail -n 1)" 362
script soft-pruning "ratio=0.3" 'filters removed' soft-pruning.csv
are "soft pruning removes its ratio" "$(channels soft-pruning '^"?filters removed')" 404
script fpgm "ratio=0.3" 'filters removed' fpgm.csv
are "FPGM, too" "$(channels fpgm '^"?filters removed')" 404
script slimming "ratio=0.4" 'below the threshold' slimming.csv slimming-scales.csv
are "slimming has one threshold" "$(channels slimming '^"?learned again')" 384
script group-lasso "ratio=0.4" 'learned again' group-lasso.csv
are "and so has group lasso" "$(channels group-lasso '^"?learned again')" 384
script catalyst "ratio=0.4" 'below the line' catalyst.csv catalyst-margins.csv
are "and Catalyst, where a ratio is asked for" "$(channels catalyst '^"?learned again')" 384

# Those that are zero in the end are those that go: nothing but the constants of BatchNorm tells them apart.
cat >zero.lua <<'END'
arg = {[0] = os.getenv("SRCDIR") .. "/scripts/training/soft-pruning.lua", "epochs=2", "images=100", "judge=50"}
ippro.load("example")
local seen
ippro.on("selected", function(what)
    if not what.selection then return end
    local l2, zeros, others = ippro.scores.l2, 0, 0
    for layer, channels in pairs(what.selection:removed()) do
        local norms = l2:of(layer)
        for _, c in ipairs(channels) do if norms[c + 1] == 0 then zeros = zeros + 1 else others = others + 1 end end
    end
    seen = {zeros, others}
end)
dofile(arg[0])
assert(seen[1] == 70 and seen[2] == 0, seen[1] .. " " .. seen[2])
END
"$IPPRO" -n zero.lua >out 2>err
good=$?
ok $good "what soft pruning removes was zero"
[ $good -eq 0 ] || explain err

# At the prompt: on the network and the images that are there.
"$IPPRO" -n -e 'load example; data shapes; score l1; prune l1 0.2; apply' \
    -e 'run training/rounds.lua epochs=1 rounds=1 ratio=0.1 images=60 judge=40' -e 'info' >out 2>err
grep -q 'round 1: pruned to 10.0 %' out && grep -q 'made by .*finetune' out && [ ! -s err ]
good=$?
ok $good "from the prompt, on a network that is pruned already"
[ $good -eq 0 ] || { explain err; explain out; }

# refused PATTERN NAME SETTING STATUS
refused() {
    "$IPPRO" -n "$SRCDIR/scripts/training/$2.lua" "$3" >out 2>err
    [ $? -eq "$4" ] && grep -q -- "$1" err
    good=$?
    ok $good "refused: $3"
    [ $good -eq 0 ] || explain err
}
refused "'epoch=2' is no setting KEY=VALUE of one of: augment, batch" rounds epoch=2 1
refused 'epochs=many: that is no number' fpgm epochs=many 1
refused 'schedule= is linear or cubic' rounds schedule=steep 1
refused 'no-such' slimming model=no-such.onnx 3

for file in "$SRCDIR"/scripts/training/*.lua; do
    name=$(basename "$file")
    grep -q "scripts/training/$name" "$SRCDIR/scripts/local.mk" && sed -n 2p "$file" | grep -q '^-- ' &&
        grep -q "$name" "$SRCDIR/scripts/README.md"
    ok $? "training/$name is installed, listed, and says what it is"
done
if command -v luacheck >/dev/null 2>&1; then
    luacheck --no-color --std lua54 --globals ippro arg --max-line-length 125 "$SRCDIR"/scripts/training/*.lua >luacheck.out 2>&1
    good=$?
    ok $good "luacheck finds nothing"
    [ $good -eq 0 ] || explain luacheck.out
else
    skip "luacheck finds nothing" "there is no luacheck"
fi
finish
