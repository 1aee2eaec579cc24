#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Pictures against Pillow and Torchvision, pixel by pixel, where Python has them.
. "$SRCDIR/tests/support/program.sh"
dump=$(dirname "$IPPRO")/../tests/image/image_dump
python=
for candidate in python3 /usr/bin/python3; do
    [ -z "$python" ] && $candidate -c 'import numpy, PIL.Image' >"$work/python.out" 2>&1 && python=$candidate
done
jpeg=no-jpeg
printf '\377\330\377' >"$work/begin.jpg"
echo "0 0 0 0 0 0 0 0 $work/begin.jpg" | "$dump" | grep -q 'without JPEG' || jpeg=jpeg
if [ -z "$python" ]; then
    skip "pictures as Pillow has them" "there are no Python modules numpy and PIL"
    finish
    exit 0
fi
mkdir "$work/pictures"
"$python" "$SRCDIR/tests/image/peer.py" "$work/pictures" "$dump" "$jpeg" >"$work/out" 2>"$work/err"
ok $? "Pillow's pixels are computed"
explain "$work/err"
grep -F SKIP "$work/out" | head -n 1 | while read -r line; do echo "# ${line#ok - }"; done
grep '^not ok' "$work/out" >"$work/differ"
explain "$work/differ"
test ! -s "$work/differ" && [ "$(grep -c '^ok' "$work/out")" -gt 80 ]
ok $? "$(grep -c '^ok' "$work/out") pictures have the same pixels, $jpeg"
finish
