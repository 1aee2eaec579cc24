#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# .clang-format decides the layout: clang-format finds nothing to change in src and tests. Versions lay out
# differently, so one is asked: 14, which Debian 12 has.
. "$SRCDIR/tests/support/program.sh"

for format in clang-format-14 clang-format ''; do
    case $($format --version 2>/dev/null) in
    *'version 14.'*) break ;;
    esac
done
if [ -z "$format" ]; then
    skip "clang-format finds nothing to change" "clang-format 14 is not installed"
    finish
    exit 0
fi

# Of the files that are named one a line: one line for each place that would change.
complaints() {
    xargs "$format" --style=file --dry-run 2>&1 | grep 'clang-format-violations'
}

cp "$SRCDIR/.clang-format" "$work/" && cd "$work" || exit 1
printf 'int  f;\n' >bad.c
printf 'int f;\n' >good.c
printf '%s\n' bad.c good.c | complaints >found
grep -q '^bad\.c:1:' found && ! grep -q '^good' found
ok $? "what is laid out otherwise is found"

cd "$SRCDIR" || exit 1
find src tests -name '*.[ch]' ! -name '*.pb-c.[ch]' | sort >"$work/files"
complaints <"$work/files" >"$work/found"
cut -d : -f 1,2 "$work/found" >"$work/places"
head -n 20 "$work/places" >"$work/first"
explain "$work/first"
test -s "$work/files" && test ! -s "$work/places"
ok $? "clang-format finds nothing to change in $(wc -l <"$work/files") files"
finish
