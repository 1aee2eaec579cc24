#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What is typed while a pane has the focus, in a real terminal (tmux): a command's letters go to the prompt and do nothing as
# keys, keys that change something say how it is taken back, and while work runs they wait for their turn.
. "$SRCDIR/tests/support/program.sh"
. "$SRCDIR/tests/support/tmux.sh"
prompt_line=2

# letters WORD: one key after the other, each when the terminal had time for the one before.
letters() {
    for letter in $(printf '%s' "$1" | sed 's/./& /g'); do
        keys -l "$letter"
        sleep 0.05
    done
}
# clear_prompt: back at an empty one.
clear_prompt() {
    keys F8 C-u
    at_prompt
}
# saved NAME PATTERN [not]: the session has such a command, as its saved log tells, or not.
saved() {
    clear_prompt
    keys 'session save now.session overwrite=yes' Enter
    wait_for 'written to now.session'
    keys 'clear' C-u
    at_prompt
    grep -qE -- "$2" now.session
    status=$?
    [ -z "$3" ] || { [ $status -ne 0 ] && status=0 || status=1; }
    ok $status "$1"
    [ $status -eq 0 ] || explain now.session
    rm -f now.session
}

start 80 24 -n
at_prompt
keys 'ratio all 0.3' Enter
at_prompt
keys 'score l1 l2' Enter
wait_for 'l2 +464'
at_prompt

# Words that begin with keys.
keys F2
wait_for 'Space keep'
letters prune
shows "a command typed in a pane stands at the prompt" '^ippro> prune *$'
shows "and what its letters did as keys is told" "'prun' were keys, and what that did is taken back"
saved "and taken back" '"prune' not
keys F2
wait_for 'Space keep'
letters score
shows "so does one that sorts" '^ippro> score *$'
clear_prompt
keys F2
wait_for 'Space keep'
letters undo
shows "one whose first letter takes something back" '^ippro> undo *$'
saved "brings it back" '"score l1 l2"'
keys F2
wait_for 'Space keep'
keys Down
letters help
shows "one that begins by closing a stage" '^ippro> help *$'
shows "opens it again" '^▸? *0\.conv1|^ *layer1 .*'
clear_prompt
keys F2 c
letters corr
shows "a key before it stays a key" '^ippro> corr *$'
clear_prompt
keys F2
wait_for 'Space keep'
keys p
shows "a key that changes the session says how it is taken back" 'prune l2: u undoes it'
letters recipe
shows "a key before another command is no part of it" '^ippro> recipe *$'
saved "and what it did stands" '"prune l2'
keys F2
wait_for 'Space keep'
keys u
shows "undo says how it is done again" 'undo: U redoes it'
keys F8
at_prompt

# In the figure's pane most letters are keys.
keys 'layers' Enter
wait_for 'Figure'
keys F7
wait_for 'q close'
letters score
shows "score in a figure" '^ippro> score *$'
screen
! grep -q 'sorted by' screen.txt
ok $? "the table is not sorted"
clear_prompt
keys F7
wait_for 'q close'
letters run
keys Space
shows "a whole command of keys goes to the prompt with a blank" '^ippro> run *$'
clear_prompt
keys F7
wait_for 'q close'
letters quit
shows "quit does not close the figure" '^ippro> quit *$'
shows "which stays" '─ Figure .*layers'
keys C-u
keys F7 q
at_prompt
keys 'alias guru = info' Enter
at_prompt
keys F2
wait_for 'Space keep'
letters guru
shows "an alias is a word too, also of keys alone" '^ippro> guru *$'
clear_prompt

# Keys while work runs.
keys 'ratio all 0' Enter
at_prompt
keys 'score taylor samples=all precision=double' Enter
wait_for 'of 10,000 images'
keys F2
wait_for 'Space keep'
keys Home + + +
shows "a ratio that is changed while work runs waits, once" 'ratio layer1 0\.15 waits for score, 1 waiting|ratio conv1 0\.15 waits for score, 1 waiting'
keys p
shows "and so does what comes behind it" 'prune l2 waits for score, 2 waiting: Control-C drops them'
keys Enter
shows "what only looks is answered at once" '▸Figure .*layer conv1'
keys q
letters prune
shows "a command that is typed stands at the prompt" '^ippro> prune *$'
shows "and what waits for its letters goes" "'prun' were keys"
keys C-u
at_prompt # the terminal throws away what is unread when Ctrl-C comes
keys C-c
shows "Control-C drops what waits, and no more than was asked for" 'score: cancelled, 2 waiting commands dropped'
work_ends
at_prompt
keys 'score taylor samples=600 precision=double' Enter
wait_for '[0-9] of 600 images'
keys F2 Home +
shows "it waits" 'ratio conv1 0\.05 waits for score'
rounds=0
until wait_for '^conv1 .* 0\.05' || [ $rounds -ge 5 ]; do # real work, which takes a loaded machine its time
    rounds=$((rounds + 1))
done
shows "and is done when the work has ended" '^conv1 .* 0\.05'
saved "as if typed" '"ratio conv1 0\.05"'
finish
