# SPDX-License-Identifier: GPL-3.0-or-later
# For the tests in a real terminal: sourced after program.sh. Where tmux is missing or finds no pseudo-terminal the test is
# skipped. it_term, it_locale and it_pager, exported, are those of the program, it_background the colour of its terminal and
# it_title the title that it has before. prompt_line: which line from the end of the screen is the prompt, 1 without panes,
# 2 with them.
if ! command -v tmux >"$work/path" 2>&1; then
    echo "1..0 # SKIP tmux is not installed"
    exit 0
fi
cd "$work" || exit 1
socket=$work/tmux
tmux_() {
    env -u TMUX tmux -S "$socket" -f /dev/null "$@"
}
trap 'tmux_ kill-server 2>/dev/null; rm -rf "$work"' EXIT
if ! tmux_ new-session -d -s probe 'sleep 100' 2>"$work/probe"; then
    echo "1..0 # SKIP tmux finds no pseudo-terminal: $(head -n 1 "$work/probe")"
    exit 0
fi

keys() {
    tmux_ send-keys -t it "$@"
}
# Two interrupts a fifth of a second apart, however long tmux takes to start on a loaded machine.
interrupt_twice() {
    tmux_ send-keys -t it C-c \; run-shell 'sleep 0.2' \; send-keys -t it C-c
}
screen() {
    tmux_ capture-pane -p -t it >screen.txt 2>/dev/null
}
# wait_for PATTERN: until the screen shows it, twenty seconds at most.
wait_for() {
    tries=0
    while [ $tries -lt 200 ]; do
        screen
        grep -qE -- "$1" screen.txt && return 0
        sleep 0.1
        tries=$((tries + 1))
    done
    return 1
}
# wait_gone PATTERN: until the screen does not show it any more.
wait_gone() {
    tries=0
    while [ $tries -lt 200 ]; do
        screen
        grep -qE -- "$1" screen.txt || return 0
        sleep 0.1
        tries=$((tries + 1))
    done
    return 1
}
# work_ends: the status line counts no images and cancels nothing any more. Cancelled work takes a moment to end.
work_ends() {
    wait_gone '[0-9] of [0-9,]* images ·|cancelling '
}
# shows NAME PATTERN
shows() {
    wait_for "$2"
    status=$?
    ok $status "$1"
    [ $status -eq 0 ] || explain screen.txt
}
# The last line that is not empty is the prompt with nothing behind it.
at_prompt() {
    tries=0
    while [ $tries -lt 200 ]; do
        screen
        grep -v '^$' screen.txt | tail -n "${prompt_line:-1}" | head -n 1 | grep -q '^ippro> *$' && return 0
        sleep 0.1
        tries=$((tries + 1))
    done
    return 1
}

# The program that start began has given the terminal back as it was.
modes_are_back() {
    tries=0
    while [ ! -s modes.after ] && [ $tries -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    cmp -s modes.before modes.after
}

# start WIDTH HEIGHT ARGUMENTS: the program in a new terminal; its process number goes to the file pid.
cat >run.sh <<'END'
trap : INT
LC_ALL=${it_locale:-C.UTF-8}
TERM=${it_term:-$TERM}
PAGER=${it_pager:-$PAGER}
export LC_ALL TERM PAGER
[ -z "$it_background" ] || printf '\033]11;%s\007' "$it_background"
[ -z "$it_title" ] || printf '\033]2;%s\007' "$it_title"
stty -g >modes.before
rm -f modes.after
sh -c 'echo $$ >pid; exec "$IPPRO" "$@"' run "$@"
status=$?
stty -g >modes.after
echo "ended with $status"
sleep 1000
END
export IPPRO
start() {
    tmux_ kill-server 2>/dev/null
    sleep 0.2
    width=$1 height=$2
    shift 2
    tmux_ new-session -d -s it -x "$width" -y "$height" "sh run.sh $*"
}

