#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The benchmark runs: every row that it promises is there with a number, and the file has what the screen has. Nothing
# about how fast anything is.
. "$SRCDIR/tests/support/program.sh"
bench=$(dirname "$IPPRO")/../tests/bench/bench
export IPPRO
"$bench" --quick --csv "$work/bench.csv" >"$work/bench.txt" 2>"$work/bench.err"
status=$?
# Where the machine gives no pseudo-terminal, two rows cannot be measured, and the benchmark says so by its status.
no_terminal=$(sed -n 's/.*start to first prompt .*not measured: no terminal: //p' "$work/bench.txt")
[ -n "$no_terminal" ] && [ $status -eq 1 ] && [ "$(grep -c 'not measured' "$work/bench.txt")" -eq 2 ] && status=0
ok $status "the benchmark runs on the example"
[ $status -eq 0 ] || explain "$work/bench.txt"
explain "$work/bench.err"

# row ITEM: a line of the table with a number that is not zero.
row() {
    grep -F -- "  $1 " "$work/bench.txt" | grep -qE "  [0-9.]*[1-9][0-9.]*(e[+-][0-9]+)? +[A-Za-z]"
    ok $? "row: $1"
}
row "peak, 1 thread"
row "forward"
row "all four criteria"
for criterion in l1 geomedian taylor proscore l1,taylor,geomedian,proscore; do row "$criterion"; done
for percent in 5 25 50 100; do row "$percent %:"; done
row "1 thread"
grep -qE "all [0-9]+, forward " "$work/bench.txt" && grep -qE "all [0-9]+, backward " "$work/bench.txt"
ok $? "the table of layers"
row "training steps"
grep -q '^learning,example,"[^"]*, backward by' "$work/bench.csv"
ok $? "the table of layers of training"
row "load the model"
for kind in "" ", --plain"; do
    if [ -n "$no_terminal" ]; then
        skip "row: start to first prompt$kind" "no pseudo-terminal: $no_terminal"
    else
        row "start to first prompt$kind"
    fi
done
row "what-if: select and show"
row "1,000 values of gamma"
row "sensitivity, prefixes shared"
row "the same one by one"
# Every choice of the option, as the program itself lists them.
kernels=$("$IPPRO" -n -e 'help kernel' | tr -s '\n ' '  ' | sed 's/.*(\([^;]*\);.*/\1/; s/,/ /g; s/ or / /')
[ -n "$kernels" ]
ok $? "kernels: $kernels"
for kernel in $kernels; do
    for sum in logits delta gate lift; do row "kernel=$kernel $sum"; done
done
grep -q 'The peer is missing' "$work/bench.txt"
ok $? "it says that the peer is missing"
awk -F, 'NR > 1 && NF < 6 { bad = 1 } END { exit bad || NR < 30 }' "$work/bench.csv"
ok $? "measurements as CSV"
"$bench" --repeats 0 >"$work/out" 2>&1
[ $? -eq 2 ]
ok $? "wrong usage is refused"
"$bench" --quick --networks "$work/nothing.onnx" >"$work/out" 2>&1
[ $? -eq 1 ] && grep -q 'not measured' "$work/out"
ok $? "a network that is not there is said to be missing"
finish
