#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# ippro-lua(3): well formed, complete, and its examples run.
. "$SRCDIR/tests/support/program.sh"
cd "$work" || exit 1
manual=$SRCDIR/man/ippro-lua.3

if command -v mandoc >/dev/null; then
    mandoc -Tlint -Wwarning "$manual" >lint
    ok $? "mandoc has nothing to say"
    explain lint
else
    skip "mandoc has nothing to say" "it is not installed"
fi

awk '/^\.Bd -literal/ { inside = 1; count++; next } /^\.Ed/ { inside = 0 } inside { print >("example" count ".lua") }' "$manual"
[ -s example5.lua ]
ok $? "there are examples"
for example in example*.lua; do
    "$IPPRO" -n "$example" >out 2>err
    good=$?
    ok $good "$example of the manual runs"
    [ $good -eq 0 ] || explain err
done

# Every method and field that a value has is described, and the other way round.
{
    sed -n 's/^\.It Fn \([a-z]*:[a-z0-9_]*\).*/\1/p' "$manual"
    sed -n 's/^\.It Va \(data\..*\)/\1/p' "$manual" | tr -s ' ,' '\n' | tr . :
} | sort -u >described
{
    echo 'local model = ippro.load("example") local data = ippro.data("shapes") local set = model:score(nil, {"l1", "l2"})'
    echo 'local value = {model = model, data = data, set = set, scores = set.l1, selection = model:prune("l1", 0.5), figure = set:corr(), array = ippro.array{1}}'
    echo 'ippro.network{name = "described", input = {3, 8, 8}, classes = 2, build = function(n)'
    echo '    value.n = n return n:conv("c", n.input, 2, 1) end}'
    sed -n 's/^\([a-z]*\):\([a-z0-9_]*\)$/assert("\1" == "value" or "\2" == "proscore" or "\1:\2" == "data:path" or value["\1"]["\2"], "\1:\2")/p' described
} >described.lua
"$IPPRO" -n described.lua >out 2>err
good=$?
ok $good "what the manual describes is there"
[ $good -eq 0 ] || explain err
missing=0
sed -n 's/^ *{"\([a-z]*\)", [a-z_]*},*.*/\1/p; s/.*{"\([a-z]*\)", [a-z_]*}.*/\1/p' "$SRCDIR"/src/lua/*_value.c | sort -u >methods
while read -r method; do
    grep -q ":$method\$" described || { echo "# $method is not described"; missing=1; }
done <methods
[ -s methods ] && [ $missing -eq 0 ]
ok $? "every method and every field of data sets is described"
finish
