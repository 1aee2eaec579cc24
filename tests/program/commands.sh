#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Golden tests: the commands of tests/program/commands/NAME.in give the output, the errors and the exit status of NAME.out, byte for
# byte. Arithmetic is double, and times are not shown, so that every machine shows the same.
# UPDATE_GOLDEN=1 writes the files anew; look at the difference before keeping it.
. "$SRCDIR/tests/support/program.sh"

for input in "$SRCDIR"/tests/program/commands/*.in; do
    name=$(basename "$input" .in)
    expected=$SRCDIR/tests/program/commands/$name.out
    cd "$work" || exit 1
    "$IPPRO" -n -k -e 'set timing=no precision=double' -f - <"$input" >"$work/$name.got" 2>&1
    echo "exit status $?" >>"$work/$name.got"
    if [ -n "$UPDATE_GOLDEN" ]; then
        cp "$work/$name.got" "$expected"
    fi
    diff "$expected" "$work/$name.got" >"$work/$name.diff" 2>&1
    status=$?
    ok $status "commands of $name.in"
    [ $status -eq 0 ] || explain "$work/$name.diff"
done
golden_files commands
finish
