#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Golden screens: the commands of tests/program/screens/NAME.in, run in panes without a terminal, save screens that are those of
# NAME.out, cell by cell; those of colors-* with their colours (cat NAME.out shows them). The first line of an input names size and options: "# 80x24 --ascii". Arithmetic is double,
# on one sample, and no time is shown. UPDATE_GOLDEN=1 writes the files anew; look at the difference.
. "$SRCDIR/tests/support/program.sh"

for input in "$SRCDIR"/tests/program/screens/*.in; do
    name=$(basename "$input" .in)
    expected=$SRCDIR/tests/program/screens/$name.out
    mkdir -p "$work/$name" && cd "$work/$name" || exit 1
    cp "$input" . || exit 1
    set -- $(sed -n '1s/^# //p' "$input")
    size=$1
    shift
    "$IPPRO" -n -k --screen="$size" "$@" -e 'set timing=no precision=double threads=1' -f "$name.in" >messages 2>&1
    echo "exit status $?" >>messages
    for saved in messages *.screen; do
        echo "== $saved"
        cat "$saved"
    done >../$name.got
    if [ -n "$UPDATE_GOLDEN" ]; then
        cp "../$name.got" "$expected"
    fi
    diff "$expected" "../$name.got" >"../$name.diff" 2>&1
    status=$?
    ok $status "screens of $name.in"
    [ $status -eq 0 ] || explain "../$name.diff"
    LC_ALL=C grep -q "$(printf '\033')" "../$name.got"
    colored=$?
    case $name in
        colors-*) ok $colored "escape sequences in those of $name.in" ;;
        *)
            [ $colored -ne 0 ]
            ok $? "no escape sequence in those of $name.in"
            ;;
    esac
done
golden_files screens

# In a window of any width the panels say the same number: 7 of the 16 filters go, whatever the bins are.
mkdir -p "$work/widths" && cd "$work/widths" || exit 1
printf '%s\n' 'load example; score l1 l2 bn geomedian' 'layout compare' 'screen save now' >widths.in
for width in 44 61 78 80 95 103 120 157 200; do
    "$IPPRO" -n -k --screen="${width}x28" -f widths.in >messages 2>&1
    panels=$(sed -n 2p now | grep -o '▒' | wc -l)
    right=$(sed -n 2p now | grep -o '▒7\( \|$\)' | wc -l)
    [ "$panels" -gt 1 ] && [ "$right" = "$panels" ]
    ok $? "$width columns: $right of $panels panels say that 7 filters go"
done
finish
