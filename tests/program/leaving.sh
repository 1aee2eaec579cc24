#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Leaving in a real terminal (tmux): what is not saved is told once, whatever ends the program is survived, and what an
# earlier program left is offered and brought back, with panes and without.
. "$SRCDIR/tests/support/program.sh"
. "$SRCDIR/tests/support/tmux.sh"
unsaved=$XDG_STATE_HOME/ippro-explore/sessions

# files COUNT NAME: so many unsaved sessions are kept. The prompt stands there before a line that was just typed is read, so
# that what it does takes a moment.
files() {
    tries=0
    while count=$(find "$unsaved" -type f 2>/dev/null | wc -l) && [ "$count" -ne "$1" ] && [ $tries -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    [ "$count" -eq "$1" ]
    status=$?
    ok $status "$2"
    [ $status -eq 0 ] || echo "# there are $count"
}
# kept PATTERN: until the only one has it.
kept() {
    tries=0
    while ! cat "$unsaved"/* 2>/dev/null | grep -qE -- "$1" && [ $tries -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
}
# has PATTERN NAME: in the only one.
has() {
    kept "$1"
    cat "$unsaved"/* >all.txt 2>/dev/null
    grep -qE -- "$1" all.txt
    status=$?
    ok $status "$2"
    [ $status -eq 0 ] || explain all.txt
}
# says TEXT NAME: somewhere on the screen, however its lines are cut: blanks and frames do not count.
says() {
    wanted=$(printf '%s' "$1" | tr -d ' ')
    tries=0
    while [ $tries -lt 100 ]; do
        screen
        sed 's/^.*│//' screen.txt | tr -d ' \n' >joined.txt
        grep -qF -- "$wanted" joined.txt && break
        sleep 0.1
        tries=$((tries + 1))
    done
    grep -qF -- "$wanted" joined.txt
    status=$?
    ok $status "$2"
    [ $status -eq 0 ] || explain screen.txt
}
# begin MODE ARGUMENTS: 80x24, up to the prompt.
begin() {
    mode=$1
    prompt_line=2
    [ "$mode" = panes ] || prompt_line=1
    shift
    if [ "$mode" = panes ]; then start 80 24 -n "$@"; else start 80 24 -n --prompt "$@"; fi
    at_prompt
}
# ended STATUS NAME
ended() {
    shows "$2" "ended with $1"
}
# gone: the program that start began has ended.
gone() {
    tries=0
    while kill -0 "$(cat pid)" 2>/dev/null && [ $tries -lt 200 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
}

for mode in panes prompt; do
    rm -rf "$unsaved"
    begin $mode
    files 0 "$mode: what is only looked at is not kept"
    keys C-d
    ended 0 "$mode: and Ctrl-D leaves at once"

    begin $mode
    keys 'theme light' Enter
    at_prompt
    keys 'quit' Enter
    ended 0 "$mode: a theme is nothing to lose"
    files 0 "$mode: nor to keep"

    begin $mode
    keys 'ratio conv1 0.3' Enter
    at_prompt
    keys 'prune l1 0.4' Enter
    at_prompt
    keys 'quit' Enter
    says "unsaved: 1 selection, 1 ratio: quit again to leave, or session save FILE" "$mode: quit tells what is not saved"
    at_prompt
    keys 'info' Enter
    at_prompt
    keys C-d
    says "unsaved: 1 selection, 1 ratio" "$mode: once again after another command"
    keys '= 1234 + 4321' Enter
    says '5555' "$mode: the program is still there"
    at_prompt
    keys C-d
    at_prompt
    keys C-d
    ended 0 "$mode: the second Ctrl-D leaves"
    says "'ippro-explore --resume' brings it back" "$mode: and says what was kept"
    files 1 "$mode: which it was"

    # The next start.
    begin $mode
    says "the last session (example, 4 commands, just now) was not saved: --resume or the command 'session resume' brings it back" \
        "$mode: the next start offers it"
    keys 'session resume' Enter
    says "the last session: 4 commands done" "$mode: and brings it back"
    at_prompt
    files 1 "$mode: as the session of this program"
    keys 'session save work.session' Enter
    shows "$mode: which can be saved" 'written to work.session'
    at_prompt
    files 0 "$mode: and then there is nothing to keep"
    keys 'undo' Enter
    at_prompt
    keys 'quit' Enter
    ended 0 "$mode: nor to ask, also where the saved session was undone in part"

    begin $mode
    screen
    ! grep -q 'not saved' screen.txt
    ok $? "$mode: nothing is offered then"
    keys 'prune l1 0.4' Enter
    at_prompt
    keys 'apply' Enter
    wait_for 'the scores of the network before'
    at_prompt
    keys 'save smaller.onnx overwrite=yes' Enter
    wait_for 'smaller.onnx'
    at_prompt
    keys 'quit' Enter
    ended 0 "$mode: what was saved as a network is not asked about"
    begin $mode
    keys 'prune l1 0.4' Enter
    at_prompt
    keys 'quit force=yes' Enter
    ended 0 "$mode: quit force=yes asks nothing"
    rm -rf "$unsaved"

    # All ways to end.
    for signal in HUP:129 TERM:143 KILL:137 SEGV:139; do
        begin $mode
        keys 'prune l1 0.4' Enter
        at_prompt
        keys 'undo' Enter
        at_prompt
        keys 'prune l2 0.5' Enter
        at_prompt
        keys 'eval samples=50 order=first' Enter
        wait_for 'top-5'
        at_prompt
        kill -"${signal%:*}" "$(cat pid)"
        gone
        files 1 "$mode: SIG${signal%:*} leaves what there was"
        has '"line":"prune l2 0.5"' "$mode: with its last command"
        begin $mode --resume
        wait_for 'commands done'
        keys 'info' Enter
        [ $mode = prompt ] || keys F7
        says 'l2, ratio 0.5 of 9 blocks' "$mode: --resume after SIG${signal%:*}"
        rm -rf "$unsaved"
    done

    # Work that runs.
    begin $mode
    if [ $mode = panes ]; then
        keys 'score taylor samples=all precision=double' Enter
        wait_for 'of 10,000 images'
        keys 'quit' Enter
        says "score is running: quit again to cancel it and leave" "$mode: quit tells what runs"
        keys C-d
        ended 0 "$mode: the second one cancels it"

        begin $mode
        keys 'score taylor samples=300 precision=double; prune taylor 0.4' Enter
        wait_for 'cut by taylor'
        kill -KILL "$(cat pid)"
        gone
        start 80 24 -n --resume
        wait_for 'scoring .* of 300 images'
        keys 'set gamma 3' Enter
        keys -l 'set cri'
        shows "$mode: a line that is entered while --resume works waits" '^ippro> set cri *$'
        says 'gamma 3, was 0.01' "$mode: and is run behind it, without another key"
        screen
        grep -q 'cut by taylor' screen.txt && grep -q '^ippro> set cri *$' screen.txt
        ok $? "$mode: what is typed behind it stays to be edited"
        rm -rf "$unsaved"
    fi

    # Another program's is not touched.
    begin $mode
    keys 'prune l1 0.4' Enter
    at_prompt
    "$IPPRO" -n -e 'session list; session forget; prune l1' >out 2>&1
    grep -q 'there is no unsaved session' out
    ok $? "$mode: what a running program keeps is not offered to others"
    files 1 "$mode: nor taken away"
    keys 'undo' Enter
    at_prompt
    files 0 "$mode: undone, there is nothing to keep"
    keys 'redo' Enter
    at_prompt
    has '"line":"prune l1 0.4"' "$mode: redone, there is"
    keys 'quit' Enter
    at_prompt
    keys 'quit' Enter
    ended 0 "$mode: quit twice leaves"
    "$IPPRO" -n -e 'session list' >out 2>&1
    grep -q '^20.*session: example, 3 commands' out
    ok $? "$mode: session list names it"
    "$IPPRO" -n -e "session forget $(sed -n 's/: .*//p' out); session list" >out 2>&1
    grep -q 'there is no unsaved session' out
    ok $? "$mode: and session forget removes it"

    # A folder that cannot be had.
    rm -rf "$unsaved"
    : >"$unsaved"
    begin $mode
    keys 'prune l1 0.4' Enter
    says 'the session is not kept for the case that the program ends' "$mode: where nothing can be kept it is told"
    at_prompt
    for line in 'prune l1 0.3' 'undo' 'theme dark' 'redo' 'ratio conv1 0.1' 'unprune' 'ratio conv1 0.2' 'undo'; do
        keys "$line" Enter
        at_prompt
    done
    screen
    [ "$(grep -c 'is not kept' screen.txt)" -le 1 ]
    ok $? "$mode: once, and the work goes on"
    rm -f "$unsaved"
done

# Signals in the middle of work, also of what never looks up: the work before it is kept, the terminal is as it was.
rm -rf "$unsaved"
prompt_line=1
printf 'print("it begins") while true do end\n' >loop.lua
printf 'print("it begins") os.execute("sleep 1000")\n' >wait.lua
while read -r mode signal status_of work; do
    start 80 24 -n "$mode"
    at_prompt
    keys 'prune l1 0.4' Enter
    wait_for 'multiply-adds'
    at_prompt
    keys "$work" Enter
    wait_for '^it begins|of 10,000 images'
    kill -"$signal" "$(cat pid)"
    ended "$status_of" "$mode: SIG$signal ends $work"
    modes_are_back
    ok $? "$mode: with the terminal as it was"
    has '"line":"prune l1 0.4"' "$mode: and the session kept"
    [ "$signal" = QUIT ] || says "'ippro-explore --resume' brings it back" "$mode: which is told"
    rm -rf "$unsaved"
done <<'END'
--prompt HUP 129 score taylor samples=all precision=double
--prompt TERM 143 run loop.lua
--prompt QUIT 131 run loop.lua
--prompt HUP 129 run wait.lua
--plain TERM 143 score taylor samples=all precision=double
--plain HUP 129 run loop.lua
END

# Batch mode keeps and offers nothing, and asks nothing.
begin prompt
keys 'prune l1 0.4' Enter
kept 'prune l1 0.4'
kill -KILL "$(cat pid)"
gone
printf 'load example\nprune l1 0.4\nquit\nnonsense\n' >lines
"$IPPRO" -n -f lines >out 2>&1
[ $? -eq 0 ] && ! grep -q 'saved' out
ok $? "batch mode offers nothing, and quit asks nothing"
"$IPPRO" -n <lines >out 2>&1
[ $? -eq 0 ] && ! grep -q 'saved' out
ok $? "nor from standard input"
files 1 "and keeps nothing of its own"
"$IPPRO" -n --resume -e 'info' >out 2>&1
grep -q 'l1, ratio 0.4 of 9 blocks' out
ok $? "asked to, it resumes"
files 1 "and leaves what it resumed"
mkdir safe
begin prompt --safe safe
screen
! grep -q 'not saved' screen.txt
ok $? "--safe looks at no session outside its folder"
keys 'prune l1 0.3' Enter
at_prompt
keys 'session list' Enter
shows "nor lists any" 'there is no unsaved session'
at_prompt
files 1 "nor keeps one there"
finish
