#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Images of one's own: advice on how they are normalised, pictures that cannot be read.
. "$SRCDIR/tests/support/program.sh"
tests=$(cd "$(dirname "$IPPRO")/.." && pwd)/tests
cd "$work" || exit 1

# run COMMANDS: into out and err.
run() {
    "$IPPRO" -n -e "$1" >out 2>err </dev/null
}

# says STATUS TEXT NAME: the last run ended so, and this is in what it wrote, however the lines were broken.
says() {
    status=$1
    [ "$status" -ne 0 ] || cat out err | tr -s '\n ' '  ' | grep -qF -- "$2" || status=1
    ok "$status" "$3"
    [ "$status" -eq 0 ] || { explain out && explain err; }
}

# Images like those that the example learnt, dull ones, as files whose normalisation nothing tells.
cat >dull.lua <<'END'
local bytes = io.open("bright.bin", "rb"):read("a")
local records = {}
for at = 1, #bytes, 3073 do
    records[#records + 1] = bytes:sub(at, at)
    records[#records + 1] = bytes:sub(at + 1, at + 3072):gsub(".", function(c) return string.char(96 + c:byte() // 4) end)
end
io.open("set/test_batch.bin", "wb"):write(table.concat(records)):close()
END
mkdir set && "$tests/data/shapes_dump" test 200 1 >bright.bin && run 'run dull.lua'
ok $? "a set of files"
run 'load example; data cifar10 set split=test'
says $? "note: 100 images normalised by none give" "data says when another normalisation is better"
says $? "%, by cifar-usual " "and which"
says $? "normalize=cifar-usual'" "and the command"
run 'load example; data cifar10 set split=test normalize=half'
! grep -q 'note:' out
ok $? "nothing is said of what was asked for"
run 'load example; data cifar10 set split=test normalize=none; set normalize none; data cifar10 set split=test'
! grep -q 'note:' out
ok $? "nor where none was asked for"
run 'data cifar10 set split=test; load example'
! grep -q 'normalised by none give' out
ok $? "nor without a network"
run 'load example; score l1; prune l1 0.5; data cifar10 set split=test'
! grep -q 'normalised by none give' out
ok $? "nor of one that was changed"
head -c 9219 set/test_batch.bin >few.bin
run 'load example; data cifar10 few.bin split=test'
! grep -q 'normalised by none give' out
ok $? "nor by too few images"

# Pictures: one is damaged.
"$tests/program/segmentation_maker" cityscapes city >made.txt &&
    mkdir -p own/ant own/bee && cp city/leftImg8bit/val/*/*.png own/ant && cp own/ant/*.png own/bee
ok $? "a folder of pictures"
last=$(ls own/bee | tail -n 1)
dd if="own/ant/$last" of="own/bee/$last" bs=100 count=1 2>made.txt
run 'load example; data shapes images=50; eval; data folder own normalize=half'
says $? "in 2 classes" "a damaged picture is no matter until it is read"
! run 'load example; data folder own normalize=half; eval'
says $? "eval: own/bee/$last: PNG: the file is truncated: it ends at byte 100" "then it is named"
# In the middle of a pass: what was there before is there behind it.
cat >keep.lua <<END
local ippro = require "ippro"
ippro.load("example")
ippro.data("folder", "own", {normalize = "half"})
local function rows() return tostring(ippro.info()):match("^.-options") end
local before = rows()
local fine, why = pcall(ippro.score, "taylor", {samples = "all"})
assert(not fine and tostring(why):find("bee", 1, true), why)
local after = rows()
assert(after == before, before .. after)
END
run 'run keep.lua'
status=$?
ok $status "and the session is as it was"
[ $status -eq 0 ] || explain err
run 'load example; data folder own normalize=half corrupt=skip; eval'
says $? "1 of 8 pictures cannot be read and are left out: bee/$last" "left out where that is asked for"
says $? "on 7 " "the other ones are judged"
finish
