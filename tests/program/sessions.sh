#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Session files with what came from other files, criteria and recipes, and with what was measured: all of it comes back, or
# what has changed is named.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1

# lines COMMANDS...: one after the other, what they say to out.
lines() {
    printf '%s\n' "$@" >lines.txt
    "$IPPRO" -n -f lines.txt >out 2>&1
}
# run NAME COMMANDS...: succeeds.
run() {
    name=$1
    shift
    lines "$@"
    status=$?
    ok $status "$name"
    [ $status -eq 0 ] || explain out
}
# refused NAME TEXT COMMANDS...: the last one fails with the text.
refused() {
    name=$1 text=$2
    shift 2
    lines "$@"
    [ $? -ne 0 ] && grep -qF -- "$text" out
    status=$?
    ok $status "$name"
    [ $status -eq 0 ] || explain out
}
# told NAME TEXT: the last run said so.
told() {
    tr -s ' \n' '  ' <out | grep -qF -- "$2"
    status=$?
    ok $status "$1"
    [ $status -eq 0 ] || explain out
}

# --- criteria ---------------------------------------------------------------------------------------------------

mkdir folder other
cat >folder/mine.lua <<'END'
ippro.criterion{name = "mine", score = function(layer, c)
    local scores = {}
    for i, filter in ipairs(c.weights) do
        scores[i] = 0
        for _, weight in ipairs(filter) do scores[i] = scores[i] + weight * weight * weight * weight end
    end
    return scores
end}
END
cp folder/mine.lua mine.before
needs="needs the criterion mine of $work/folder/mine.lua, a program"
run "a session with a criterion of a file is saved" \
    'load example; run folder/mine.lua; score l1 mine; prune mine 0.4; ratio > before.csv; session save c.session'
grep -q "\"sha256\": \"$(sha256sum <folder/mine.lua | cut -d' ' -f1)\"" c.session && grep -q "\"file\": \"$work/folder/mine.lua\"" c.session
ok $? "its log knows the file by its hash"
refused "opened, it is not run unasked" "c.session: command 2: $needs" 'session open c.session'
run "where it was run before, the session opens" 'run folder/mine.lua; session open c.session; ratio > after.csv'
cmp -s before.csv after.csv
ok $? "and is as it was"
run "programs=yes runs it, from any folder" "lua assert(true)" "session open c.session programs=yes; ratio > after.csv; score mine"
cmp -s before.csv after.csv
ok $? "and is as it was"
(cd other && "$IPPRO" -n -e 'session open ../c.session programs=yes') >out 2>&1
ok $? "wherever the program is started"
cat >>folder/mine.lua <<'END'
-- changed
END
refused "a changed file is named" "$work/folder/mine.lua: not the criterion mine of the session: the file's hash is" \
    'session open c.session programs=yes'
refused "also where it was run before" "$work/folder/mine.lua: not the criterion mine of the session" \
    'run folder/mine.lua; session open c.session'
rm folder/mine.lua
refused "so is one that is gone" "the criterion mine: $work/folder/mine.lua: No such file" 'session open c.session programs=yes'
cp mine.before folder/mine.lua

# A file that does more than to define criteria.
for code in 'ippro.set("gamma", 3)' 'ippro.command("load example")' 'ippro.load("example")'; do
    { cat mine.before; echo "if more then $code end"; } >folder/mine.lua
    "$IPPRO" -n -e 'load example; run folder/mine.lua; score mine; session save more.session' >out 2>&1
    refused "commands in it are refused: $code" 'a file of criteria cannot run commands' \
        'lua more = true' 'session open more.session programs=yes'
done
printf 'for i = 1, 2 do local name = "mine" .. i; ippro.criterion{name = name, score = function(l, c) return c.scale or nil end} end\n' >two.lua
printf 'dofile("two.lua")\n' >outer.lua
run "a file that runs another" 'load example; run outer.lua; score mine1 mine2; session save two.session'
run "is the one that is run again" 'session open two.session programs=yes; score mine2'
[ "$(grep -c '"name": "mine' two.session)" -eq 2 ] && [ "$(grep -c "/outer.lua" two.session)" -eq 2 ]
ok $? "for all that it defines"
run "a recipe may name one" "load example; run two.lua; recipe none 'all 0.3' 'criterion mine2'; prune; session save r.session"
refused "and the session needs it" "needs the criterion mine2 of $work/two.lua" 'session open r.session'
run "and gets it" 'session open r.session programs=yes'
run "a criterion that was typed is told when the session is saved" \
    'load example' 'lua ippro.criterion{name = "typed", score = function(l, c) return c.scale end}' 'score typed; session save t.session'
told "by its name" 'the criterion typed was typed, not read from a file'
refused "and when it is missing" 'the criterion typed was typed, not read from a file: define it first' 'session open t.session programs=yes'
run "a newer one of the same name is another" \
    'load example; run folder/mine.lua; score mine; undo; session save none.session'
! grep -q mine none.session
ok $? "what was undone needs none"

# --- recipes ----------------------------------------------------------------------------------------------------

printf 'all 0.3\n' >ratios.recipe
echo 'return 0.3' >ratios.lua
for file in ratios.recipe ratios.lua; do
    run "a session with $file is saved" "load example; recipe $file; prune l1; ratio > before.csv; session save r.session"
    grep -q "\"file\": \"$work/$file\"" r.session
    ok $? "with its path"
    run "and opened" 'session open r.session; ratio > after.csv'
    cmp -s before.csv after.csv && ! grep -q note: out
    ok $? "as it was, with nothing to tell"
    echo '' >>"$file"
    run "a changed $file stops nothing" 'session open r.session; ratio > after.csv'
    told "and is told" "$work/$file has changed since: the session has the ratios of then"
    rm "$file"
    run "nor does one that is gone" 'session open r.session; ratio > after.csv'
    cmp -s before.csv after.csv
    ok $? "for the ratios are in the session"
done

# --- what was measured ------------------------------------------------------------------------------------------

run "evaluations are saved" \
    'load example; data shapes; eval samples=200; prune l1 0.2; eval samples=200; session save m.session; info > info.txt; eval samples=200 > eval.csv'
grep '^accuracy\|^before' info.txt >before
"$IPPRO" -n -e 'session open m.session' -e 'info > info.txt' >out 2>&1
told "and come back" '2 measurements from the session file'
grep '^accuracy\|^before' info.txt | sed 's/ (session file)//' >after
cmp -s before after && [ "$(grep -c '(session file)' info.txt)" -eq 2 ]
ok $? "as from the session file"
# of_split FROM TO WORDS: with the split in the session file written otherwise, these words are shown.
of_split() {
    sed "s/$1/$2/" m.session >other.session
    "$IPPRO" -n -e 'session open other.session; info' >out 2>&1
    grep -q "of 200 $3 (session file)" out
    status=$?
    ok $status "images of a split: $3"
    [ $status -eq 0 ] || explain out
}
of_split '"split": "train"' '"split": "val"' 'val images'
of_split '"split": "train"' '"split": "all"' 'images'
of_split '"split": "train"' '"training": true' 'training images'
of_split '"split": "train"' '"training": false' 'images'
sed 's/"split": "train"/"split": "no word"/' m.session >other.session
"$IPPRO" -n -e 'session open other.session' >out 2>&1
[ $? -eq 3 ] && grep -q 'a measurement that cannot be one' out
ok $? "a split that cannot be one is refused"
"$IPPRO" -n --screen=80x24 -e 'session open m.session; screen save screen.txt' >out 2>&1
grep -q '│from the session file *$' screen.txt
ok $? "in the Model pane too"
"$IPPRO" -n --screen=200x60 -e 'session open m.session; screen save screen.txt' >out 2>&1
[ "$(grep -c '(session file)' screen.txt)" -eq 2 ]
ok $? "also where there is room"
"$IPPRO" -n -e 'session open m.session; eval samples=200 > eval2.csv; info' >out 2>&1
grep -v '^#' eval.csv >one
grep -v '^#' eval2.csv >other.csv
cmp -s one other.csv && grep -q 'baseline' one
ok $? "the baseline is there, image by image: the same difference and standard error"
[ "$(grep -c '(session file)' out)" -eq 1 ]
ok $? "what is measured again is no more from the file"
run "a session of a session keeps them" 'session open m.session; session save m2.session'
grep -v '"program"' m.session >one
grep -v '"program"' m2.session >other.csv
cmp -s one other.csv
ok $? "to the last digit"

# broken NAME SED: a measurement that cannot be one is refused, and nothing has changed.
broken() {
    sed "$2" m.session >b.session
    "$IPPRO" -n -e 'set gamma 7' -k -e 'session open b.session' -e 'set gamma' >out 2>&1
    grep -qF 'b.session: measurement 1: a measurement that cannot be one' out && grep -q 'gamma *7' out
    status=$?
    ok $status "refused: $1"
    [ $status -eq 0 ] || explain out
}
broken "more right than images" 's/"top1": [0-9]*/"top1": 201/'
broken "another number right than the images say" 's/"top1": [0-9]*/"top1": 3/'
broken "a negative number" 's/"top1": [0-9]*/"top1": -1/'
broken "no images" 's/"images": 200/"images": 0/'
broken "very many images" 's/"images": 200/"images": 1000000000/'
broken "a text for a number" 's/"images": 200/"images": "200"/'
broken "too few digits" 's/"correct": "../"correct": "/'
broken "no digits" 's/"correct": "./"correct": "g/'
broken "no network" '/"measurements"/,$s/"network": "[^"]*"/"network": "x"/'
broken "a fraction over 1" 's/"fraction": [0-9.]*/"fraction": 1.5/'
broken "a normalisation of any length" "s/\"normalization\": \"/&$(printf '%0200d' 0)/"

run "what was measured before is no evaluation" \
    "lua ippro.on('evaluated', function() print('evaluated') end)" 'session open m.session'
! grep -q '^evaluated' out
ok $? "and nothing that waits for one is called"

# --- files that harm --------------------------------------------------------------------------------------------

cp "$SRCDIR/examples/shapes-resnet.onnx" 'two
lines.onnx'
cat >lines.lua <<'END'
ippro.load("two\nlines.onnx")
ippro.command("session save lines.session")
END
"$IPPRO" -n lines.lua >out 2>&1 && "$IPPRO" -n -e 'session open lines.session; info' >out 2>&1
ok $? "a path of two lines comes back"

folder=$XDG_STATE_HOME/ippro-explore/sessions
mkdir -p "$folder"
unsaved() {
    printf '%s\n' '{"format": "ippro-explore unsaved session 1"}' '{"line": "load example"}' >"$folder/$1.session"
}
unsaved nul
head -c 30000000 /dev/zero >>"$folder/nul.session"
timeout 20 "$IPPRO" -n -e 'session resume nul; info' >out 2>&1
ok $? "a file that ends in very many zeros is read in time"
if command -v flock >"$work/path" 2>&1; then
    unsaved running
    flock "$folder/running.session" "$IPPRO" -n -e 'session resume running' >out 2>&1
    [ $? -ne 0 ] && grep -q 'its program is running' out && [ -s "$folder/running.session" ]
    ok $? "what a program that runs keeps is not resumed"
    rm "$folder/running.session"
else
    skip "what a program that runs keeps is not resumed" "there is no flock"
fi
echo 'another thing' >"$folder/foreign.session"
unsaved good
run "what cannot be forgotten stops nothing" 'session forget'
grep -q '2 unsaved sessions removed' out && grep -q 'foreign.session' out && [ -f "$folder/foreign.session" ] && [ ! -f "$folder/good.session" ]
ok $? "the others are gone, and it is named"
finish
