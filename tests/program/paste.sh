#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What is pasted and what is typed while work runs, in a real terminal (tmux): it runs in order, to the same end as line
# by line. Esc alone, and letters that are typed in a pane.
. "$SRCDIR/tests/support/program.sh"
. "$SRCDIR/tests/support/tmux.sh"

# paste FILE: with the brackets that the program asked for.
paste() {
    tmux_ load-buffer "$1"
    tmux_ paste-buffer -p -t it
}
# in_order NAME WORD...: each comes to be told behind the one before, twenty seconds at most.
in_order() {
    name=$1
    shift
    pattern=
    for word; do
        pattern="$pattern$word.*"
    done
    tries=0
    status=1
    while [ $status -ne 0 ] && [ $tries -lt 200 ]; do
        sleep 0.1
        tmux_ capture-pane -p -S - -t it >all.txt
        tr '\n' ' ' <all.txt | grep -qE -- "$pattern"
        status=$?
        tries=$((tries + 1))
    done
    ok $status "$name"
    [ $status -eq 0 ] || explain all.txt
}
long='score taylor samples=all precision=double'

# --- the README's five minutes ---

awk '/^## Five minutes/ { on = 1 } on && /^    / { print; seen = 1 } on && seen && !/^    / { exit }' \
    "$SRCDIR/README.md" >five
[ "$(wc -l <five)" -gt 10 ] && tail -n 1 five | grep -q '^ *quit$'
ok $? "the README has its five minutes"
# On fewer images than the start has, for the sanitizers' sake, and without times, which are never the same.
echo 'data shapes split=test images=1000' >lines
sed -e '$d' -e '/^ *latency/d' five >>lines
{
    echo 'info'
    echo 'cost'
    echo 'cost > cost.csv'
    echo 'quit'
} >>lines
{
    echo 'load example'
    cat lines
} >batch
COLUMNS=80 "$IPPRO" -n -f batch >batch.out 2>batch.err
ok $? "they run line by line"
mkdir one-by-one
mv cost.csv smaller.onnx corr.png one-by-one
for mode in "" --prompt; do
    rm -f cost.csv smaller.onnx corr.png
    start 80 24 -n $mode
    prompt_line=$([ "$mode" ] && echo 1 || echo 2)
    at_prompt
    paste lines
    tries=0
    while [ ! -s modes.after ] && [ $tries -lt 1200 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    shows "pasted at once they run to their end ($mode)" 'ended with 0'
    for file in cost.csv smaller.onnx corr.png; do
        cmp -s $file one-by-one/$file
        ok $? "and write the same $file ($mode)"
    done
    tmux_ capture-pane -p -J -S - -t it >"said$mode"
done
grep -vE '^ended with 0$|^What was not saved is kept' said | grep -q .
ok $((!$?)) "nothing is left to say behind the panes: nothing failed"
# What depends on the session's beginning and on the machine is left out.
answers() {
    sed -n '/^Scores of/,$p' | sed 's/ *$//' |
        grep -vE '^$|^(ippro>|ended with|What was not|history|memory|to score|to evaluate)|images/s$| in [0-9.]+ m?s$'
}
answers <batch.out >batch.answers
answers <said--prompt >prompt.answers
[ "$(wc -l <batch.answers)" -gt 100 ] && cmp -s batch.answers prompt.answers
ok $? "the prompt says the same as line by line"
diff batch.answers prompt.answers >differences.txt || explain differences.txt

# --- while work runs ---

for mode in "" --prompt; do
    start 120 60 -n $mode
    prompt_line=$([ "$mode" ] && echo 1 || echo 2)
    at_prompt
    keys "$long" Enter
    wait_for 'of 10,000 images'
    keys 'set gamma 3' Enter
    shows "a line that is typed meanwhile waits ($mode)" '1 waiting'
    keys 'set gamma 4' Enter
    keys 'gibberish' Enter
    shows "another behind it ($mode)" '3 waiting'
    keys -l 'set gam'
    sleep 0.3
    screen
    [ "$(grep -c 'of 10,000 images' screen.txt)" -ge 1 ] && ! grep 'of 10,000 images' screen.txt | grep -q 'set gam'
    ok $? "keys are not written into the progress ($mode)"
    keys C-c
    shows "Ctrl-C drops them with the work ($mode)" '3 waiting commands dropped'
    keys C-u
    at_prompt
    keys 'set gamma' Enter
    shows "they were not run ($mode)" 'gamma +0\.01'

    keys 'eval samples=2000' Enter
    wait_for 'of 2,000 images|[0-9] %'
    keys 'set gamma 3' Enter 'gibberish' Enter 'undo' Enter 'set gamma 5' Enter
    keys -l 'set cri'
    shows "what is typed behind them stays to be edited ($mode)" '^ippro> set cri *$'
    keys C-u
    in_order "they ran in order, also behind one that failed ($mode)" "no command 'gibberish'" 'set gamma 5'
    at_prompt

    printf 'set gamma 6\nset gamma 7\nset gam' >three
    paste three
    shows "a paste is lines, the last one is edited ($mode)" '^ippro> set gam *$'
    keys 'ma 8' Enter
    in_order "and goes on ($mode)" 'set gamma 6' 'set gamma 7' 'set gamma 8'
    at_prompt
    for pause in 0.3 1 3; do # only time tells Esc and a key from Alt and the key
        keys Escape
        sleep $pause
        keys -l 'look'
        wait_for '^ippro> [a-z]*k *$' # all of it
        grep -q '^ippro> look *$' screen.txt && break
        keys C-u
        at_prompt
    done
    shows "Esc alone swallows nothing ($mode)" '^ippro> look *$'
    keys C-u
done

# --- panes ---

start 80 24 -n
at_prompt
printf 'eval samples=2000\nset gamma 6\nset gamma\n' >three
paste three
shows "pasted lines wait, also those that only look: they see what was changed before" 'gamma +6 +0\.01'
keys F2
wait_for '▸Layers'
keys -l 'set gamma 9'
shows "letters that are no keys of a pane go to the prompt" '^ippro> set gamma 9 *$'
keys Enter
keys F2
wait_for '▸Layers'
printf 'push l1 0.3' >one
paste one
shows "a paste goes there too, whatever its letters are" '^ippro> push l1 0\.3 *$'
keys C-u
keys F2 Down +
shows "what a key changed is told, and how to take it back" 'ratio layer1 0\.05: u undoes it'
keys u
keys F2 :
keys -l 'hist'
shows ": goes to the prompt" '^ippro> hist *$'
finish
