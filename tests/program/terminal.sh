#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The prompt in a real terminal (tmux): start, completion, history, Ctrl-C at the prompt and in the middle of scoring,
# resize, suspend, plain mode, the end.
. "$SRCDIR/tests/support/program.sh"
. "$SRCDIR/tests/support/tmux.sh"

start 90 40 -n --prompt
shows "it starts on the example" 'example: 14 layers'
shows "with its images" 'shapes test: 10,000 images'
at_prompt
ok $? "a prompt is there"

keys 'rati' Tab
sleep 0.3
keys C-u
keys 'sco' Tab
shows "Tab completes a command" '^ippro> score $|^ippro> score$'
keys 'geo' Tab
shows "Tab completes a criterion" '^ippro> score geomedian'
keys Enter
shows "the command runs" 'geomedian +464'
at_prompt
keys 'hist layer3.0' Tab
shows "Tab completes a layer" '^ippro> hist layer3.0.conv'
keys C-u
keys 'corr meth' Tab 'k' Tab
shows "Tab completes a key and its value" '^ippro> corr method=kendall'
keys C-c
at_prompt
ok $? "Ctrl-C at the prompt clears the line"

keys 'sco l2' Enter
shows "commands may be shortened" 'l2 +464'
at_prompt
keys Up
shows "Up brings the last line back" '^ippro> sco l2$'
keys C-c
at_prompt
keys 'nonsense' Enter
shows "errors are shown" "no command 'nonsense'"
at_prompt

# Work: the progress line, then Ctrl-C.
keys 'clear' C-u
keys 'score taylor samples=all precision=double' Enter
shows "progress is shown" 'of 10,000 images'
keys C-c
shows "Ctrl-C cancels the work" 'cancelled'
at_prompt
ok $? "and the prompt is back"
keys 'info' Enter
shows "the session is as it was" 'scores +l2, geomedian|scores +geomedian, l2'
at_prompt

# Resize, at the prompt and during work.
keys 'corr'
tmux_ resize-window -t it -x 60 -y 20
sleep 0.3
keys Enter
shows "it works after a resize" 'Spearman correlation'
at_prompt
keys 'eval samples=all precision=double' Enter
wait_for 'of 10,000 images'
tmux_ resize-window -t it -x 20 -y 5
sleep 0.3
tmux_ resize-window -t it -x 90 -y 40
keys C-c
wait_for "eval: cancelled"
at_prompt
status=$?
ok $status "it survives a resize during work"
[ $status -eq 0 ] || explain screen.txt

# Two interrupts within a second: the question.
keys 'score taylor samples=all precision=double' Enter
wait_for 'of 10,000 images'
interrupt_twice
shows "a second Ctrl-C asks to quit" 'Quit\?'
keys 'n' Enter
at_prompt
ok $? "n goes on"

keys 'set gamma 3' Enter
at_prompt
keys 'set gamma 3' Enter
at_prompt
keys C-d
shows "Ctrl-D quits" 'ended with 0'
[ "$(grep -c '^set gamma 3$' "$XDG_STATE_HOME/ippro-explore/history")" -eq 1 ]
ok $? "the history has each line once"

start 90 40 -n --prompt
at_prompt
keys Up
shows "the history is there the next time" '^ippro> set gamma 3$'
keys C-c
at_prompt
keys 'quit' Enter
shows "quit quits" 'ended with 0'

# A plain prompt writes no escape sequence.
start 80 24 -n --plain
tmux_ pipe-pane -t it "cat >'$work/stream'"
sleep 0.5
keys 'score l1 l2' Enter
wait_for 'l2 +464'
keys 'corr' Enter
wait_for 'Spearman'
keys 'score taylor samples=500' Enter
wait_for 'gradients'
at_prompt
keys C-d
wait_for 'ended with 0'
[ -s stream ] && ! LC_ALL=C grep -q "$(printf '\033')" stream
ok $? "--plain writes no escape sequence"

# Control-Z stops it at the prompt and gives the terminal back; fg goes on.
tmux_ kill-server 2>/dev/null
sleep 0.2
tmux_ new-session -d -s it -x 90 -y 40 "env PS1='shell> ' LC_ALL=C.UTF-8 sh -i"
wait_for '^shell> *$'
keys '"$IPPRO" -n --prompt' Enter
at_prompt
keys 'set gam'
wait_for '^ippro> set gam' # the terminal throws away what is unread when Ctrl-Z comes
keys C-z
shows "Control-Z stops it" '^shell> *$'
keys 'stty -a | grep -o " echo "; fg' Enter
shows "the terminal was given back" '^ echo *$'
shows "fg brings the prompt and its line back" '^ippro> set gam$'
keys 'ma 5' Enter
at_prompt
keys 'set gamma' Enter
shows "and it goes on" 'gamma +5 +0.01'

# Work too; with bg it goes on without the terminal, and with fg it has it again.
at_prompt
keys 'score taylor samples=1000 precision=double' Enter
wait_for 'of 1,000 images'
keys C-z
shows "Control-Z stops work" '^shell> *$'
keys 'clear; stty -a | grep -o " echo "; bg' Enter
shows "and gives the terminal back" '^ echo *$'
rounds=0
until wait_for 'taylor +464' || [ $rounds -ge 5 ]; do # real work, which takes a loaded machine its time
    rounds=$((rounds + 1))
done
shows "bg lets it go on" 'taylor +464'
! grep -q 'of 1,000 images' screen.txt
ok $? "without a line of progress over what the shell shows"
keys 'fg' Enter
at_prompt
ok $? "and fg brings the prompt"
keys 'score taylor samples=all precision=double seed=2' Enter
wait_for 'of 10,000 images'
keys C-z
wait_for '^shell> *$'
keys 'clear; bg' Enter
wait_for '^shell> *$'
keys 'fg' Enter
shows "from the background work comes back with its progress" 'of 10,000 images'
keys 'set gamma 6' Enter
wait_for '1 waiting'
keys C-c
shows "and with its keys" 'cancelled'

# Files are completed where files are right.
mkdir -p folder
: >folder/model.onnx
start 90 40 -n --prompt
at_prompt
keys 'load fol' Tab 'mod' Tab
shows "Tab completes a file" '^ippro> load folder/model.onnx'
keys C-u
keys 'score l1 > fol' Tab 'mod' Tab
shows "also after >" '^ippro> score l1 > folder/model.onnx'
keys C-u
# Only what fits, folders, and a line on what it is for; all files where none fits.
mkdir -p fit/inside
: >fit/net.onnx; : >fit/steps.ippro; : >fit/work.session; : >fit/test_batch.bin; : >fit/notes.txt
# fits NAME LINE SHOWN HIDDEN: two Tabs behind the line show the one and not the other.
fits() {
    keys C-l
    keys -l "$2"
    keys Tab Tab
    wait_for "$3"
    good=$?
    grep -qE -- "$4" screen.txt && good=1
    ok $good "$1"
    [ $good -eq 0 ] || explain screen.txt
    keys C-u
}
fits "networks for load" 'load fit/' '^inside/? +net.onnx +test_batch.bin' 'notes|steps'
fits "and what is wanted" 'load fit/' '^MODEL: an ONNX file, a file of weights, or example' 'notes'
fits "files of commands for run" 'run fit/' '^inside/? +steps.ippro' 'notes|net.onnx'
fits "scripts by their names" 'run g' '^gamma-sweep.lua +gamma.ippro' 'notes'
fits "session files for session open" 'session open fit/' '^inside/? +work.session' 'notes|net.onnx'
fits "folders and their files for data" 'data cifar10 fit/' '^inside/? +test_batch.bin' 'notes|net.onnx'
fits "any for a redirection" 'layers > fit/' 'notes.txt' 'nothing such'
fits "recipes by their names" 'recipe resnet5' '^resnet50-42 +resnet50-60' 'notes'
fits "stages beside layers" 'ratio layer1' '^layer1 +layer1.0.conv1' 'nothing such'
fits "what a number may be, though no word fits" 'score l1 seed=' '^seed: .*whole number' 'nothing such'
keys C-l
keys 'help ' Tab Tab
shows "a list of a hundred is not thrown at who asks" '^[0-9]+ possibilities: type more, or Tab once more to see them$'
keys Tab
shows "but shown when asked for once more" '(^| )zeros *$'
keys q C-u
keys -l 'load fit/no'
keys Tab
shows "a file that does not fit, where no other has that beginning" '^ippro> load fit/notes.txt'
keys C-u

# Signals give the terminal back, at the prompt and while a line is edited.
for mode in --prompt --plain; do
    for signal in TERM:143 HUP:129 QUIT:131 SEGV:139 ABRT:134 FPE:136 BUS:135 USR1:138; do
        start 90 40 -n $mode
        at_prompt
        keys 'set gam'
        wait_for '^ippro> set gam'
        kill -"${signal%:*}" "$(cat pid)"
        shows "SIG${signal%:*} ends it ($mode)" "ended with ${signal#*:}"
        modes_are_back
        ok $? "with the terminal as it was"
    done
done

# Two programs share the history.
# file_has PATTERN FILE: once the file has such a line.
file_has() {
    tries=0
    while ! grep -q "$1" "$2" && [ $tries -lt 200 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
}
start 90 40 -n --prompt
at_prompt
tmux_ new-window -d -t it:1 "sh run.sh -n --prompt"
keys 'set gamma 11' Enter
wait_for '^ippro> set gamma 11'
at_prompt
second=it:1
tries=0
while ! tmux_ capture-pane -p -t $second | grep -q '^ippro> *$' && [ $tries -lt 200 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
tmux_ send-keys -t $second 'set gamma 12' Enter
file_has '^set gamma 12$' "$XDG_STATE_HOME/ippro-explore/history"
keys 'set gamma 13' Enter
wait_for '^ippro> set gamma 13'
at_prompt
tmux_ send-keys -t $second 'quit' Enter
tries=0
while ! tmux_ capture-pane -p -t $second | grep -q 'ended with 0' && [ $tries -lt 200 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
keys 'quit' Enter
wait_for 'ended with 0'
lines=$(grep -c '^set gamma 1[123]$' "$XDG_STATE_HOME/ippro-explore/history")
[ "$lines" -eq 3 ]
ok $? "two programs lose no line of the history"
rm "$XDG_STATE_HOME/ippro-explore/history"
for what in mkfifo mkdir; do
    $what "$XDG_STATE_HOME/ippro-explore/history"
    start 90 40 -n --prompt
    shows "no history in what $what makes: it is told" 'not kept in the history'
    at_prompt
    ok $? "and nothing waits for it"
    rm -r "$XDG_STATE_HOME/ippro-explore/history"
done

# The pager: for what is longer than the screen, at the prompt without panes.
cat >pager <<'END'
#!/bin/sh
# Waits for a line of the terminal, and takes its time to end at Ctrl-C.
trap 'sleep 0.3; trap - INT; kill -INT $$' INT
cat >paged
echo "paged $(wc -l <paged) lines"
read -r line </dev/tty
echo "read $line" >pager-ended
END
chmod +x pager
it_pager=$PWD/pager
export it_pager
start 90 14 -n --prompt
at_prompt
keys 'layers' Enter
shows "a long figure goes to the pager" '^paged 1[0-9] lines'
keys C-c C-c
sleep 0.5
screen
! grep -q 'Quit?' screen.txt
ok $? "Ctrl-C is the pager's alone"
at_prompt
ok $? "which it ends"
rm -f paged
keys 'corr' Enter
shows "errors do not go there" 'nothing is scored yet'
keys 'rank conv1 criterion=l1' Enter
at_prompt
keys 'score l1' Enter
shows "nor does what is short" 'l1 +464'
at_prompt
[ ! -e paged ]
ok $? "without a pager being run"
keys 'layers' Enter
wait_for '^paged 1'
keys 'q' Enter
at_prompt
[ -s pager-ended ] && grep -q 'layer3.1.conv2' paged
ok $? "a pager that is left by a key gave the prompt back, and had all"
keys 'abc' C-c
at_prompt
ok $? "Ctrl-C clears the line again"
keys 'set pager never' Enter
at_prompt
rm -f paged
keys 'layers' Enter
shows "set pager never shows all" 'layer3.1.conv2'
at_prompt
[ ! -e paged ]
ok $? "without the pager"
keys 'quit' Enter
wait_for 'ended with 0'
modes_are_back
ok $? "and the terminal is as it was"
it_pager=no-such-pager
start 90 14 -n --prompt
at_prompt
keys 'layers' Enter
shows "without the pager that is named all is shown too" 'layer3.1.conv2'
at_prompt
ok $? "and the prompt is back"
it_pager=$PWD/pager
rm -f paged
start 90 14 -n --plain
at_prompt
keys 'layers' Enter
shows "never in plain mode" 'layer3.1.conv2'
at_prompt
[ ! -e paged ]
ok $? "is a pager run"
if command -v less >/dev/null; then
    it_pager=less
    start 90 14 -n --prompt
    at_prompt
    keys 'layers' Enter
    shows "less waits at the end of the screen" '^:$'
    keys ' ' ' ' q
    at_prompt
    ok $? "and is left by q"
else
    skip "less waits at the end of the screen" "it is not installed"
fi
unset it_pager
finish
