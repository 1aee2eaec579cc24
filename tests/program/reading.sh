#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# One network in files that say it in different ways: each is read as the same network, says how, and is saved so that it
# is read again; what cannot be read is refused with exit status 3, or its end is cut off.
. "$SRCDIR/tests/support/program.sh"
maker=$(cd "$(dirname "$IPPRO")/.." && pwd)/tests/program/reading_maker
cd "$work" || exit 1
for kind in plain newest open last quantised training end middle; do
    "$maker" $kind $kind.onnx || exit 1
done
images='data shapes'

# loss NAME COMMANDS: the mean loss goes to NAME.loss.
loss() {
    "$IPPRO" -n -e "$2" -e 'eval precision=double samples=100 order=first > eval.csv overwrite=yes' >out 2>err
    status=$?
    sed -n 's/^.*mean loss[^,]*,//p' eval.csv >"$1.loss"
    rm -f eval.csv
    return $status
}

# same NAME COMMANDS: the network has the plain one's loss.
same() {
    loss "$1" "$2" && [ -s "$1.loss" ] && cmp -s plain.loss "$1.loss"
    status=$?
    ok $status "$1 is the plain network"
    [ $status -eq 0 ] || explain err
    [ $status -eq 0 ] || diff plain.loss "$1.loss" | sed 's/^/# /'
}

# refused STATUS TEXT COMMANDS
refused() {
    "$IPPRO" -n -e "$3" >out 2>err
    code=$?
    [ $code -eq "$1" ] && grep -qF -- "$2" err
    status=$?
    ok $status "refused with $1: $2"
    [ $status -eq 0 ] || explain err
}

loss plain "$images; load plain.onnx"
ok $? 'the plain network'
same newest "$images; load newest.onnx"
same open "$images; load open.onnx"
said 'the file leaves the size of its images open'
same open-size "load open.onnx size=32x32; $images"
same last "$images; load last.onnx"
said "the file's images have their channels last"
same quantised "$images; load quantised.onnx"
said '1 constant dequantised, 1 pair of QuantizeLinear and DequantizeLinear passed over'
same training "$images; load training.onnx"
said '1 node is in the file in training mode'
same end "$images; load end.onnx partial=yes"
said '1 node from the first that is not supported on: node /alien (NonMaxSuppression of 1x10)'
same whole "$images; load plain.onnx partial=yes"

# What is saved is read again, and keeps its form.
for kind in open last quantised training; do
    "$IPPRO" -n -e "$images; load $kind.onnx; save again-$kind.onnx" >out 2>err || explain err
    same "again-$kind" "$images; load again-$kind.onnx"
done
"$IPPRO" -n -e 'load again-last.onnx' -e info >out 2>err
said 'channels last'
"$IPPRO" -n -e 'load middle.onnx partial=yes' -e info -e 'save front.onnx' >out 2>err
said 'it lacks the end of the file that was loaded: 4 nodes from the first that is not supported on'
"$IPPRO" -n -e 'load front.onnx' >out 2>err
ok $? 'the front of a network loads by itself'

refused 3 'node /alien: operator NonMaxSuppression is not supported' 'load end.onnx'
refused 3 'node /alien: operator NonMaxSuppression is not supported' 'load middle.onnx'
refused 3 'say their size, as in size=224x224' 'load open.onnx'
refused 3 'the file fixes its images at 32x32: size= is for files that leave it open' 'load plain.onnx size=64'
refused 1 "size: '0x3'" 'load plain.onnx size=0x3'
finish
