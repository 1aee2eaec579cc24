#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the user has is kept: files that were read are not replaced unasked, by whatever name and command; what killed
# programs leave goes; a configuration or a history that is none is told and nothing waits for it.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1
cp "$SRCDIR/examples/shapes-resnet.onnx" net.onnx
ln -s net.onnx soft.onnx
ln net.onnx hard.onnx
cp net.onnx original
ln net.onnx picture.png
printf 'layer1.* 0.3\n' >recipe.txt
cp recipe.txt recipe.csv
printf 'set gamma 3\n' >commands.txt
printf 'local ippro = require "ippro"\nippro.load("net.onnx")\n%s\n' \
    'local good, why = pcall(function() ippro.layers()[1]:txt("script.txt") end)' \
    'assert(not good and tostring(why):find("overwrite=yes"), why)' \
    'ippro.layers()[1]:txt("other.txt"):txt("other.txt")' \
    'ippro.layers()[1]:txt("script.txt", {overwrite = true})' >script.lua
cp script.lua script.before
ln script.lua script.txt

# kept FILE COMMANDS: refused, and the file is as it was.
kept() {
    cp "$1" before
    "$IPPRO" -n -e "load net.onnx; $2" >out 2>err
    status=$?
    good=0
    [ $status -eq 1 ] || { echo "# exit status $status"; good=1; }
    grep -q 'was read in this session.*overwrite=yes' err || good=1
    cmp -s "$1" before || { echo "# $1 has changed"; good=1; }
    ok $good "kept: $2"
    [ $good -eq 0 ] || explain err
}
kept net.onnx 'save net.onnx'
kept net.onnx 'save soft.onnx'
kept net.onnx 'save hard.onnx'
kept net.onnx "save $PWD/../$(basename "$PWD")/./net.onnx"
kept net.onnx 'prune l1 0.3; apply; save net.onnx'
kept net.onnx 'load example; save net.onnx'
kept net.onnx 'layers > picture.png'
kept net.onnx 'lua ippro.save("net.onnx")'
kept net.onnx 'lua ippro.layers()[1]:png("picture.png")'
kept recipe.txt 'recipe recipe.txt; layers > recipe.txt'
kept recipe.csv 'recipe recipe.csv; save recipe.csv'
kept recipe.csv 'recipe recipe.csv; layers > recipe.csv'
kept commands.txt 'run commands.txt; layers > commands.txt'
kept net.onnx 'session save net.onnx'
"$IPPRO" -n -e 'load net.onnx; set gamma 2; session save work.json' >out 2>&1
kept work.json 'session open work.json; session save work.json'
kept work.json 'session open work.json; save work.json'
"$IPPRO" -n --screen=80x24 -e 'load net.onnx; screen save net.onnx' >out 2>err
[ $? -eq 1 ] && grep -q 'overwrite=yes' err && cmp -s net.onnx original
ok $? "kept: screen save"
"$IPPRO" -n script.lua >out 2>&1
status=$?
[ $status -eq 0 ] && ! cmp -s script.txt script.before && cmp -s script.lua script.before
ok $? "a script is asked too, and its file written with {overwrite = true}"
explain out

# told FILE COMMANDS: written all the same.
told() {
    cp "$1" before
    "$IPPRO" -n -e "load net.onnx; $2" >out 2>err
    status=$?
    [ $status -eq 0 ] && ! cmp -s "$1" before
    ok $? "written: $2"
    [ $status -eq 0 ] || explain err
    cat before >"$1"
}
told net.onnx 'rescale layer1.0.conv1 2; save soft.onnx overwrite=yes'
told recipe.txt 'recipe recipe.txt; layers > recipe.txt overwrite=yes'
told work.json 'session open work.json; set gamma 5; session save work.json overwrite=yes'
: >figure.csv
told figure.csv 'layers > figure.csv; layers > figure.csv'
"$IPPRO" -n -e 'load net.onnx; save new.onnx; save new.onnx; layers > figure.csv overwrite=no' >out 2>&1
ok $? "what was only written is written again"
"$IPPRO" -n -e 'load net.onnx; layers > figure.csv overwrite=maybe' >out 2>&1
[ $? -eq 1 ] && grep -q "'maybe' is not yes or no" out
ok $? "overwrite= is yes or no"
"$IPPRO" -n -e 'session open work.json overwrite=yes' >out 2>&1
[ $? -eq 1 ]
ok $? "and belongs to what writes"

# A save that was killed.
sh -c 'echo $$ >gone'
: >".ippro-$(cat gone)-0.tmp"
: >".ippro-$$-0.tmp"
"$IPPRO" -n -e 'load net.onnx; save new.onnx' >out 2>&1
[ ! -e ".ippro-$(cat gone)-0.tmp" ] && [ -e ".ippro-$$-0.tmp" ]
ok $? "what a killed save left goes with the next one, and nothing else"

# The configuration.
mkdir -p "$XDG_CONFIG_HOME/ippro-explore"
config=$XDG_CONFIG_HOME/ippro-explore/config
# refused NAME WORDS
refused() {
    timeout 20 "$IPPRO" -e 'set' >out 2>err </dev/null
    status=$?
    [ $status -eq 0 ] && grep -q "the configuration is not run: .*$2" err && grep -Eq '^gamma +0.01 ' out
    ok $? "$1"
    explain err
}
mkfifo "$config"
refused "a pipe is no configuration" 'is a pipe'
rm "$config"
mkdir "$config"
refused "nor is a folder" 'is a directory'
rmdir "$config"
echo 'set gamma 7' >"$config"
chmod 666 "$config"
refused "what others can write is not run" 'can be written by others'
chmod 664 "$config"
refused "nor what a group can" 'can be written by others'
chmod 644 "$config"
if chown nobody "$config" 2>/dev/null; then
    refused "nor what belongs to another" 'belongs to another user'
    chown "$(id -u)" "$config"
else
    skip "nor what belongs to another" "files cannot be given away"
fi
"$IPPRO" -e 'set' 2>err | grep -Eq 'gamma +7 '
ok $? "one's own is"
: >"$config"
"$IPPRO" -e 'info' >out 2>err && [ ! -s err ]
ok $? "an empty one does nothing"

# The history of states has a bound; the log of a session has none.
{
    echo 'load net.onnx'
    awk 'BEGIN { for (i = 1; i <= 1100; i++) print "set gamma " i }'
    echo 'info'
    echo 'session save many.json'
    echo 'undo 998'
    echo 'set gamma'
    echo 'undo 2'
} >many
"$IPPRO" -n -k -f many >out 2>err
[ "$(grep -c 'the history is full' out)" -eq 1 ]
ok $? "a full history is told once"
grep -Eq '^history +999 to undo, 0 to redo' out && grep -Eq '^history holds +1,000 of 1,000 states, [0-9.]+ of 1000 MB' out
ok $? "info tells what it holds"
grep -Eq 'gamma +102 ' out && grep -q 'there is only 1 to undo' err
ok $? "undo goes as far as that"
grep -c '"line": "set gamma' many.json >count
"$IPPRO" -n -e 'session open many.json; set gamma' >out 2>err
[ $? -eq 0 ] && [ "$(cat count)" -eq 1100 ] && grep -Eq 'gamma +1100 ' out
ok $? "the log is whole, and opens"
explain err
finish
