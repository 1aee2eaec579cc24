#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the program finds out of its terminal and does to its window, in a real one (tmux): dark and light backgrounds,
# answers that come late or never, keys typed before the prompt, title, bell.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1

# Colours in a pipe, before anything needs a terminal.
escape=$(printf '\033')
colored() {
    "$IPPRO" -n "$@" -e 'load example; score l1 l2; corr' 2>&1 | grep -c "$escape\[[0-9;]*[34][0-7]"
}
TERM=xterm-256color
export TERM
for row in ":0" "--color=auto:0" "--color=never:0" "--color=always:1" "--color=always --plain:0"; do
    # shellcheck disable=SC2086 # words
    lines=$(colored ${row%:*} -e 'set background dark')
    if [ "${row#*:}" -eq 0 ]; then [ "$lines" -eq 0 ]; else [ "$lines" -gt 0 ]; fi
    ok $? "colours in a pipe with '${row%:*}': $lines lines"
done
lines=$(NO_COLOR=1 TERM='' colored --color=always -e 'set background dark')
[ "$lines" -gt 0 ]
ok $? "--color=always overrules NO_COLOR and needs no TERM"
[ "$(colored --color=always -e 'set color no')" -eq 0 ]
ok $? "the option color overrules it in turn"
"$IPPRO" --color=sometimes >messages 2>&1
[ $? -eq 2 ] && grep -q 'expected auto, always or never' messages
ok $? "another word is refused"
for row in "15;0:dark" "0;15:light" "0;default;15:light" "nonsense:neutral"; do
    COLORFGBG=${row%:*} "$IPPRO" -n -e theme | grep -q "^auto *${row##*:} here"
    ok $? "COLORFGBG=${row%:*} means ${row##*:}"
done
COLORFGBG='0;15' "$IPPRO" -n -e 'set background dark; theme' | grep -q '^auto *dark here'
ok $? "the option background overrules it"
COLORFGBG='0;15' "$IPPRO" -n -e 'theme dark; theme' >messages
grep -q 'made for dark backgrounds, and this terminal.s is light' messages && grep -q '^dark .*(now)' messages
ok $? "a theme that is named is taken, and told of"
COLORFGBG='0;15' "$IPPRO" -n -e 'set gamma 2; undo; theme' | grep -q '^auto *light here.*(now)'
ok $? "undo keeps the colours"

. "$SRCDIR/tests/support/tmux.sh"
it_term=tmux-256color
export it_term it_background

# colors: what the screen is drawn with.
colors() {
    tmux_ capture-pane -p -e -t it >colors.txt 2>/dev/null
}
# drawn COLORS: until something is drawn with them, ten seconds at most.
drawn() {
    tries=0
    while colors && ! grep -q "$escape\[$1m" colors.txt && [ $tries -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    grep -q "$escape\[$1m" colors.txt
}
for row in "#000000:dark" "#1e1e1e:dark" "#ffffff:light" "#fdf6e3:light" "#808080:neutral" ":neutral"; do
    it_background=${row%:*} theme=${row#*:}
    for mode in "" --prompt; do
        start 90 30 -n $mode
        prompt_line=$([ "$mode" ] && echo 1 || echo 2)
        at_prompt
        keys 'theme' Enter
        shows "background '$it_background' has the theme $theme ($mode)" "auto +$theme here"
        grep -q 'rgb:\|[0-9];[0-9].*c$' screen.txt
        ok $((!$?)) "the answers are nowhere on the screen"
    done
done

# The whole screen in both, and without colour of its own where nobody knows.
prompt_line=2
for row in "#1e1e1e:48;5;236" "#ffffff:48;5;253"; do
    it_background=${row%:*}
    start 90 30 -n
    at_prompt
    drawn "${row#*:}"
    ok $? "the status line of a terminal in ${row%:*} is of its theme"
    keys 'theme high-contrast' Enter
    shows "another theme can be chosen" 'theme high-contrast'
    drawn '48;5;231'
    ok $? "and wins"
done
it_background=
start 90 30 -n
at_prompt
keys 'score l1 l2 bn' Enter
wait_for 'Correlation spearman'
keys F2
wait_for 'Space keep'
colors
sed "s/$escape\[[0-9;]*m/&\\n/g" colors.txt | grep -o "$escape\[3[0-7]m\|$escape\[38;5;[0-9]*m" | sort -u >foregrounds
grep -v "38;5;231m\|38;5;16m" foregrounds >others
[ -s foregrounds ] && [ ! -s others ]
ok $? "without a known background text has the terminal's colour, or black and white on a coloured ground"
[ ! -s others ] || explain others

# Answers that come late are dropped, whole and in pieces.
answer() {
    tmux_ send-keys -t it -H 1b 5d 31 31 3b 72 67 62 3a 66 66 2f 66 66 2f 66 66 "$@"
}
for mode in "" --prompt; do
    start 90 30 -n $mode
    prompt_line=$([ "$mode" ] && echo 1 || echo 2)
    at_prompt
    keys -l 'set '
    answer 1b 5c
    keys -l 'ga'
    answer 07
    tmux_ send-keys -t it -H 1b 5b 3f 36 32 3b 32 32 63
    keys -l 'mma'
    shows "late answers are no keys ($mode)" '^ippro> set gamma *$'
done

# A terminal that never answers, and keys that are typed before the prompt is there.
if command -v script >path 2>&1; then
    silent() {
        TERM=xterm-256color script -qec "'$IPPRO' -n $1" out.txt >/dev/null 2>&1
    }
    began=$(date +%s)
    { printf 'set gam'; sleep 0.2; printf 'ma 4\rset gamma\rquit\r'; sleep 2; } | silent --prompt
    [ $(($(date +%s) - began)) -lt 15 ] && tr -d '\r' <out.txt | grep -q 'gamma  *4  *0.01'
    ok $? "what is typed while a silent terminal is asked goes to the prompt"
    { printf 'set gam'; sleep 0.2; printf 'ma 4\rset gamma > there.csv\rquit\r'; sleep 2; } | silent ''
    grep -q '^gamma,4,' there.csv
    ok $? "and to that of the panes"
    { sleep 1; printf '\033]11;rgb:ffff/ffff/ffff\033\\\033[?1;2ctheme > there.csv\rset gamma > gamma.csv\rquit\r'; sleep 1; } | silent --prompt
    [ -s gamma.csv ]
    ok $? "a late answer of a silent terminal is no part of a command"
else
    skip "a silent terminal" "there is no program script"
fi

# Title and bell.
title() {
    tmux_ display-message -p -t it '#{pane_title}' >title
}
becomes() {
    tries=0
    while title && ! grep -qE "^$2\$" title && [ $tries -lt 150 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    grep -qE "^$2\$" title
    status=$?
    ok $status "$1"
    [ $status -eq 0 ] || explain title
}
# Bells that rang since the stream began: BEL ends titles as well.
bells() {
    sed "s/$escape\][^$(printf '\007')]*$(printf '\007')//g" stream | tr -cd '\007' | wc -c
}
# streamed TEST: until what comes through the pipe, which is behind what is seen, passes; ten seconds at most.
streamed() {
    tries=0
    while ! eval "$1" && [ $tries -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    eval "$1"
}
it_title='title of before'
export it_title
for mode in "" --prompt; do
    start 90 30 -n $mode
    prompt_line=$([ "$mode" ] && echo 1 || echo 2)
    at_prompt
    becomes "the title names the network ($mode)" 'ippro: example'
    rm -f stream
    tmux_ pipe-pane -t it "cat >'$work/stream'"
    keys 'set bell 1' Enter
    at_prompt
    keys 'sco taylor samples=all precision=double' Enter
    becomes "and what runs, and how far" 'ippro: score [0-9]+ % - example'
    sleep 1.2
    keys C-c
    becomes "at the end it rests" 'ippro: example'
    streamed '[ "$(bells)" -eq 1 ]'
    ok $? "long work rings once"
    keys 'set bell 0' Enter
    at_prompt
    keys 'sco taylor samples=all precision=double' Enter
    becomes "work goes on" 'ippro: score [0-9]+ % - example'
    sleep 1.2
    keys C-c
    becomes "and ends" 'ippro: example'
    [ "$(bells)" -eq 1 ]
    ok $? "with bell=0 nothing rings"
    keys 'set title no' Enter
    becomes "title=no gives the title back" "$it_title"
    keys 'set title yes' Enter
    becomes "title=yes takes it" 'ippro: example'
    keys 'quit' Enter
    shows "it ends" 'ended with 0'
    streamed 'grep -q "$escape\[22;0t" stream && grep -q "$escape\[23;0t" stream'
    ok $? "the title before was kept and given back"
    becomes "and stands there again" "$it_title"
    start 90 30 -n $mode
    at_prompt
    becomes "the title is taken" 'ippro: example'
    kill -SEGV "$(cat pid)"
    shows "when it crashes" 'ended with 139'
    becomes "the title is given back too" "$it_title"
done
start 90 30 -n --plain
at_prompt
title
[ "$(cat title)" = "$it_title" ]
ok $? "--plain leaves the title alone"
finish
