#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The panes in a real terminal (tmux): completion, wide characters, work with the prompt alive, Ctrl-C, resize, suspend,
# the ways to end, and what each kind of terminal gets.
. "$SRCDIR/tests/support/program.sh"
. "$SRCDIR/tests/support/tmux.sh"
prompt_line=2

# value FORMAT: what tmux knows of the terminal.
value() {
    tmux_ display-message -p -t it "#{$1}"
}
# becomes NAME FORMAT VALUE
becomes() {
    tries=0
    while [ "$(value "$2")" != "$3" ] && [ $tries -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    [ "$(value "$2")" = "$3" ]
    status=$?
    ok $status "$1"
    [ $status -eq 0 ] || echo "# $2 is '$(value "$2")', not '$3'"
}

start 80 24 -n
shows "panes open on the example" 'Layers example, 14 layers'
shows "empty ones say what to do" 'no scores yet: score all'
shows "there is a prompt" '^ippro> *$'
shows "and a bar of keys" 'F1 keys +F2 layers'
becomes "on the alternate screen" alternate_on 1

keys 'sco' Tab
shows "Tab completes a command" '^ippro> score *$'
keys 'proscore:' Tab Tab
shows "Tab shows what fits" 'proscore:affine'
shows "and what it is for" 'CRITERIA: '
keys C-u
shows "which goes with the next key" '^ippro> *$'
wait_gone 'CRITERIA: '
ok $? "and what it is for goes too"
keys -l '# 日本語x'
shows "wide characters can be typed" '^ippro> # 日本語x'
becomes "the cursor is behind them" cursor_x 16
keys BSpace BSpace
becomes "and goes back by what is deleted" cursor_x 13
keys -l 'é'
becomes "also over accents" cursor_x 14
keys C-u
at_prompt

keys 'score l1,bn,geomedian' Enter
shows "scores fill their pane" 'Scores in conv1 ─'
shows "and the correlation" '\.6[0-9]|0\.6[0-9]'
at_prompt
keys Up
shows "Up brings the last line back" '^ippro> score l1,bn,geomedian'
keys C-u
keys 'nonsense' Enter
shows "errors are told" "no command 'nonsense'"
keys 'corr' Enter
shows "figures open as a pane" 'Figure .*corr'
keys F7 q
shows "q closes it" 'Scores in conv1'

# Ratios under the cursor: one change, however often the key is pressed.
keys F2 Down + + +
shows "+ changes a ratio" 'layer1 \(4 layers\): 0\.15'
keys u
shows "undo takes the whole run back" 'layer1 +- '
keys /
keys 'layer3.1' Enter
keys +
shows "search finds a layer" 'ratio layer3\.1\.conv1 0\.05'
keys Escape
shows "Esc goes to the prompt" 'F1 keys +F2 layers'
# A click on the first row of the layers, in the reports of xterm.
keys -l "$(printf '\033[<0;3;3M\033[<0;3;3m')"
shows "the mouse chooses a pane" '▸Layers'
keys -l "$(printf '\033[<0;12;23M\033[<0;12;23m')"
at_prompt
# The line of keys: F2 layers begins in column 11.
keys -l "$(printf '\033[<0;14;24M\033[<0;14;24m')"
shows "a click on the line of keys presses one" '▸Layers'
keys Escape
shows "the keys are those of the prompt" 'F1 keys +F2 layers'
# Pages at the prompt are those of the log.
keys PageUp
shows "PageUp at the prompt scrolls the log" 'Log [0-9]+ lines below'
keys PageDown PageDown PageDown PageDown PageDown PageDown PageDown PageDown
shows "PageDown goes back to its end" 'Log ──'
# A line that is longer than the screen.
keys -l '# 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789'
shows "a long line says that it begins further left" '^ippro> <[0-9]+ *$'
keys C-a
shows "and that it goes on" '^ippro> # [0-9]+>$'
keys C-k
at_prompt

# Work with the prompt alive.
keys 'score taylor samples=all precision=double' Enter
shows "progress is told" 'of 10,000 images'
keys 'info' Enter
shows "what looks is answered meanwhile" 'The session'
keys 'ratio conv1 0.3' Enter
shows "what changes waits for its turn" '1 waiting'
keys 'hel' Tab
shows "the line is edited meanwhile" '^ippro> help'
keys C-u
at_prompt # the terminal throws away what is unread when Ctrl-C comes
keys C-c
shows "Ctrl-C cancels the work" 'score: cancelled, 1 waiting command dropped'
at_prompt
ok $? "and nothing else"
tmux_ resize-window -t it -x 120 -y 40
shows "it follows a resize" 'figure +F9 layout +F10 zoom'
keys 'eval samples=all precision=double' Enter
wait_for 'of 10,000 images'
tmux_ resize-window -t it -x 1 -y 1
sleep 0.3
tmux_ resize-window -t it -x 7 -y 3
sleep 0.3
tmux_ resize-window -t it -x 80 -y 24
keys C-c
shows "also in the middle of work, to one cell and back" 'eval: cancelled'
at_prompt
keys 'score taylor samples=all precision=double' Enter
wait_for 'of 10,000 images'
interrupt_twice
shows "a second Ctrl-C asks to quit" 'Quit\?'
keys 'n' Enter
work_ends
at_prompt
ok $? "n goes on"

# A question that is open when work ends.
keys 'score taylor samples=all precision=double' Enter
wait_for 'of 10,000 images'
keys F2
keys /
shows "a pane is searched while work runs" '^/ *$'
keys C-c
work_ends
keys -l 'linear'
shows "the question outlives the work" '^/linear *$'
keys Enter
shows "and is answered" '^ippro> *$'
keys F8
wait_for 'F1 keys +F2 layers'
keys 'score taylor samples=all precision=double' Enter
wait_for 'of 10,000 images'
keys -l 'hel'
keys F2
keys /
wait_for '^/ *$'
keys -l 'layer'
interrupt_twice
shows "the wish to quit takes the place of a question" '^Quit\? \(y or n\) *$'
keys 'n' Enter
shows "and the line comes back as it was" '^ippro> hel *$'
work_ends
keys C-u
at_prompt

# Code that waits for its end, and keys of panes.
keys 'lua for i = 1, 3 do' Enter
shows "code waits for its end" '^ +>> *$'
keys F2
keys Home Down + F8
shows "keys give commands meanwhile" 'layer1 \(4 layers\): 0\.05'
keys 'print("line", i) end' Enter
shows "and the code goes on" 'line[[:space:]]+3'
at_prompt

# What libraries and children write lands in the log.
keys 'lua os.execute("echo noise; echo more noise >&2")' Enter
shows "other output goes to the log" '│more noise'
keys 'theme light'
sleep 0.3
keys C-u
at_prompt
keys C-d
shows "Ctrl-D tells what is not saved" 'unsaved: [0-9]+ ratios?: quit again'
keys C-d
shows "and a second one quits" 'ended with 0'
becomes "and leaves the alternate screen" alternate_on 0

# Signals give the terminal back.
for signal in TERM:143 HUP:129 QUIT:131 SEGV:139 ABRT:134; do
    start 80 24 -n
    wait_for 'F1 keys'
    kill -"${signal%:*}" "$(cat pid)"
    shows "SIG${signal%:*} ends it" "ended with ${signal#*:}"
    becomes "with the terminal given back" alternate_on 0
    modes_are_back
    ok $? "as it was"
done
for work in 'score taylor samples=all precision=double' 'lua while true do end'; do
    start 80 24 -n
    at_prompt
    keys "$work" Enter
    wait_for "^.*› $work"
    sleep 1
    kill -HUP "$(cat pid)"
    shows "SIGHUP ends it in the middle of work" 'ended with 129'
    modes_are_back
    ok $? "with the terminal as it was"
done
start 80 24 -n
at_prompt
keys 'score taylor samples=all precision=double' Enter
wait_for 'of 10,000 images'
process=$(cat pid)
tmux_ kill-session -t it
tries=0
while kill -0 "$process" 2>/dev/null && [ $tries -lt 200 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
[ $tries -lt 200 ]
ok $? "a window that is closed ends it too"

# Suspend and go on.
tmux_ kill-server 2>/dev/null
sleep 0.2
tmux_ new-session -d -s it -x 80 -y 24 "env PS1='shell> ' LC_ALL=C.UTF-8 sh -i"
wait_for '^shell> *$'
keys '"$IPPRO" -n' Enter
at_prompt
keys 'set gam'
wait_for '^ippro> set gam'
keys C-z
shows "Control-Z stops it" '^shell> *$'
keys 'stty -a | grep -o " echo "; fg' Enter
shows "fg brings the panes and the line back" '^ippro> set gam *$'
shows "as they were" 'Layers example, 14 layers'

# Names, keys and functions of one's own.
start 80 24 -n
shows "panes for what is one's own" 'Layers example, 14 layers'
keys 'alias agree = score l1,geomedian; corr' Enter
keys 'agr' Tab
shows "Tab completes an alias" '^ippro> agree *$'
keys 'meth' Tab 'k' Tab
shows "and what its last command takes" '^ippro> agree method=kendall'
keys Enter
shows "its commands run" 'Kendall tau-b'
at_prompt
keys 'bind F12 = score l2; echo key of mine' Enter
at_prompt
keys F12
shows "a key runs a command line" 'key of mine'
keys 'lua ippro.on("scored", function(w) print("told: " .. w.command) ippro.prune("l2", 0.3) end)' Enter
at_prompt
keys F2 F12
shows "a function of Lua is called behind it" 'told: score l2'
shows "and its commands show in the panes" 'layer1 .*0\.30'
keys Escape
wait_for 'F1 keys +F2 layers'
keys 'lua ippro.on("scored", function(w) error("bad luck") end)' Enter
at_prompt
keys 'score taylor samples=100' Enter
shows "also after work on a thread of its own" 'told: score taylor'
shows "what fails in one is told" 'bad luck'
work_ends
at_prompt
ok $? "and the prompt is there"
keys 'score proscore samples=all precision=double' Enter
wait_for '[0-9] of 10,000 images'
keys 'agree' Enter
shows "an alias that changes something waits for work" '1 waiting'
keys 'alias' Enter
shows "and the list of aliases behind it" '2 waiting'
keys C-c
shows "both are dropped with the work" '2 waiting commands dropped'
work_ends
at_prompt
keys 'lua ippro.on("quit", function() print("good bye") end)' Enter
at_prompt
keys 'quit' Enter
keys 'quit' Enter
shows "at the end what it prints is on the terminal" 'good bye'

# Kinds of terminals.
for term in vt100 screen screen-256color xterm xterm-256color; do
    it_term=$term
    export it_term
    start 80 24 -n
    shows "panes on $term" 'F1 keys +F2 layers'
    keys F2
    shows "function keys on $term" 'Space keep'
done
# Training is watched, and stopped where it is.
start 80 24 -n
shows "panes for a training" 'Layers example, 14 layers'
keys 'data shapes images=500; prune l1 0.4; apply' Enter
shows "a smaller network" 'nothing cut'
keys 'finetune epochs=500 batch=50 judge=50' Enter
shows "curves grow while it learns" 'Accuracy of example \(pruned\) while it learns'
shows "with the time that is left" 'training .*· [0-9:]* left'
sleep 2
keys C-c
shows "Ctrl-C keeps what was reached" 'stopped after [0-9,]* of 5,000 steps'
work_ends
at_prompt
ok $? "and nothing is cancelled any more"
for term in dumb unknown-terminal; do
    it_term=$term
    start 80 24 -n
    shows "$term gets one line" '^No panes here: .*terminal'
    prompt_line=1
    at_prompt
    ok $? "and the plain prompt"
    prompt_line=2
done
unset it_term
it_locale=C
export it_locale
start 80 24 -n
shows "the C locale gets ASCII" '^-.Layers example, 14 layers -+\|'
screen
LC_ALL=C grep -q '[^ -~]' screen.txt
[ $? -eq 1 ]
ok $? "and nothing else"
it_locale=C.UTF-8
start 80 24 -n --plain
prompt_line=1
at_prompt
screen
grep -q Layers screen.txt
[ $? -eq 1 ]
ok $? "--plain has no panes"
finish
