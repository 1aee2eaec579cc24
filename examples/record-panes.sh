#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Record a session in the panes, screen by screen, on standard output. Needs tmux and ippro-explore (or $IPPRO).
#
#   record-panes.sh 80x24                                   on the built-in example
#   record-panes.sh 200x60 resnet56.onnx cifar10:DIR imagenet
size=${1:-80x24} model=${2:-example} data=${3:-shapes} normalize=${4:-auto}
program=${IPPRO:-ippro-explore}
work=$(mktemp -d) || exit 1
terminal() {
    env -u TMUX tmux -S "$work/tmux" -f /dev/null "$@"
}
trap 'terminal kill-server 2>/dev/null; rm -rf "$work"' EXIT

keys() {
    terminal send-keys -t it "$@"
}
# until_shown PATTERN: some time at most.
until_shown() {
    tries=0
    while [ $tries -lt 3000 ] && ! terminal capture-pane -p -t it | grep -qE -- "$1"; do
        sleep 0.1
        tries=$((tries + 1))
    done
}
show() {
    sleep 0.4
    printf '== %s\n' "$1"
    terminal capture-pane -p -t it
}
# run LINE: typed at an empty prompt.
run() {
    keys -l "$1"
    keys Enter
    until_shown '^ippro> *$'
}

TERM=xterm-256color XDG_STATE_HOME=$work LC_ALL=C.UTF-8
export TERM XDG_STATE_HOME LC_ALL
data=$(echo "$data" | sed 's/:/ /')
terminal new-session -d -s it -x "${size%x*}" -y "${size#*x}" "$program -n"
until_shown 'F1 keys'
run "load $model"
run "data $data normalize=$normalize split=train"
until_shown '(train|training).*: [0-9,]+ images'
show "a network and its images: load, data"
run 'score all samples=all'
until_shown 'halves agree'
sleep 1
show "score all: panes fill while the work goes on, and the prompt stays"
until_shown 'one pass in|both maxima'
show "scores of four criteria"
run 'layout compare'
keys F4 Right
show "layout compare: what the criteria have in common"
keys F8
run "data $data normalize=$normalize split=test"
run 'eval samples=1000 order=first'
until_shown ' on 1,000 test images'
run 'layout prune'
run 'ratio *.conv1 0.2'
keys F2 Down Down + + +
until_shown 'would leave| leave +[0-9]'
show "layout prune: + and - change the ratio under the cursor, and costs follow"
keys p
until_shown 'prune [a-z0-9]+: u undoes it'
keys F8
run 'eval samples=1000 order=first'
until_shown 'against baseline'
keys F7 q F8
show "p prunes; eval on test images says what it costs"
run 'undo'
show "undo"
run 'layout sweep'
run 'curve l1,taylor,random where=inner samples=500 order=first ratios=0:0.8:0.2'
until_shown 'networks? evaluated'
keys F7 Home
show "layout sweep: accuracy against the ratio"
keys F8
run 'gamma sweep 1e-4:1e4:log:41'
until_shown 'Figure .*gamma sweep'
keys F7 Home
show "gamma sweep: what PROscore's step decides, without another pass"
keys F8
keys -l 'quit force=yes'
keys Enter
