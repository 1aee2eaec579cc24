#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Networks of today, as PyTorch exports them, and networks after public bug reports: through the program and through an
# executor of another make (tests/onnx/execute.py), whole, masked, cut and saved.
. "$SRCDIR/tests/support/program.sh"
peer=$(cd "$SRCDIR" && pwd)/tests/onnx
cd "$work" || exit 1
python=/usr/bin/python3
if ! $python -c 'import torch, onnx' >/dev/null 2>&1; then
    skip "networks of today" "Debian's python3-torch and python3-onnx are not here"
    finish
    exit 0
fi
if $python -c 'import torchvision' >/dev/null 2>&1; then
    $python "$peer/networks.py" . >made 2>&1 || explain made
fi
# shellcheck disable=SC2046 # names without spaces
set -- $(ls ./*.onnx "$shared"/data/cases/*.onnx 2>/dev/null | grep -v '09-negative-pads')
if [ $# -gt 0 ]; then
    OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 $python "$peer/compare.py" "$IPPRO" "$@"
else
    skip "networks of today" "neither Torchvision nor the test data are here"
    finish
fi
