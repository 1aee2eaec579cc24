# SPDX-License-Identifier: GPL-3.0-or-later
# For the tests of the whole program: sourced by them. IPPRO is the program, SRCDIR the source tree.
# Each test runs in a folder of its own, with no configuration and no history of the user's.

: "${IPPRO:?is the program to test}" "${SRCDIR:?is the source tree}"
. "$SRCDIR/tests/support/leave-out.sh"
leave_out "$0"
IPPRO_DATADIR=${IPPRO_DATADIR:-$SRCDIR}
export IPPRO_DATADIR
work=$(mktemp -d "${TMPDIR:-/tmp}/ippro-test-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
HOME=$work/home
XDG_CONFIG_HOME=$HOME/.config
XDG_STATE_HOME=$HOME/.local/state
export HOME XDG_CONFIG_HOME XDG_STATE_HOME
unset NO_COLOR COLORFGBG INPUTRC LESS
PAGER=cat
export PAGER
mkdir -p "$HOME"
# Optional test data, as tests/support/shared_data.h has it.
# shellcheck disable=SC2034 # for the tests that source this
shared=${IPPRO_SHARED-$SRCDIR/../shared}
number=0

# ok STATUS NAME: one line of TAP.
ok() {
    number=$((number + 1))
    label=$(printf '%s' "$2" | LC_ALL=C tr -c '[:print:]' '?')
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $label"
    else
        echo "not ok $number - $label"
    fi
}

# explain FILE: its lines as remarks.
explain() {
    sed 's/^/# /' "$1"
}

# run NAME COMMANDS: they run, one line after the other.
run() {
    printf '%s\n' "$2" >commands
    "$IPPRO" -n -f commands >out 2>err
    status=$?
    ok $status "$1"
    [ $status -eq 0 ] || explain err
}

# refused TEXT COMMANDS: they fail with this in their error, and not by a signal.
refused() {
    "$IPPRO" -n -e "$2" >out 2>err
    status=$?
    [ $status -gt 0 ] && [ $status -lt 100 ] && tr '\n' ' ' <err | grep -qF -- "$1"
    status=$?
    ok $status "refused: $1"
    [ $status -eq 0 ] || explain err
}

# said TEXT: it is in what the last run wrote, however the lines were broken.
said() {
    tr '\n' ' ' <out | grep -qF -- "$1"
    status=$?
    ok $status "says: $1"
    [ $status -eq 0 ] || explain out
}

# golden_files FOLDER: those of tests/program/FOLDER are all in the list of what is distributed.
golden_files() {
    status=0
    for file in "$SRCDIR/tests/program/$1"/*.in "$SRCDIR/tests/program/$1"/*.out; do
        tr -s '\t \\' '\n' <"$SRCDIR/tests/program/local.mk" | grep -qxF "tests/program/$1/${file##*/}" && continue
        echo "# $1/${file##*/} is not in tests/program/local.mk"
        status=1
    done
    ok $status "the list of golden files has all of $1"
}

skip() {
    number=$((number + 1))
    echo "ok $number - $1 # SKIP $2"
}

finish() {
    echo "1..$number"
}
